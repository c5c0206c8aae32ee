"""The nearest of several mels is the one that says the same, however fast and in whatever level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.training.sounds import speech_mel
from training.judge.retrieval import dtw, match

SENTENCES = [speech_mel(seed, frames) for seed, frames in enumerate((120, 128, 136, 120, 112, 130))]


def warped(mel: np.ndarray, bend: float, stretch: float) -> np.ndarray:
    """Time runs unevenly (`bend`, -0.8 to 0.8) and is longer by `stretch`."""
    frames = int(len(mel) * stretch)
    t = np.linspace(0, 1, frames)
    places = t + bend * t * (1 - t) / 2
    return mel[np.clip((places * len(mel)).astype(int), 0, len(mel) - 1)]


@given(
    right=st.integers(0, len(SENTENCES) - 1),
    bend=st.floats(-0.6, 0.6),
    stretch=st.floats(0.85, 1.2),
    level=st.floats(-3, 3),
    noise=st.floats(0, 0.8),
)
@settings(max_examples=examples(40), deadline=None)
def test_a_warped_version_is_nearest_to_its_original(
    right: int, bend: float, stretch: float, level: float, noise: float
) -> None:
    mel = warped(SENTENCES[right], bend, stretch) + level
    mel = mel + noise * np.random.default_rng(0).standard_normal(mel.shape)
    found = match(mel.astype(np.float32), SENTENCES)
    assert found.nearest == right
    assert found.margin(right) > 0


def test_the_same_mel_is_at_distance_zero_and_a_wrong_one_has_a_negative_margin() -> None:
    found = match(SENTENCES[2], SENTENCES)
    assert found.distances[2] == pytest.approx(0, abs=1e-3)
    assert found.margin(2) == pytest.approx(1, abs=0.01)
    assert found.margin(0) < 0


def slow_dtw(a: np.ndarray, b: np.ndarray) -> float:
    """The recurrence as printed, without a band."""
    cost = np.linalg.norm(a[:, None] - b[None], axis=-1)
    total = np.full((len(a) + 1, len(b) + 1), np.inf)
    total[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            steps = (
                total[i, j + 1] + cost[i, j],
                total[i + 1, j] + cost[i, j],
                total[i, j] + 2 * cost[i, j],
            )
            total[i + 1, j + 1] = min(steps)
    return float(total[-1, -1] / (len(a) + len(b)))


def test_all_candidates_at_once_give_what_one_cell_at_a_time_gives() -> None:
    rng = np.random.default_rng(1)
    # Close to each other, so that no best path leaves the band.
    base = np.cumsum(rng.standard_normal((40, 3)), axis=0).astype(np.float32)
    query = base + 0.05 * rng.standard_normal(base.shape).astype(np.float32)
    candidates = [base, base[2:38], np.repeat(base, 2, axis=0)[5:75]]
    expected = [slow_dtw(query, candidate) for candidate in candidates]
    assert dtw(query, candidates) == pytest.approx(expected, rel=1e-3)
