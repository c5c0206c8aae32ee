"""A recogniser gives voices their words, once, and doubts wrong ones; nobody's words are lost."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from engine.chunk import Samples
from errors import ConfigError, StorageDenied, TranscriptMissing
from tests.worker.audio.signals import as_file, bursts
from tests.worker.voices.library import LONG, RATE, LibraryWithStore, voice
from worker.quality.recogniser import Heard, Recogniser
from worker.voices.asked import Excerpt
from worker.voices.ears import Ears
from worker.voices.wish import Wish

WORDS = "The weather was bright, and the river ran high."


class Listener:
    """Hears what it is told to, and remembers how long what it was given is, seconds."""

    name = "listener"
    has_times = False

    def __init__(self, heard: str = WORDS, *languages: str, sure: float = 0.9) -> None:
        self.words, self.languages, self.sure = heard, frozenset(languages), sure
        self.given: list[float] = []
        self.told: list[str | None] = []

    def recognise(self, samples: Samples, language: str | None = None) -> list[Heard]:
        self.given.append(len(samples) / 24_000)
        self.told.append(language)
        return [Heard(word, probability=self.sure) for word in self.words.split()]


def library(
    folder: Path, listener: Listener, *, writes: bool = True, **settings: Any
) -> LibraryWithStore:
    def load() -> Recogniser:
        return listener

    ears = Ears(load, None) if writes else Ears(None, load)
    return LibraryWithStore(folder, ears, **settings)


def record(voices: LibraryWithStore, name: str = "A") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(voices.store.get(f"voices/{name}.voice.json"))
    return found


def test_words_are_heard_once_and_written_beside_the_voice(tmp_path: Path) -> None:
    listener = Listener()
    voices = library(tmp_path, listener)
    voices.put("voices/A.wav", voice())
    found = voices.library.prepare("A")
    assert found.ref_text == WORDS + " "
    [warning] = found.warnings
    assert WORDS in warning and "listener, 90% sure" in warning and "voices/A.txt" in warning
    assert voices.store.get("voices/A.txt").decode() == WORDS
    heard = record(voices)["heard"]
    assert (heard["by"], heard["confidence"], "span" in heard) == ("listener", 0.9, False)
    other = library(tmp_path, listener).library.prepare("A")  # another worker
    assert other.ref_text == WORDS + " " and "were heard by listener" in other.warnings[0]
    assert voices.library.prepare("A", wish=Wish(language="de")).ref_text == WORDS + " "
    assert len(listener.given) == 1


def test_links_and_audio_in_the_job_are_heard_once_and_not_written(tmp_path: Path) -> None:
    listener = Listener()
    voices = library(tmp_path, listener, cache_mb=0)
    sent = {"audio_base64": base64.b64encode(voice()).decode()}
    for _ in range(2):
        found = voices.library.prepare(sent)
        assert found.ref_text == WORDS + " "
        assert "Give the right ones in `ref_text`" in found.warnings[0]
    assert len(listener.given) == 1 and voices.store.calls["put"] == 0
    voices.other.put("B.wav", voice())
    assert "`ref_text`" in voices.library.prepare("s3://other/B.wav").warnings[0]
    assert voices.other.calls["put"] == 1  # the test's own


def test_of_a_long_recording_the_chosen_clip_is_heard_and_stays_chosen(tmp_path: Path) -> None:
    listener = Listener()
    voices = library(tmp_path, listener)
    voices.put("voices/A.wav", voice(LONG))
    found = voices.library.prepare("A")
    assert found.clip_span is not None and 5 <= listener.given[0] <= 10.5
    assert record(voices)["heard"]["span"] == list(found.clip_span)
    plain = LibraryWithStore(tmp_path)  # a worker without a recogniser
    again = plain.library.prepare("A")
    assert (again.content_hash, again.ref_text) == (found.content_hash, found.ref_text)
    plain.store.put("voices/A.txt", WORDS.replace("bright", "light").encode())
    corrected = LibraryWithStore(tmp_path).library.prepare("A")
    assert corrected.content_hash == found.content_hash and "light" in corrected.ref_text
    assert not any("heard" in warning for warning in corrected.warnings)
    first = LibraryWithStore(tmp_path).library.prepare("A", wish=Wish(best=False))
    assert any("not the first 12 s" in warning for warning in first.warnings)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ([0, 500], "is damaged: heard.span"),
        ([1e308, 1e309], "is damaged"),
        ([15, 25], "and it lasts"),
    ],
)
def test_a_record_edited_by_hand_makes_no_reference_of_any_length(
    tmp_path: Path, span: list[float], said: str
) -> None:
    voices = library(tmp_path, Listener())
    voices.put("voices/A.wav", voice(LONG))
    voices.library.prepare("A")
    edited = record(voices)
    edited["heard"]["span"] = span
    voices.put("voices/A.voice.json", json.dumps(edited))
    found = LibraryWithStore(tmp_path).library.prepare("A")
    assert found.seconds <= 12.1
    assert any(said in warning for warning in found.warnings)


def test_a_clip_that_a_job_asks_for_is_heard_by_itself(tmp_path: Path) -> None:
    listener = Listener()
    voices = library(tmp_path, listener)
    voices.put("voices/A.wav", voice(LONG))
    clip = Wish(part=Excerpt(4.3, 9.1))
    whole = voices.library.prepare("A")
    listener.words = "The clip says this."
    found = voices.library.prepare("A", wish=clip)
    assert found.ref_text == "The clip says this. " and found.seconds < 5
    assert not any(WORDS in warning for warning in found.warnings)
    assert voices.library.prepare("A").ref_text == whole.ref_text
    assert voices.store.get("voices/A.txt").decode() == WORDS
    with pytest.raises(TranscriptMissing, match="has no times"):
        LibraryWithStore(tmp_path).library.prepare("A", wish=clip)


def test_words_that_somebody_writes_meanwhile_stay_and_are_used(tmp_path: Path) -> None:
    own = "Somebody gave their own words for it meanwhile."

    class Slow(Listener):
        def recognise(self, samples: Samples, language: str | None = None) -> list[Heard]:
            voices.store.put("voices/A.txt", own.encode())
            return super().recognise(samples, language)

    voices = library(tmp_path, Slow())
    voices.put("voices/A.wav", voice())
    assert voices.library.prepare("A").ref_text == own + " "
    assert voices.store.get("voices/A.txt").decode() == own


def test_words_that_cannot_be_stored_are_used_and_said(tmp_path: Path) -> None:
    voices = library(tmp_path, Listener())
    voices.put("voices/A.wav", voice())

    def put(*_: object, **__: object) -> None:
        raise StorageDenied("Writing is denied.", "Allow it.")

    voices.store.put = put  # type: ignore[attr-defined]
    found = voices.library.prepare("A")
    assert found.ref_text == WORDS + " "
    assert "could not be stored (Writing is denied.)" in found.warnings[0]


def test_an_upload_is_heard_and_a_new_recording_heard_anew(tmp_path: Path) -> None:
    listener = Listener()
    voices = library(tmp_path, listener)
    added = voices.library.catalogue.add("A", voice())
    assert added.has_transcript and added.has_record and WORDS in added.warnings[0]
    assert added.report and added.report.words == len(WORDS.split())
    listener.words = "Another recording says something else."
    voices.library.catalogue.add("A", voice(seed=2))
    assert voices.library.prepare("A").ref_text == listener.words + " "
    voices.library.catalogue.add("A", voice(seed=3), "My own words.")
    assert voices.library.prepare("A").ref_text == "My own words. "
    assert "heard" not in record(voices)
    voices.library.catalogue.add("A", voice(seed=4))  # a user's own words stay
    assert voices.library.prepare("A").ref_text == "My own words. "


def test_an_upload_is_heard_as_jobs_will_take_it_and_says_nothing_twice(tmp_path: Path) -> None:
    voices = library(tmp_path, Listener())
    quiet = as_file(0.004 * bursts(LONG, RATE), RATE)
    added = voices.library.catalogue.add("A", quiet, wish=Wish(best=False))
    assert added.report is not None
    said = [*added.warnings, *added.report.warnings]
    assert sum("raised by" in warning for warning in said) == 1
    assert sum("were heard by" in warning for warning in said) == 1
    used = voices.library.prepare("A", wish=Wish(best=False))
    assert not any("not the first 12 s" in warning for warning in used.warnings)


def test_a_recording_that_was_replaced_by_hand_keeps_no_old_words_in_silence(
    tmp_path: Path,
) -> None:
    voices = library(tmp_path, Listener())
    voices.put("voices/A.wav", voice())
    voices.library.prepare("A")
    voices.put("voices/A.wav", voice(seed=2))
    found = LibraryWithStore(tmp_path).library.prepare("A")
    assert "in another recording" in found.warnings[0]


@pytest.mark.parametrize(
    ("listener", "language", "why"),
    [
        (Listener(WORDS, "en"), "de", "does not know German"),
        (Listener("..."), None, "heard none"),
        (Listener("very " * 1000), None, "more than anybody says"),  # as Whisper of looped speech
    ],
)
def test_who_cannot_be_heard_is_refused_as_without_a_recogniser(
    tmp_path: Path, listener: Listener, language: str | None, why: str
) -> None:
    voices = library(tmp_path, listener)
    voices.put("voices/A.wav", voice())
    with pytest.raises(TranscriptMissing, match=why) as caught:
        voices.library.prepare("A", wish=Wish(language=language))
    assert "`ref_text`" in caught.value.hint
    assert not voices.store.exists("voices/A.txt")
    if language is None:
        added = voices.library.catalogue.add("B", voice())
        assert not added.has_transcript and why in added.warnings[0]


def test_heard_words_hold_no_control_characters(tmp_path: Path) -> None:
    voices = library(tmp_path, Listener("Hello \x1b[31mthere,\x00 my friend."))
    voices.put("voices/A.wav", voice())
    assert voices.library.prepare("A").ref_text == "Hello [31mthere, my friend. "


def test_a_recogniser_that_cannot_be_loaded_says_so(tmp_path: Path) -> None:
    def load() -> Recogniser:
        raise ConfigError("ASR_MODEL: is not set.", "Set it.")

    voices = LibraryWithStore(tmp_path, Ears(load, None))
    voices.put("voices/A.wav", voice())
    with pytest.raises(TranscriptMissing, match=r"ASR_MODEL: is not set\."):
        voices.library.prepare("A")


def test_a_voices_record_tells_its_language(tmp_path: Path) -> None:
    listener = Listener()
    voices = library(tmp_path, listener)
    voices.put("voices/A.wav", voice())
    voices.put("voices/A.voice.json", '{"language": "de-AT", "tags": ["radio"]}')
    voices.library.prepare("A", wish=Wish(language="en"))
    assert listener.told == ["de"] and record(voices)["tags"] == ["radio"]


OTHER = "They painted the kitchen white and the doors a dark green."


@pytest.mark.parametrize(
    ("words", "doubted"),
    [
        (WORDS, False),
        ("the WEATHER was brighd and the rifer ran high", False),
        (OTHER, True),
        (f"{WORDS} {OTHER}", True),
        ("The weather was.", True),
    ],
)
def test_words_are_held_against_the_sound(tmp_path: Path, words: str, doubted: bool) -> None:
    listener = Listener(WORDS, "en")
    voices = library(tmp_path, listener, writes=False, cache_mb=0)
    voices.put("voices/A.wav", voice())
    for _ in range(2):
        said = [w for w in voices.library.prepare("A", words).warnings if "do not seem" in w]
        assert bool(said) == doubted and all(WORDS in warning for warning in said)
    assert len(listener.given) == 1
    voices.library.prepare("A", words, wish=Wish(check=False))


def test_what_a_recogniser_does_not_know_or_doubts_itself_is_not_judged(tmp_path: Path) -> None:
    for number, (listener, words) in enumerate(
        (
            (Listener(WORDS, "en"), "Der Fluss war hoch und das Wetter war nach dem Regen schön."),
            (Listener(OTHER, sure=0.3), WORDS),
        )
    ):
        voices = library(tmp_path / str(number), listener, writes=False)
        voices.put("voices/A.wav", voice())
        assert not voices.library.prepare("A", words).warnings


def test_figures_are_compared_as_they_are_read(tmp_path: Path) -> None:
    voices = library(tmp_path, Listener("it costs $25 for the 3 of us"), writes=False)
    voices.put("voices/A.wav", voice())
    words = "It costs twenty-five dollars for the three of us."
    assert not voices.library.prepare("A", words).warnings


def test_a_check_tells_what_is_heard_and_writes_nothing(tmp_path: Path) -> None:
    listener = Listener(WORDS, "en")
    voices = library(tmp_path, listener)
    voices.put("voices/A.wav", voice())
    report = voices.library.catalogue.check("A")
    assert report.as_output()["heard"] == {"words": WORDS, "by": "listener", "confidence": 0.9}
    assert any("were heard by listener" in said for said in report.warnings)
    assert any(name == "heard" and WORDS in said for _, name, said in report.as_rows())
    assert [item.key for item in voices.store.list("")] == ["voices/A.wav"]
    assert not voices.library.catalogue.check("A", WORDS).warnings
    doubted = voices.library.catalogue.check("A", OTHER)
    assert doubted.heard and doubted.heard.text == WORDS
    assert sum("do not seem to be those of its sound" in said for said in doubted.warnings) == 1
    assert len(listener.given) == 1
    quiet = voices.library.catalogue.check("A", OTHER, wish=Wish(check=False))
    assert quiet.heard is None and not quiet.warnings


def test_a_check_of_words_that_were_heard_is_of_the_clip_they_are_of(tmp_path: Path) -> None:
    voices = library(tmp_path, Listener())
    voices.put("voices/A.wav", voice(LONG))
    spoken = voices.library.prepare("A")
    report = voices.library.catalogue.check("A")
    assert report.used == pytest.approx(spoken.clip_span)
    assert report.heard and report.heard.text == WORDS
    assert sum("were heard by listener" in said for said in report.warnings) == 1
    voices.put("voices/A.txt", OTHER)
    assert any("do not seem" in said for said in voices.library.catalogue.check("A").warnings)


@pytest.mark.parametrize(
    ("words", "languages", "expected"),
    [("", (), "heard no words"), (WORDS, ("pl",), "does not know English")],
)
def test_a_check_says_why_nothing_was_heard(
    tmp_path: Path, words: str, languages: tuple[str, ...], expected: str
) -> None:
    voices = library(tmp_path, Listener(words, *languages), writes=False)
    voices.put("voices/A.wav", voice())
    report = voices.library.catalogue.check("A")
    assert any(expected in said for said in report.warnings)


def test_a_check_goes_on_without_a_recogniser_that_fails(tmp_path: Path) -> None:
    def load() -> Recogniser:
        raise ConfigError("ASR_MODEL: is not set.", "Set it.")

    voices = LibraryWithStore(tmp_path, Ears(None, load))
    voices.put("voices/A.wav", voice())
    report = voices.library.catalogue.check("A")
    assert any("were not heard: ASR_MODEL: is not set." in said for said in report.warnings)


def test_an_uploads_report_has_what_was_heard(tmp_path: Path) -> None:
    voices = library(tmp_path, Listener())
    added = voices.library.catalogue.add("A", voice(), OTHER)
    assert added.report and added.report.heard and added.report.heard.text == WORDS
    assert any("do not seem" in said for said in added.warnings)
