"""Tags in the text: voices, pauses and speeds, never read aloud by mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import InvalidInput
from text.markup import ScriptLine, parse_script, segment_lines
from worker.request.parse import SegmentInput


def test_tags_hold_until_the_next_of_their_kind() -> None:
    text = "Hello. [voice:Anna] Hi! [pause:0.5][speed:1.2] Quick. [voice:default] Back."
    assert parse_script(text) == [
        ScriptLine("Hello."),
        ScriptLine("Hi!", "Anna"),
        ScriptLine("Quick.", "Anna", 1.2, 0.5),
        ScriptLine("Back.", None, 1.2),
    ]


@pytest.mark.parametrize(
    ("tag", "seconds"), [("2", 2.0), ("0.25", 0.25), (".5", 0.5), ("500ms", 0.5), ("1.5s", 1.5)]
)
def test_pauses_in_seconds_or_milliseconds(tag: str, seconds: float) -> None:
    assert parse_script(f"A [pause:{tag}] B")[1].pause_s == seconds


def test_other_brackets_stay_text() -> None:
    assert (
        parse_script(r"He [laughs] and \[voice:x] goes")[0].text == "He [laughs] and [voice:x] goes"
    )


def test_a_pause_at_the_end_is_silence() -> None:
    assert parse_script("A. [pause:1]")[-1] == ScriptLine("", None, None, 1.0)


def test_segments_keep_their_own_voice() -> None:
    segments = [
        SegmentInput(text="A [voice:X] B [voice:default] C", voice="Anna"),
        SegmentInput(text="D", speed=1.5, pause=0.2),
    ]
    assert [(line.text, line.voice) for line in segment_lines(segments)] == [
        ("A", "Anna"), ("B", "X"), ("C", "Anna"), ("D", None),
    ]  # fmt: skip
    assert segment_lines(segments)[-1] == ScriptLine("D", None, 1.5, 0.2)


@pytest.mark.parametrize(
    "text",
    ["[voice:]A", "[voice:/x]A", "[pause:x]A", "[pause:-1]A", "[speed:0]A", "[speed:nan]A",
     "[voice:Anna A", "[voce:Anna] A", "[puase:1] A", "", "...", "[pause:1]"],
)  # fmt: skip
def test_bad_tags_are_errors(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_script(text)


def test_pauses_of_a_script_are_bounded_together() -> None:
    assert len(parse_script("A [pause:60]" * 30)) == 31
    with pytest.raises(InvalidInput, match="1860 s of pauses"):
        parse_script("A [pause:60]" * 31)


@given(st.text(st.characters(exclude_characters="[\\"), min_size=1))
def test_text_without_brackets_is_one_line(text: str) -> None:
    if any(character.isalnum() for character in text):
        assert parse_script(text) == [ScriptLine(text.strip())]


@given(st.lists(st.sampled_from(["word ", "[voice:A]", "[pause:1]", "[speed:1]", "[x]", "\\["])))
def test_no_word_is_lost_or_doubled(pieces: list[str]) -> None:
    text = "start " + "".join(pieces)
    said = " ".join(line.text for line in parse_script(text))
    assert said.count("word") == pieces.count("word ")
    assert "voice:" not in said
