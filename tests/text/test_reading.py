"""Figures, dates, money and short forms are read as a person would read them.

The tables are described in tables/README.md; `python -m tools.text_accuracy --failures` shows
what is not right.
"""

from __future__ import annotations

import importlib.util
from collections import Counter

import pytest

from errors import ConfigError
from standins.text_tables import rows
from text.front import TextOptions, prepare
from tools.text_accuracy import LANGUAGES, Verdict, judge, results

# Share of rows that must be right; a language without its library is left out.
_FLOOR = {"en": 0.99, "de": 0.95, "fr": 0.95, "es": 0.95, "zh": 1.0}
_PACKAGE = {"de": "damga", "fr": "damga", "es": "damga", "zh": "wetext"}
_MOST_WRONG = 2 / 60


def _needs_library(language: str) -> None:
    name = _PACKAGE.get(language)
    if name and importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables_are_read_right(language: str) -> None:
    _needs_library(language)
    found = results(language, "classes")
    wrong = [f"{r.row.written} -> {r.spoken}" for r in found if r.verdict is not Verdict.RIGHT]
    assert 1 - len(wrong) / len(found) >= _FLOOR[language], "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_few_everyday_sentences_are_made_wrong(language: str) -> None:
    _needs_library(language)
    found = results(language, "sentences")
    count = Counter(result.verdict for result in found)
    assert count[Verdict.WRONG] <= _MOST_WRONG * len(found)
    assert count[Verdict.RIGHT] >= 0.9 * len(found)


def test_readings_once_checked_by_eye_stay() -> None:
    changed = [judge(row) for row in rows("more_en", "en")]
    wrong = [f"{r.row.written} -> {r.spoken}" for r in changed if r.verdict is not Verdict.RIGHT]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("row", rows("traps_en", "en"), ids=lambda row: row.number)
def test_plain_sentences_stay_letter_for_letter(row) -> None:
    assert judge(row).spoken == row.written


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("03/04/2025", "the third of April, twenty twenty-five"),
        ("12/25/2024", "the twenty-fifth of December, twenty twenty-four"),
    ],
)
def test_british_dates_name_the_day_first(written: str, spoken: str) -> None:
    said = prepare(written, TextOptions(language="en-GB")).lines[0].text
    month = spoken.split(" of ")[1].split(",")[0]
    assert said.startswith(month) and "twenty" in said


def test_a_library_that_raises_leaves_the_text_with_one_warning(monkeypatch) -> None:
    from text.normalise import library

    def broken(text: str) -> str:
        raise ValueError(text)

    monkeypatch.setattr(library, "library", lambda language: broken)
    script = prepare("Er hat 21 Bücher. Sie hat 3.", TextOptions(language="de"))
    assert script.lines[0].text == "Er hat 21 Bücher. Sie hat 3."
    assert len(script.warnings) == 1 and "as they are written" in script.warnings[0]


def test_a_piece_the_library_fails_on_keeps_no_half_of_an_edit(monkeypatch) -> None:
    from text.normalise import library

    read = library.library.__wrapped__ if library.is_installed("de") else lambda code: str

    def broken(language: str) -> library.Library:
        works = read(language)

        def normalize(text: str) -> str:
            if "2024" in text or "2.024" in text:
                raise RuntimeError(text)
            return works(text)

        return normalize

    monkeypatch.setattr(library, "library", broken)
    monkeypatch.setattr(library, "is_installed", lambda code: True)
    written = (
        "Dr. Maier wohnt in der Hauptstr. 5. Das war gewiss so gewesen. Am 3.4.2024 stand es 4:2 "
        "bei ca. 950 €/Monat. Das wissen hier alle Leute. Im Saal sind 3 Kinder und die EU."
    )
    script = prepare(written, TextOptions(language="de"))
    spoken = script.lines[0].text
    assert "Am 3.4.2024 stand es" in spoken and "2.024" not in spoken
    assert "Doktor Maier" in spoken and spoken.endswith("die E U.")
    assert len(script.warnings) == 1 and "as they are written" in script.warnings[0]


def test_a_library_that_does_not_start_is_named(monkeypatch) -> None:
    from text.normalise import library

    class Broken:
        @staticmethod
        def TextNormalizer(lang: str) -> None:
            raise OSError("no grammar")

    monkeypatch.setattr(library.importlib, "import_module", lambda name: Broken)
    library.library.cache_clear()
    with pytest.raises(ConfigError, match="does not start"):
        library.library("de")
    library.library.cache_clear()


