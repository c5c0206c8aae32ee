"""Words against words: read alike, and only gross failures count."""

from __future__ import annotations

import pytest

from worker.quality.words import compare, edits, plain_words


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("It costs five dollars.", "it costs $5"),
        ("Nine thirty P M, please.", "9:30 PM please"),
        ("Twenty-five apples", "25 apples"),
        ("My neighbour's colour", "my neighbour's color"),
        ("Well, yes!", "well yes"),
    ],
)
def test_both_sides_are_read_alike(said: str, heard: str) -> None:
    assert compare(said, heard).error_rate == 0


@pytest.mark.parametrize(
    ("said", "heard", "gross"),
    [
        ("The weather is nice today.", "the weather is nice to day", False),
        ("The weather is nice today.", "", True),
        ("The weather is nice today.", "the the the the the the the the", True),
        ("The weather is nice today.", "the weather", True),
        ("Yes.", "this", False),  # one word: told, never spoken again for it
        ("Thank you.", "", False),
    ],
)
def test_only_what_cannot_be_the_recognisers_doing_is_spoken_again(
    said: str, heard: str, gross: bool
) -> None:
    found = compare(said, heard)
    assert found.gross == gross
    assert bool(found.finding) == (found.error_rate >= 0.5)


def test_edits_are_substitutions_deletions_and_insertions() -> None:
    assert edits(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert edits([], ["a", "b"]) == 2


def test_nothing_to_say_has_no_words() -> None:
    assert plain_words("...") == []
