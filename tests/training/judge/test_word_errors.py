"""Word error rates counted by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.judge.word_errors import closest, word_error_rate, words
from worker.quality.words import edits

LISTS = st.lists(st.sampled_from("abc"), max_size=6)


@pytest.mark.parametrize(
    ("said", "heard", "wrong"),
    [
        ("The train leaves at 7.", "the train leaves at seven", 0),
        ("the train leaves", "a train leaves", 1),
        ("the train leaves", "train leaves", 1),
        ("the train leaves", "the train it leaves now", 2),
        ("the train leaves", "", 3),
        ("Our neighbour's colour", "our neighbour's color", 0),
    ],
)
def test_errors_are_substitutions_deletions_and_insertions(
    said: str, heard: str, wrong: int
) -> None:
    assert edits(words(said), words(heard)) == wrong


def test_the_rate_is_of_all_words_together() -> None:
    assert word_error_rate([("one two three", "one two"), ("four", "five")]) == 0.5
    assert math.isnan(word_error_rate([]))


def test_the_closest_text_is_the_one_with_fewest_errors() -> None:
    texts = ["dinner is ready", "the shop is closed", "time flies"]
    assert closest("the chop is closed", texts) == 1
    assert closest("", texts) == 0


@given(LISTS, LISTS, LISTS)
def test_edits_are_a_distance(a: list[str], b: list[str], c: list[str]) -> None:
    assert edits(a, a) == 0
    assert edits(a, b) == edits(b, a)
    assert edits(a, c) <= edits(a, b) + edits(b, c)
