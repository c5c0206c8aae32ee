"""When the frames of a sample are spoken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dit.layers import spread_index
from training.flow.rhythm import evenness, new_times, sources, steady_times, stretch


def test_the_rhythm_becomes_natural() -> None:
    assert evenness(0.0) == evenness(0.1) == 1.0
    assert evenness(0.35) == evenness(1.0) == 0.0


@given(
    st.lists(st.lists(st.floats(0.01, 9), min_size=2, max_size=30), min_size=1, max_size=4),
    st.floats(0, 1),
    st.booleans(),
    st.integers(50, 400),
)
def test_stretched_time_never_turns_back(
    pace: list[list[float]], even: float, as_spoken: bool, frames: int
) -> None:
    """`pace`: of each part, how much of the text each of its frames says."""
    starts = np.cumsum([0, *(len(part) for part in pace)]).tolist()
    said = np.concatenate(([0.0], np.cumsum([said for part in pace for said in part])))
    times = new_times(starts, said, [as_spoken] * len(pace), even, frames)
    assert times[0] == 0 and times[-1] == pytest.approx(frames)
    assert (np.diff(times) >= 0).all()
    reference = said[starts[1]] if len(pace) > 1 else 0.0
    assert times[starts] == pytest.approx(steady_times(said, reference, frames)[starts])


def test_words_are_as_long_as_spoken_and_no_drift_adds_up() -> None:
    """Two words in turn, one slowly and one quickly spoken, then a second half that is faster."""
    slow, fast = np.full(12, 0.1), np.full(12, 0.2)
    said = np.cumsum(np.concatenate(([0.0], np.tile(np.concatenate((slow, fast)), 20))))
    said[240:] = said[240] + 1.5 * (said[240:] - said[240])
    frames = len(said) - 1
    natural, local, steady = (
        new_times([0, frames], said, [untouched], even, frames)
        for untouched, even in ((True, 0.0), (False, 0.0), (False, 1.0))
    )
    np.testing.assert_allclose(natural, np.arange(frames + 1.0))
    assert np.abs(natural - steady).max() > 50 > 7 > np.abs(local - steady).max()
    words = np.arange(60, 181, 12)
    np.testing.assert_allclose(np.diff(local[words]), 9, rtol=0.01)
    np.testing.assert_allclose(np.diff(steady[words]), [12, 6] * 5)


@given(st.integers(10, 150), st.floats(4.05, 9), st.floats(0, 0.8))
def test_new_speech_keeps_to_the_text_that_f5_shows(n: int, pace: float, share: float) -> None:
    frames = round(n * pace)
    said = np.linspace(0, n, 40 * n + 1)
    reference = float(said[round(share * 40 * n)])
    times = steady_times(said, reference, frames)
    assert (np.diff(times) > 0).all()
    start = times[said >= reference][0]
    assert start == pytest.approx(reference * frames / n, abs=1e-6)  # where the reference ends
    shown = spread_index(n, frames).numpy()[np.minimum(times[:-1].astype(int), frames - 1)]
    ahead = shown - np.floor(said[:-1])
    assert ahead.min() >= -1  # the text is never late by more than a rounding
    in_step = np.abs(ahead[said[:-1] >= reference]) <= 1
    assert in_step[-n:].all()  # the end at least
    if not reference:
        assert in_step.all()


def test_stretching_by_nothing_changes_nothing() -> None:
    mel = np.random.default_rng(0).normal(size=(40, 100)).astype(np.float32)
    np.testing.assert_allclose(stretch(mel, sources(np.arange(41.0), 40)), mel, atol=1e-6)
    twice = stretch(mel, sources(np.arange(41.0) * 2, 80))
    np.testing.assert_allclose(twice[1:-1:2], 0.75 * mel[:-1] + 0.25 * mel[1:], atol=1e-6)
