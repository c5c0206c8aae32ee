"""Subtitles typed by hand or mangled: every word is read as written, or a line is named."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import TranscriptMissing
from tests.examples import examples
from worker.subtitles.read import parse

ARROWS = [
    "-->", "->", "--->", "---->", "- ->", "-- >", "- - >", "\u2192", "\u27f6", "\u21d2", "\u2013>",
    "\u2014>", "\u2212\u2212>", "=>", "==>", "~>", ">", ">>", "-", "--", "\u2013", "\u2014", "|",
    "\uff0d\uff0d\uff1e", "\u2794", "\u00bb",
]  # fmt: skip
NO_ARROWS = [" to ", " ", "", ",", ";", " --&gt; ", "-->>a", " \\ufffd "]


@pytest.mark.parametrize("name", ["A.srt", "A.vtt"])
@pytest.mark.parametrize("spaces", [" ", "", "  ", "\t"])
@pytest.mark.parametrize("arrow", ARROWS)
def test_any_arrow_is_read(arrow: str, spaces: str, name: str) -> None:
    between = f"{spaces}{arrow}{spaces}"
    first, second = f"00:00:01,000{between}00:00:02,500", f"00:00:03.250{between}00:00:04,0"
    found = parse(f"1\n{first}\none\n\n2\n{second}\ntwo\n".encode(), name).cues
    assert [(c.text, c.start, c.end) for c in found] == [("one", 1, 2.5), ("two", 3.25, 4)]


@pytest.mark.parametrize(
    "times",
    [
        "00:00:03, 000 --> 00:00:04, 000",
        "00: 00: 03,000 -> 00 :00:04.000",
        "0:03 --> 0:04",
        "00:00:03.0 --> 00:00:04,0",
        "00\uff1a00\uff1a03,000 --> 00\uff1a00\uff1a04,000",
        "00:00:03,000 --> 00:00:04,000 X1:40 X2:600 Y1:20 Y2:50",
        "00:00:03.000 --> 00:00:04.000 align:start position:0%",
    ],
)
def test_times_are_read_as_people_write_them(times: str) -> None:
    text = f"1\n00:00:01,000 --> 00:00:02,000\none\n\n2\n{times}\ntwo\n"
    found = parse(text.encode(), "A.srt").cues
    assert [(c.text, c.start, c.end) for c in found][1:] == [("two", 3, 4)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\n@\n\nhello\n\n2\n@\nyou\n", "hello you"),  # words after an empty line
        ("1\n@\nhello\n\nagain\n\n2\n@\nyou\n", "hello again you"),  # and in the middle
        ("@\nhello\n@\nyou", "hello you"),  # neither numbers nor empty lines
        ("1\n@\nborn in\n\n2\n@\n1984\n", "born in 1984"),
        ("0\n@\nhello\n1\n@\nyou\n2\n@\n3\n", "hello you 3"),
        ("#1\n@\nhello\n\n2.\n@\nyou\n", "hello you"),
        ("1\n\n@\nhello\n\n\n2\n\n\n@\nyou", "hello you"),
        ("1\n@\n10:30 - 11:00\nat 10:30:15 or later\n", "10:30 - 11:00 at 10:30:15 or later"),
        ("1\n@\nfrom a -> b\n\n2\n@\n3 < 4 > 2\n", "from a -> b 3 < 4 > 2"),
        ("WEBVTT\n\n@\n<v Ann>1 < 2<br>and <c.red>3</c> > 2 &amp; so\n", "1 < 2 and 3 > 2 & so"),
        ("WEBVTT\n\n@\n<00:00:01.2>hi<00:00:01.500><c> you</c>\n", "hi you"),
        ("WEBVTT X\nKind: captions\n\nNOTE\nno words\n\nintro\n@\nhello\n", "hello"),
        ("\ufeff1\r\n\ufeff@\r\nhello\r\n\r\n2\r@\ryou", "hello you"),
    ],
)
def test_every_word_is_read_once(text: str, words: str) -> None:
    for i in range(text.count("@")):
        text = text.replace("@", f"00:00:0{i},000 --> 00:00:0{i},900", 1)
    assert parse(text.encode(), "A.srt").text == words


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1\n@\nhello\n\n2\n00:00:03,000 to 00:00:04,000\nyou\n", 6),
        ("1\n@\nhello\n\n00:00:03,000\nyou\n", 5),
        ("1\n@\nhello\n\n2\nyou\n", 5),  # the times are gone
        ("1\n@\nhello\n00:00:03,000 -> 00:00:04,000\nyou\n", 4),
        ("1\n@\nborn in\n1984\n@\nyou\n", 4),  # a number of cues, or a year
        ("1\n@ you\nhello\n", 2),
        ("hello\n\n1\n@\nyou\n", 1),
        ("WEBVTT\n\n@\nhello\n\nyou\n@\nthere\n", 6),  # a cue's name, or words
        ("1\n@\nhello\n\n2\n00:00:03 --> soon\nyou\n", 6),
        ("1\n@\nhello\n\n2\n-->\nyou\n", 6),
        ("1\n@\nhello\n\n2\n00:0003,000 -> 00:00:04,000\nyou\n", 6),
    ],
)
def test_what_is_not_clear_is_named_by_its_line(text: str, line: int) -> None:
    text = text.replace("@", "00:00:01,000 --> 00:00:02,000")
    with pytest.raises(TranscriptMissing, match=rf"line {line}\b"):
        parse(text.encode(), "A.srt")


LINES = st.lists(
    st.sampled_from(
        [
            "a",
            "Hello,",
            "world.",
            "1984",
            "2",
            "3",
            "10:30",
            "10:30:15",
            "->",
            "\u2192",
            "-",
            "<",
            "&",
            "5.",
        ]
    ),
    min_size=1,
    max_size=4,
).map(" ".join)


@st.composite
def subtitles(draw: st.DrawFn, kind: str) -> tuple[str, list[str]]:
    """A file and its words, damaged in some ways that spare the words themselves."""
    damage = draw(st.sets(st.sampled_from(
        ["arrow", "mark", "letter", "no numbers", "no gaps", "wide gaps", "gap inside", "no times"]
    ), max_size=3))  # fmt: skip
    mark = "." if kind == "vtt" else ","
    text, words = ("WEBVTT\n\n" if kind == "vtt" else ""), []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        lines = draw(st.lists(LINES, min_size=1, max_size=3))
        if "no numbers" in damage:  # a "2" over the second times would be its number
            lines = [f"{line} so" for line in lines]
        arrow = draw(st.sampled_from(ARROWS + NO_ARROWS)) if "arrow" in damage else "-->"
        if "mark" in damage:
            mark = draw(st.sampled_from([",", ".", ";", ":", "", " , ", "\uff0c"]))
        times = f"00:00:0{number}{mark}000 {arrow} 00:00:0{number}{mark}900"
        if "letter" in damage:
            at = draw(st.sampled_from([i for i, c in enumerate(times) if not c.isdecimal()]))
            times = times[:at] + draw(st.sampled_from(["", "x", " ", "-"])) + times[at + 1 :]
        if "no times" in damage and number > 1 and draw(st.booleans()):
            times = ""
        gap = "" if "no gaps" in damage else "\n\n\n" if "wide gaps" in damage else "\n"
        inside = "\n\n" if "gap inside" in damage else "\n"
        text += "" if "no numbers" in damage else f"{number}\n"
        text += f"{times}\n" * bool(times) + inside.join(lines) + "\n" + gap
        words += " ".join(lines).split()
    return text, words


@pytest.mark.parametrize("kind", ["srt", "vtt"])
@settings(max_examples=examples(500))
@given(data=st.data())
def test_the_words_read_are_those_written_or_a_line_is_named(
    kind: str, data: st.DataObject
) -> None:
    text, words = data.draw(subtitles(kind))
    text = text.replace("&", "&amp;").replace("<", "&lt;") if kind == "vtt" else text
    try:
        found = parse(text.encode(), f"A.{kind}")
    except TranscriptMissing as error:
        assert re.search(r" line \d+ |holds no (subtitles|words)", error.message)
        return
    assert found.text.split() == words or found.warnings
    assert not Counter(found.text.split()) - Counter(words)
