"""The resampler equals torchaudio's default, which f5-tts uses."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.audio.resample import resample


def check(samples: np.ndarray, rate: int, new_rate: int) -> None:
    expected = torchaudio.transforms.Resample(rate, new_rate)(torch.from_numpy(samples)).numpy()
    ours = resample(samples, rate, new_rate)
    assert ours.dtype == np.float32
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("rate", "new_rate"),
    [
        (44100, 24000), (48000, 24000), (22050, 24000), (16000, 24000), (8000, 24000),
        (96000, 24000), (11025, 24000), (24000, 8000), (24000, 16000), (24000, 22050),
        (24000, 44100), (24000, 48000), (32000, 24000), (24000, 24000),
    ],
)  # fmt: skip
def test_equal_within_a_millionth(rate: int, new_rate: int) -> None:
    check(np.random.default_rng(0).uniform(-1, 1, 20_011).astype(np.float32), rate, new_rate)


@settings(max_examples=40, deadline=None)
@given(length=st.integers(1, 400), rates=st.permutations([8000, 16000, 22050, 24000, 44100]))
def test_any_length_gives_the_same_length(length: int, rates: list[int]) -> None:
    samples = np.random.default_rng(length).uniform(-1, 1, length).astype(np.float32)
    check(samples, rates[0], rates[1])


def test_rates_without_common_factor_need_little_memory_and_agree() -> None:
    # torchaudio's kernel for 24000 -> 23993 has 0.6 G elements; a nearby rate with a smaller one
    # checks the same code path.
    check(np.random.default_rng(0).uniform(-1, 1, 9_000).astype(np.float32), 2400, 2399)
    started = time.process_time()
    out = resample(np.ones(48_000, dtype=np.float32), 24_000, 23_993)
    assert len(out) == 47_986
    assert np.abs(out[100:-100] - 1).max() < 2e-3
    assert time.process_time() - started < 5


def test_nothing_stays_nothing() -> None:
    assert len(resample(np.zeros(0, dtype=np.float32), 44100, 24000)) == 0
