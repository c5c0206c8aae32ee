"""Tags in the text: voices, pauses and speeds, never read aloud by mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import InvalidInput
from text.markup import ScriptLine, length_fault, parse_script


def refused(name: str) -> str | None:
    """Stands for whatever a caller knows of voices' names."""
    return "is no name" if not name.isalnum() else None


def lines(text: str) -> list[ScriptLine]:
    return list(parse_script(text, refused).lines)


def test_tags_hold_until_the_next_of_their_kind() -> None:
    text = "Hello. [voice:Anna] Hi! [pause:0.5][speed:1.2] Quick. [voice:default] Back."
    assert lines(text) == [
        ScriptLine("Hello."),
        ScriptLine("Hi!", "Anna"),
        ScriptLine("Quick.", "Anna", 1.2, 0.5),
        ScriptLine("Back.", None, 1.2),
    ]


@pytest.mark.parametrize(
    ("tag", "seconds"), [("2", 2.0), ("0.25", 0.25), (".5", 0.5), ("500ms", 0.5), ("1.5s", 1.5)]
)
def test_pauses_in_seconds_or_milliseconds(tag: str, seconds: float) -> None:
    assert lines(f"A [pause:{tag}] B")[1].pause_s == seconds


def test_other_brackets_stay_text() -> None:
    said = lines(r"He [laughs] and \[voice:x] goes")[0].text
    assert said == "He [laughs] and [voice:x] goes"


def test_a_pause_at_the_end_is_silence() -> None:
    assert lines("A. [pause:1]")[-1] == ScriptLine("", None, None, 1.0)


def test_a_part_of_a_script_has_a_voice_a_speed_and_a_pause_of_its_own() -> None:
    part = parse_script("A [voice:X] B [voice:default][speed:2] C [speed:default] D", refused)
    assert part.spoken_by("Anna", 1.5, 0.2) == (
        ScriptLine("A", "Anna", 1.5, 0.2),
        ScriptLine("B", "X", 1.5),
        ScriptLine("C", "Anna", 2.0),
        ScriptLine("D", "Anna", 1.5),
    )


def test_a_parts_pause_adds_to_the_one_it_begins_with() -> None:
    part = parse_script("[pause:1] A [pause:2] B", refused)
    assert [line.pause_s for line in part.spoken_by(None, None, 0.5)] == [1.5, 2.0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[voice:]A", "has [voice:]: the voice is no name"),
        ("[voice:/x]A", "has [voice:/x]: the voice is no name"),
        ("[pause:x]A", "has [pause:x]; write seconds, like [pause:0.5]"),
        ("[pause:-1]A", "has [pause:-1]; write seconds, like [pause:0.5]"),
        ("[pause:61]A", "has [pause:61], longer than 60 s"),
        ("[speed:0]A", "has [speed:0]; write a number from 0.3 to 2"),
        ("[speed:nan]A", "has [speed:nan]; write a number from 0.3 to 2"),
        ("[voice:Anna A", "has the tag '[voice:Anna A' without a closing bracket"),
        ("[voce:Anna] A", "has the unknown tag '[voce:Anna]'; did you mean [voice:...]?"),
        ("[puase:1] A", "has the unknown tag '[puase:1]'; did you mean [pause:...]?"),
        ("", "must hold something to say"),
        ("...", "must hold something to say"),
        ("[pause:1]", "must hold something to say"),
    ],
)
def test_bad_tags_are_errors_that_say_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_script(text, refused)
    assert caught.value.message.removesuffix(r" Write \[ for a literal bracket") == problem


def test_a_script_is_bounded_as_a_whole() -> None:
    assert length_fault(lines("A [pause:60]" * 30)) is None
    assert length_fault(lines("A [pause:60]" * 31)) == (
        "must have at most 1800 s of pauses, not 1860 s"
    )
    assert length_fault(lines("A [speed:1]" * 1000)) is None
    assert length_fault(lines("A [speed:1]" * 1001)) == "must have at most 1000 lines, not 1001"


@given(st.text(st.characters(exclude_characters="[\\"), min_size=1))
def test_text_without_brackets_is_one_line(text: str) -> None:
    if any(character.isalnum() for character in text):
        assert lines(text) == [ScriptLine(text.strip())]


@given(st.lists(st.sampled_from(["word ", "[voice:A]", "[pause:1]", "[speed:1]", "[x]", "\\["])))
def test_no_word_is_lost_or_doubled(pieces: list[str]) -> None:
    text = "start " + "".join(pieces)
    said = " ".join(line.text for line in lines(text))
    assert said.count("word") == pieces.count("word ")
    assert "voice:" not in said
