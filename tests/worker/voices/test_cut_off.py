"""A voice file whose end is missing is used where its words can be cut to what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors import VoiceUnusable
from tests.worker.audio.made import encoded
from tests.worker.audio.signals import bursts
from tests.worker.voices.library import LONG, RATE, LibraryWithStore, voice
from worker.voices.asked import Excerpt
from worker.voices.wish import Wish

_SRT = """1
00:00:00,000 --> 00:00:04,100
One is said.

2
00:00:04,300 --> 00:00:09,000
Two is said.

3
00:00:09,200 --> 00:00:14,400
Three is said.

4
00:00:14,600 --> 00:00:20,700
Four is said.
"""


@pytest.fixture
def voices(tmp_path: Path) -> LibraryWithStore:
    return LibraryWithStore(tmp_path)


def cut(data: bytes, seconds: float) -> bytes:
    return data[: round(len(data) * seconds / 20.7)]


@pytest.mark.parametrize("best", [True, False])
@pytest.mark.parametrize("there", [10.5, 12.5, 16.0])
def test_whole_segments_of_what_is_there_are_used(
    voices: LibraryWithStore, there: float, best: bool
) -> None:
    voices.put("voices/A.wav", cut(voice(LONG), there))
    voices.put("voices/A.srt", _SRT)
    found = voices.library.prepare("A", wish=Wish(best=best))
    said = [text for text in found.warnings if "cut off" in text]
    assert len(said) == 1 and "voices/A.srt" in said[0] and "Upload the whole file" in said[0]
    assert "Four" not in found.ref_text
    assert "Three" not in found.ref_text or there > 14.4
    assert found.seconds == pytest.approx(4.7 * found.ref_text.count("is said"), abs=1.2)


def test_a_clip_of_it_says_so_and_it_has_a_picture(voices: LibraryWithStore) -> None:
    voices.put("voices/A.wav", cut(voice(LONG), 12.5))
    voices.put("voices/A.srt", _SRT)
    found = voices.library.prepare("A", wish=Wish(part=Excerpt(4.2, 9.1)))
    assert found.ref_text == "Two is said. "
    assert sum("cut off" in text for text in found.warnings) == 1
    assert voices.library.catalogue.picture("A", (4.2, 9.1)).startswith(b"\x89PNG")


@pytest.mark.parametrize("words", ["txt", "ref_text", "too late"])
def test_without_their_times_it_is_refused(voices: LibraryWithStore, words: str) -> None:
    voices.put("voices/A.wav", cut(voice(LONG), 3.0 if words == "too late" else 10.0))
    extension = "srt" if words == "too late" else "txt"
    voices.put(f"voices/A.{extension}", _SRT if words == "too late" else "One is said.")
    with pytest.raises(VoiceUnusable, match="cut off") as caught:
        voices.library.prepare("A", "One is said." if words == "ref_text" else None)
    assert "NAME.srt" in caught.value.hint


def test_of_an_mp3_and_of_a_film_too(voices: LibraryWithStore) -> None:
    pytest.importorskip("av", reason="PyAV is an optional part: requirements/decode.txt")
    sound = bursts(LONG, RATE)
    film = encoded("mp4", "aac", sound, RATE, options={"moov_size": "40000"})
    for name, data in (("A.mp3", voice(LONG, "MP3")), ("B.mp4", film)):
        voices.put(f"voices/{name}", cut(data, 11.0))
        voices.put(f"voices/{name[0]}.srt", _SRT)
        found = voices.library.prepare(name[0])
        assert any("cut off" in text for text in found.warnings)
        assert found.ref_text.startswith("One is said.")
        assert "Three" not in found.ref_text
