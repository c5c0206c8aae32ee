"""Errors of word times, counted on speech whose times are known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.sounds import RATE, tone
from training.judge.word_times import Utterance, aligned, estimate, even, row, without_pauses

QUIET = np.zeros(RATE // 2, dtype=np.float32)
SPOKEN = Utterance(
    "door door, door",
    np.concatenate((QUIET, tone(150.0, seconds=1.0), QUIET, tone(150.0, seconds=1.0))),
    [(0.5, 1.0), (1.0, 1.5), (2.0, 3.0)],
)


def test_exact_times_have_no_error() -> None:
    cells = row("exact", lambda text, samples: SPOKEN.words, [SPOKEN]).split(" | ")
    assert cells[:8] == ["| exact", "3", "0 ms", "0 ms", "100%", "100%", "+0 ms", "0 ms"]


def test_late_times_are_late() -> None:
    late = [(start + 0.06, end + 0.02) for start, end in SPOKEN.words]
    cells = row("late", lambda text, samples: late, [SPOKEN]).split(" | ")
    assert cells[2:8] == ["60 ms", "60 ms", "0%", "100%", "+60 ms", "20 ms"]


def test_words_of_unknown_times_are_left_out() -> None:
    some = Utterance(SPOKEN.text, SPOKEN.samples, [(0.5, np.nan), (np.nan, 1.5), (2.0, 3.0)])
    cells = row("exact", lambda text, samples: SPOKEN.words, [some]).split(" | ")
    assert cells[1:3] == ["2", "0 ms"]


def test_a_method_that_finds_nothing_has_no_figures() -> None:
    assert row("none", aligned(None), [SPOKEN]).startswith("| none | 0 |")


def test_a_pause_that_is_heard_is_better_than_a_usual_one() -> None:
    def error(times: list[tuple[float, float]]) -> float:
        return sum(abs(a[0] - b[0]) for a, b in zip(times, SPOKEN.words, strict=True))

    simple, longer, heard = (
        error(method(SPOKEN.text, SPOKEN.samples)) for method in (even, without_pauses, estimate)
    )
    assert heard < min(simple, longer)
    assert heard == pytest.approx(0, abs=0.15)
