"""Subtitles that were pasted with their times: only the words are spoken, and a warning says so."""

from __future__ import annotations

import pytest

from standins.growth import grows_with_length
from text.front import TextOptions, prepare
from text.script import Script

_SRT = """1
00:00:01,000 --> 00:00:04,000
The door was open

2
00:00:05,500 --> 00:00:08,000
when we came.

3
00:00:09,000 --> 00:00:11,000
{\\an8}<i>Nobody</i> said 3 words."""
_VTT = """WEBVTT - A talk
Kind: captions

NOTE
Made by 5 people.

intro-1
00:01.000 --> 00:04.000 align:start
<v Anna>Hello <00:02.000>there.

00:05.000 --> 00:08.000
How are you?"""
_SBV = "0:00:01.000,0:00:04.000\nHello there.\n\n0:00:05.000,0:00:08.000\nHow are you?"
_LRC = """[ti:A song]
[ar:Anna]
[00:12.00]First line here
[00:17.20][01:17.20]Second line <00:18.00>here"""
_ASS = """[Script Info]
Title: Talk
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,Hello, there.
Dialogue: 0,0:00:03.00,0:00:05.00,Default,,0,0,0,,How\\Nare you?"""


def _prepared(text: str) -> Script:
    return prepare(text, TextOptions(language="en"))


@pytest.mark.parametrize(
    ("written", "form", "said"),
    [
        (_SRT, "SRT", "The door was open when we came. Nobody said three words."),
        (
            _SRT.replace("\n", "\r\n"),
            "SRT",
            "The door was open when we came. Nobody said three words.",
        ),
        (_VTT, "WebVTT", "Hello there. How are you?"),
        (_SBV, "SBV", "Hello there. How are you?"),
        (_LRC, "LRC", "First line here. Second line here"),
        (_ASS, "ASS", "Hello, there. How are you?"),
        ("He said:\n\n" + _SRT, "SRT", None),
    ],
)
def test_only_the_words_are_spoken(written: str, form: str, said: str | None) -> None:
    script = _prepared(written)
    spoken = " ".join(line.text for line in script.lines)
    assert "zero" not in spoken and (said is None or spoken == said)
    assert len(script.warnings) == 1 and f"({form})" in script.warnings[0]
    shown = " ".join(script.written(line, word) for line in script.lines for word in line.words)
    assert "00:" not in shown and "-->" not in shown


@pytest.mark.parametrize(
    "written",
    [
        "9:30\nBreakfast\n10:30\nA walk",
        "1\n2\n3",
        "The film is [01:30] long",
        "Step 1 --> step 2",
        "from 00:01 to 00:05",
    ],
)
def test_other_texts_keep_their_times(written: str) -> None:
    script = _prepared(written)
    assert not any("subtitles" in warning for warning in script.warnings)
    assert any(word in script.lines[0].text for word in ("nine", "one", "step", "thirty"))


def test_off_with_clean() -> None:
    script = prepare(_SRT, TextOptions(language="en", clean=False))
    assert "zero" in " ".join(line.text for line in script.lines)


@pytest.mark.parametrize(
    "unit", ["1\n", "00:00:01,000 --> 00:00:04,000\n", "[00:01.00]", "\n", "WEBVTT\n"]
)
def test_in_linear_time(unit: str) -> None:
    from text.spans import Mapped
    from text.subtitles import without_cues

    def read(length: int) -> None:
        cue = "00:00:01,000 --> 00:00:04,000\n"
        without_cues(Mapped.of(cue + unit * (length // len(unit))))

    assert grows_with_length(read, 100_000)
