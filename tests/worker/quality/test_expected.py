"""Lengths that do not fit the words are told before anything is spoken."""

from __future__ import annotations

import numpy as np
import pytest

from engine.chunk import Chunk, Reference, SpeechParameters
from worker.quality.expected import findings, reference_warning, says_twice

FRAMES_PER_S = 93.75
VOICE = Reference(
    "v", np.zeros(72_000, np.float32), 0.1, 3.0, "This is a reference of about fifty letters. ", "h"
)


def planned(seconds: float, **parameters: float) -> Chunk:
    return Chunk(
        0, "This is a reference of about fifty letters.", VOICE,
        SpeechParameters(**parameters), [], 281 + int(seconds * FRAMES_PER_S), 281, 0,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(
    ("chunk", "finding"),
    [
        (planned(3.0), ()),
        (planned(2.0), ()),
        (planned(1.0), ("too little time for its words",)),
        (planned(1.0, speed=2.0), ()),  # it was asked for
        (planned(6.0, fix_duration=9.0), ("too much time for its words",)),
    ],
)
def test_planned_lengths(chunk: Chunk, finding: tuple[str, ...]) -> None:
    assert findings(chunk, FRAMES_PER_S) == finding


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Good morning. This is a short reference recording, made for a test of it. ", None),
        ("Good morning. ", "few"),
        ("This is what nobody said, and it goes on for far too long. " * 3, "many"),
        ("今天天气很好，我们去公园散步吧，好吗？我们走。", None),
    ],
)
def test_references_whose_words_do_not_fit(words: str, said: str | None) -> None:
    warning = reference_warning("Anna", words, 4.7)
    assert warning is None if said is None else f"are {said} for 4.7 s" in str(warning)


def test_a_reference_of_a_word_is_little_to_copy() -> None:
    said = "Voice Anna has 0.4 s of sound: little to copy. Give 5 to 12 s."
    assert reference_warning("Anna", "Hello. ", 0.4) == said


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("twenty-ninth, twenty twenty-four, December twenty-fifth.", True),
        ("zero zero, zero zero, one zero zero zero.", True),
        ("The weather was bright, and the river ran high after the rain.", False),
        ("Yes.", False),
        ("", False),
    ],
)
def test_words_that_repeat_are_told_from_a_loop(text: str, twice: bool) -> None:
    assert says_twice(text, len(text) / 15) is twice
