"""Transcripts beside voices, as people and programs write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import TranscriptMissing
from standins.growth import grows_with_length
from worker.subtitles.notes import Cue
from worker.subtitles.read import EXTENSIONS, cut_share, parse

SRT = """1
00:00:00,000 --> 00:00:02,500
Good morning,
everybody.

2
00:00:02,500 --> 01:00:04,040
<i>It rains.</i>
"""


def test_srt() -> None:
    found = parse(SRT.encode(), "voices/A.srt")
    assert found.text == "Good morning, everybody. It rains."
    assert found.cues == (
        Cue(0, 2.5, "Good morning, everybody."),
        Cue(2.5, pytest.approx(3604.04), "It rains."),
    )


@pytest.mark.parametrize("numbers", [("", ""), ("1\n", "2\n"), ("", "\n2\n")])
def test_srt_without_numbers_or_blank_lines_between(numbers: tuple[str, str]) -> None:
    first, second = numbers
    text = f"{first}00:01,5 --> 00:02,0\none\n{second}00:02,000 --> 00:03,000\ntwo"
    assert [cue.text for cue in parse(text.encode(), "A.srt").cues] == ["one", "two"]


def test_vtt() -> None:
    text = (
        "WEBVTT - made by hand\n\nNOTE a note\n\nSTYLE\n::cue { color: red }\n\nintro\n"
        "00:01.000 --> 00:02.000 align:start\n<v Anna>Fish &amp; <00:01.500>chips\n"
    )
    assert parse(text.encode(), "A.vtt").cues == (Cue(1, 2, "Fish & chips"),)


@pytest.mark.parametrize(
    "text",
    [
        'Start (s),End (s),Segment\r\n0.00,1.50,"One, two"\r\n1.5,3,Three\r\n',
        'start;end;text\n0,0;1,5;"One, two"\n1,5;3,0;Three\n',
        "Segment\tStart (s)\tEnd (s)\nOne, two\t0\t1.5\nThree\t00:01.5\t00:03\n",
    ],
)
def test_csv(text: str) -> None:
    found = parse(text.encode(), "A.csv")
    assert found.cues == (Cue(0, 1.5, "One, two"), Cue(1.5, 3, "Three"))
    assert found.text == "One, two Three"


def test_cues_out_of_order_are_sorted() -> None:
    text = "Start (s),End (s),Segment\n2,3,second\n0,1,first\n"
    assert parse(text.encode(), "A.csv").text == "first second"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1250"])
def test_text_in_any_usual_encoding(encoding: str) -> None:
    words = "Zażółć gęślą jaźń."
    assert parse(f"{words}\r\n".encode(encoding), "A.TXT").text == words


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("A.srt", "1\n00:00:02,000 --> 00:00:01,000\nx\n", "line 2 ends before"),
        ("A.srt", "1\n0 --> soon\nx\n", "line 2 has no times"),
        ("A.srt", "just words\n", "no subtitles"),
        ("A.srt", f"{'9' * 5000}:00:00 --> {'9' * 5000}:00:01\nHi\n", "line 1 has no times"),
        ("A.csv", f"Start (s),End (s),Segment\n{'9' * 400}:00:00,1,x\n", "line 2 has no time"),
        ("A.vtt", "WEBVTT\n", "no subtitles"),
        ("A.csv", "a,b,c\n1,2,x\n", "line 1 is not the header"),
        ("A.csv", "Start (s),End (s),Segment\n0,1,x\nlater,3,y\n", "line 3 has no time"),
        ("A.csv", "Start (s),End (s),Segment\n0,1\n", "line 2 has 2 columns"),
        ("A.csv", "Start (s),End (s),Segment\n", "no rows"),
        ("A.txt", " \n", "no words"),
        ("A.txt", "x" * (1 << 21), "at most"),
    ],
)
def test_malformed_ones_are_named_with_their_line(name: str, text: str, fault: str) -> None:
    with pytest.raises(TranscriptMissing) as caught:
        parse(text.encode(), name)
    assert fault in caught.value.message
    assert name in caught.value.message
    assert "ref_text" in caught.value.hint


@pytest.mark.parametrize("name", ["A.vtt", "A.srt"])
def test_unclosed_tags_cost_no_more_than_their_length(name: str) -> None:
    """At a square of the length this mebibyte would hold a thread for an hour."""
    text = "00:00:01.000 --> 00:00:02.000\nHi " + "<i {\\" * 150_000
    assert grows_with_length(lambda length: parse(text[:length].encode(), name), len(text))


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("You are number\n2", "You are number 2"),
        ("10:30 → 11:00", "10:30 → 11:00"),
        ("2", "2"),
    ],
)
def test_directly_below_its_times_a_cue_may_hold_numbers_and_clocks(first: str, words: str) -> None:
    text = f"1\n00:00:01,000 --> 00:00:04,000\n{first}\n\n2\n00:00:05,000 --> 00:00:06,000\nGo\n"
    assert [cue.text for cue in parse(text.encode(), "A.srt").cues] == [words, "Go"]


@pytest.mark.parametrize("mark", ["\u200e", "\u200f", "\u202b", "\u2067"])
def test_direction_marks_beside_times_do_not_matter(mark: str) -> None:
    text = f"1\n{mark}00:00:01,000 --> 00:00:04,000{mark}\nשלום\n"
    assert parse(text.encode(), "A.srt").text == "שלום"


@given(data=st.binary(max_size=300), extension=st.sampled_from(EXTENSIONS))
def test_any_bytes_are_parsed_or_refused(data: bytes, extension: str) -> None:
    try:
        found = parse(data, f"A.{extension}", 10.0)
    except TranscriptMissing:
        return
    assert found.text == " ".join(found.text.split())
    assert all(0 <= cue.start <= cue.end <= 10.0 for cue in found.cues)


@given(words=st.lists(st.text("abc.", min_size=1, max_size=9), min_size=4), share=st.floats(0, 1))
def test_a_share_of_words_is_whole_words_from_the_start(words: list[str], share: float) -> None:
    text = " ".join(words)
    cut = cut_share(text, share)
    assert cut.split(" ") == words[: len(cut.split(" "))]
    assert abs(len(cut) - share * len(text)) <= 10


def test_a_share_of_chinese_is_characters() -> None:
    assert cut_share("春眠不觉晓处处闻啼鸟" * 4, 0.5) == "春眠不觉晓处处闻啼鸟" * 2
