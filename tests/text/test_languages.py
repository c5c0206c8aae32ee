"""The language comes from the job, the settings, or the text itself."""

from __future__ import annotations

import importlib.util

import pytest

from standins.text_tables import rows
from text.front import Source, TextOptions, prepare, prepare_all
from text.languages import canonical, detect


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_sentences_are_told_apart(language: str) -> None:
    if importlib.util.find_spec("py3langid") is None:
        pytest.skip("py3langid is not installed")
    sentences = [row.written for row in rows(f"sentences_{language}", language)]
    found = [detect(text) for text in sentences]
    assert found.count(language) >= 0.8 * len(found)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("他生于1987年。", "zh"),
        ("今日は天気がいいです。", "ja"),
        ("안녕하세요 여러분", "ko"),
        ("Поезд в девять", "ru"),
        ("The cat is on the table and it was not here.", "en"),
        ("Das ist nicht die Frau, die ich auf der Straße gesehen habe.", "de"),
        ("Il ne faut pas que tu sois dans la rue avec elle.", "fr"),
        ("No es lo que te dije cuando estaba en la calle con ellos.", "es"),
        ("Non è quello che ti ho detto quando ero nella strada con lui.", "it"),
    ],
)
def test_scripts_and_common_words(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["Hallo", "Bonjour toi", "1 AM 2 AM 3 AM", "", "5 kg"])
def test_too_little_text_gets_the_default(text: str) -> None:
    assert detect(text) == "en"
    assert detect(text, "fr") == "fr"


@pytest.mark.parametrize(
    "text",
    [
        "Homo sapiens, Canis lupus, Panthera leo, Ursus arctos, Felis catus",
        "Arteria carotis interna, vena cava superior, nervus vagus, os sacrum",
        "Van der Berg, De Vries, Jansen, Bakker, Visser",
        "Schmidt, Schneider, Fischer, Weber, Meyer, Wagner",
        "Paris, Lyon, Marseille, Toulouse, Bordeaux",
    ],
)
def test_names_tell_no_language(text: str) -> None:
    assert detect(text) == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Bitte warten Sie einen Moment", "de"),
        ("Guten Morgen, liebe Leute", "de"),
        ("Merci beaucoup pour votre aide", "fr"),
        ("Muchas gracias por su llamada", "es"),
    ],
)
def test_short_sentences_still_do(text: str, language: str) -> None:
    if importlib.util.find_spec("py3langid") is None:
        pytest.skip("py3langid is not installed")
    assert detect(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Dzień dobry, jak się masz? Dzisiaj jest piękna pogoda.", "pl"),
        ("Merhaba, bugün hava çok güzel ve güneşli, değil mi?", "tr"),
        ("Hej, hur mår du i dag? Jag är på väg hem nu.", "sv"),
        ("Gutten løp hjem fordi han hadde glemt nøklene sine på kjøkkenet.", "no"),
        ("Jeg kan godt lide at stå på ski, når vejret er fint.", "da"),
        ("Danas je lijep dan i želim šetati uz more sa svojom obitelji.", "hr"),
        ("Dnes je krásny deň a chcem sa prechádzať pri mori.", "sk"),
        ("Danes je lep dan in želim se sprehajati ob morju.", "sl"),
        ("Bugün güzel bir gün ve deniz kenarında yürümek istiyorum.", "tr"),
        ("Ma szép nap van, és szeretnék a tengerparton sétálni.", "hu"),
        ("Сьогодні чудовий день, і я хочу прогулятися біля моря.", "uk"),
        ("Днес е прекрасен ден и искам да се разходя край морето.", "bg"),
        ("Сегодня прекрасный день, и я хочу погулять у моря.", "ru"),
        ("DZIEŃ DOBRY PAŃSTWU, WITAMY SERDECZNIE", "pl"),
        ("GUTEN MORGEN MEINE DAMEN UND HERREN", "de"),
        ("JOHN SMITH MARIA GARCIA PETER MUELLER", "en"),
        ("NATO UNESCO UNICEF WHO IMF", "en"),
        ("kde je tady knihovna prosim vas", "en"),  # Czech or Slovak, and not Dutch
        ("Det er en fin dag i dag, og vi skal på tur.", "en"),  # Danish or Norwegian, never Dutch
        ("Ha ha ha ha!", "en"),
        ("Act III, Scene ii.", "en"),
        ("Lech Wałęsa spoke to the crowd in Gdańsk.", "en"),
        ("Zoë met José at the café.", "en"),
    ],
)
def test_languages_near_each_other_are_told_apart(text: str, language: str) -> None:
    if importlib.util.find_spec("py3langid") is None:
        pytest.skip("py3langid is not installed")
    assert detect(text) == language


def test_the_job_says_the_language() -> None:
    line = prepare("3. Mai", TextOptions(language="en_gb")).lines[0]
    assert line.language == canonical("en_gb") == "en-GB"


def test_the_setting_is_the_default() -> None:
    assert prepare("Hi", TextOptions(default_language="fr")).lines[0].language == "fr"
    assert (
        prepare("Das ist nicht der Mann, den ich meine.", TextOptions(detect=False))
        .lines[0]
        .language
        == "en"
    )


def test_short_segments_are_in_the_language_of_all() -> None:
    texts = ["Hallo!", "Das ist nicht der Mann, den ich auf der Straße gesehen habe.", "Ja."]
    script = prepare_all([Source(text) for text in texts])
    assert [line.language for line in script.lines] == ["de", "de", "de"]
