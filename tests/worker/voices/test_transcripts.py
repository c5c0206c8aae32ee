"""Transcripts beside voices, from the store to the reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors import TranscriptMissing
from tests.worker.voices.library import LONG, LibraryWithStore, voice
from worker.voices.wish import Wish

_ROLLING = """WEBVTT

00:00:00.000 --> 00:00:02.000
this is the first

00:00:02.000 --> 00:00:02.010
this is the first

00:00:02.010 --> 00:00:04.100
this is the first
and the second

00:00:04.300 --> 00:00:09.000
and the second
and the third
"""


@pytest.fixture
def voices(tmp_path: Path) -> LibraryWithStore:
    found = LibraryWithStore(tmp_path)
    found.put("voices/A.wav", voice(LONG))
    return found


@pytest.mark.parametrize("name", ["A.csv", "A.tsv"])
def test_milliseconds_are_cut_with_the_audio(voices: LibraryWithStore, name: str) -> None:
    mark = "," if name.endswith("csv") else "\t"
    rows = [
        ("start", "end", "text"),
        ("0", "4100", "One."),
        ("4300", "9000", "Two."),
        ("9200", "14400", "Three."),
        ("14600", "20700", "Four."),
    ]
    voices.put(f"voices/{name}", "".join(mark.join(row) + "\n" for row in rows))
    found = voices.library.prepare("A", wish=Wish(best=False))
    assert found.ref_text == "One. Two. "
    assert found.seconds == pytest.approx(9.0, abs=0.5)
    assert len(found.warnings) == 1
    assert f"voices/{name}" in found.warnings[0] and "milliseconds" in found.warnings[0]


def test_captions_that_roll_are_said_once(voices: LibraryWithStore) -> None:
    voices.put("voices/A.vtt", _ROLLING)
    found = voices.library.prepare("A", wish=Wish(best=False))
    assert found.ref_text == "this is the first and the second and the third. "
    assert len(found.warnings) == 1 and "count once" in found.warnings[0]


def test_a_guessed_encoding_is_said(voices: LibraryWithStore) -> None:
    words = "1\n00:00:00,000 --> 00:00:04,100\nДобрый день.\n"
    voices.put("voices/A.srt", words.encode("cp1251"))
    found = voices.library.prepare("A")
    assert found.ref_text == "Добрый день. "
    assert len(found.warnings) == 1 and "cp1251 (“Добрый день.”)" in found.warnings[0]


def test_a_transcript_of_another_recording_is_refused(voices: LibraryWithStore) -> None:
    voices.put("voices/A.srt", "1\n01:00:15,000 --> 01:00:19,000\nLate.\n")
    with pytest.raises(TranscriptMissing, match=r"voices/A\.srt has times from 3615\.0 s"):
        voices.library.prepare("A")


def test_subtitles_in_a_txt_are_not_spoken(voices: LibraryWithStore) -> None:
    voices.put("voices/A.txt", "1\n00:00:00,000 --> 00:00:04,100\nOne.\n")
    found = voices.library.prepare("A")
    assert found.ref_text == "One. "
    assert len(found.warnings) == 1 and "voices/A.txt holds SRT" in found.warnings[0]


@pytest.mark.parametrize("extension", ["ass", "json"])
def test_new_kinds_are_found(voices: LibraryWithStore, extension: str) -> None:
    texts = {
        "ass": "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:00.00,0:00:04.10,One.\n",
        "json": '{"text": " One.", "segments": [{"start": 0.0, "end": 4.1, "text": " One."}]}',
    }
    voices.put(f"voices/A.{extension}", texts[extension])
    assert voices.library.prepare("A").ref_text == "One. "


def _srt(text: str) -> str:
    return f"1\n00:00:00,200 --> 00:00:03,000\n{text}\n"


@pytest.mark.parametrize("words", ["Hello there", "Hello, there!"])
def test_transcripts_that_agree_are_not_named(tmp_path: Path, words: str) -> None:
    voices = LibraryWithStore(tmp_path)
    voices.put("voices/A.wav", voice())
    voices.put("voices/A.txt", "hello there.")
    voices.put("voices/A.srt", _srt(words))
    assert not voices.library.prepare("A").warnings
    assert not voices.library.prepare("A", "Hello there.").warnings


def test_a_transcript_with_other_words_than_are_used_is_named(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path)
    voices.put("voices/A.wav", voice())
    voices.put("voices/A.txt", "Hello there.")
    voices.put("voices/A.srt", _srt("Hello Anna."))
    voices.put("voices/A.vtt", "WEBVTT\n\nno times")  # not needed, and not named
    (warning,) = voices.library.prepare("A").warnings
    assert "voices/A.txt was used" in warning and "voices/A.srt has others" in warning
    assert "“Hello there.” against “Hello Anna.”" in warning
    report = voices.library.catalogue.check("A")
    assert warning in report.warnings


def test_given_words_that_are_not_those_stored_are_named(tmp_path: Path) -> None:
    voices = LibraryWithStore(tmp_path)
    voices.put("voices/A.wav", voice())
    voices.put("voices/A.srt", _srt("Hello Anna."))
    (warning,) = voices.library.prepare("A", "Good morning.").warnings
    assert "`ref_text` was used" in warning and "voices/A.srt has others" in warning
    assert voices.library.catalogue.check("A", "Good morning.").warnings == (warning,)


def test_words_of_a_part_need_only_be_somewhere_in_the_others(voices: LibraryWithStore) -> None:
    voices.put("voices/A.txt", "One. Two. Three. Four.")
    voices.put("voices/A.csv", "start,end,text\n0,4.1,One.\n4.3,9,Two.\n9.2,14.4,Other.\n")
    assert not voices.library.prepare("A", wish=Wish(best=False)).warnings
    voices.put("voices/A.txt", "One. No. Three. Four.")
    voices.clock.now += 1000
    (warning,) = voices.library.prepare("A", wish=Wish(best=False)).warnings
    assert "voices/A.csv was used" in warning and "voices/A.txt has others" in warning