def test_a_missing_library_is_named_with_what_to_install(monkeypatch) -> None:
    from text.normalise import library

    load = library.importlib.import_module

    def absent(name: str) -> object:
        if name.split(".")[0] == "damga":
            raise ImportError(name)
        return load(name)

    monkeypatch.setattr(library.importlib, "import_module", absent)
    library.library.cache_clear()
    script = prepare("Er hat 21 Bücher.", TextOptions(language="fr", detect=False))
    library.library.cache_clear()
    assert script.lines[0].text == "Er hat 21 Bücher."
    assert "damga" in script.warnings[0] and "requirements/text.txt" in script.warnings[0]


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("de", "Am 24.12.2023 stand es 4:2."),
        ("fr", "Le 1er chapitre IV, 3 x 4 = 12."),
        ("es", "El siglo XX, 3 x 4 = 12."),
    ],
)
def test_without_its_library_no_figure_becomes_another(
    monkeypatch, language: str, written: str
) -> None:
    from text.normalise import library

    monkeypatch.setitem(library._PACKAGES, language, "no_such_package")
    library.library.cache_clear()
    script = prepare(written, TextOptions(language=language))
    library.library.cache_clear()
    before, after = ([c for c in text if c.isdigit()] for text in (written, script.lines[0].text))
    assert after == before
    assert "no_such_package" in script.warnings[0]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        (
            "ATTENTION: FLIGHT BA 245 TO NEW YORK.",
            "Attention: flight B A two forty-five to new york.",
        ),
        ("CALL 911 NOW OR THE HOUSE BURNS.", "Call nine one one now or the house burns."),
        ("GATE B12 OPEN. NASA AND THE FBI KNOW.", "Gate B twelve open. NASA and the F B I know."),
        ("MR. SMITH AND DR. JONES", "Mister Smith and Doctor Jones"),
        ("Mr and Mrs Dursley", "Mister and Missus Dursley"),
        ("We met UNESCO and an XARK.", "We met UNESCO and an XARK."),
        ("Click File -> Save --> Done <-", "Click File Save Done"),
        ("It is at 15%. ETA 7:45 PM.", "It is at fifteen percent. E T A seven forty-five P M."),
        ("At 20°C. UV is 5.", "At twenty degrees Celsius. U V is five."),
        ("It took 5 min. NASA was late.", "It took five minutes. NASA was late."),
        ("He left the U.S. NASA is there.", "He left the U S. NASA is there."),
        ("An 8 oz. NY strip", "An eight ounce N Y strip"),
        ("at most 4g/24h", "at most four grams per twenty-four hours"),
        ("bake at 180°C/20 min", "bake at one hundred eighty degrees Celsius or twenty minutes"),
        ("Your code is 492 817.", "Your code is four nine two, eight one seven."),
        ("Coming 12/25. By 1/5.", "Coming December twenty-fifth. By January fifth."),
        ("at 10:32:01 AM", "at ten thirty-two and one second A M"),
        ("JOHN: Hi. TOM (V.O.): Yes.", "John: Hi. Tom (V O): Yes."),
        ("TOM and ANNA met BOB'S FBI man.", "Tom and Anna met Bob's F B I man."),
        ("Grey (b. 1844; d. 1921)", "Grey (born eighteen forty-four; died nineteen twenty-one)"),
        ("London S.W.1", "London S W one"),
        ("JFK→LHR, a ⇒ b", "J F K to L H R, a b"),
        ("352 pp. It is long.", "three hundred fifty-two pages. It is long."),
        ("acct. ****1234", "account one two three four"),
        ("at 10:00:05:12", "at one zero, zero zero, zero five, one two"),
        ("~waves~ at ~5 or ~ $7, H~2~O", "waves at about five or about seven dollars, H two O"),
        ("①② and item③", "one two and item three"),
        ("It runs on XP. xo 7) a 8) b", "It runs on X P. xo seven) a eight) b"),
        ("Nice :) and ;-P or 8-) xD", "Nice and or"),
        ("so <= and =>, x = 5", "so is less than or equal to and =>, x equals five"),
    ],
)
def test_capitals_and_signs_are_read_by_what_stands_around_them(written: str, spoken: str) -> None:
    assert prepare(written, TextOptions(language="en")).lines[0].text == spoken


def test_languages_without_rules_say_so() -> None:
    script = prepare("Ho 21 libri.", TextOptions(language="it"))
    assert script.lines[0].text == "Ho 21 libri."
    assert "Italian" in script.warnings[0]


def test_reading_can_be_switched_off() -> None:
    assert prepare("I have 3.", TextOptions(normalize=False)).lines[0].text == "I have 3."


@pytest.mark.parametrize("text", ["1" * 80, "9" * 5000, "$" + "1" * 300, "1." * 500, "²" * 50])
def test_monstrous_numbers_are_read_and_do_not_fail(text: str) -> None:
    said = prepare(f"Number {text} ends.").lines[0].text
    assert said.endswith("ends.") and not any(character in "0123456789" for character in said)
