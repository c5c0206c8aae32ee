"""The resampler equals torchaudio's default, which f5-tts uses."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
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


@settings(max_examples=examples(40), deadline=None)
@given(length=st.integers(1, 400), rates=st.permutations([8000, 16000, 22050, 24000, 44100]))
def test_any_length_gives_the_same_length(length: int, rates: list[int]) -> None:
    samples = np.random.default_rng(length).uniform(-1, 1, length).astype(np.float32)
    check(samples, rates[0], rates[1])


@pytest.mark.parametrize(("rate", "new_rate"), [(44100, 24000), (8000, 24000), (24000, 44100)])
def test_blocks_of_long_audio_join_without_a_trace(rate: int, new_rate: int) -> None:
    check(np.random.default_rng(0).uniform(-1, 1, 700_001).astype(np.float32), rate, new_rate)


def test_rates_without_common_factor_agree() -> None:
    # torchaudio's kernel for 24000 -> 23993 has 0.6 G elements; a nearby rate with a smaller one
    # checks the same code.
    check(np.random.default_rng(0).uniform(-1, 1, 9_000).astype(np.float32), 2400, 2399)
    out = resample(np.ones(48_000, dtype=np.float32), 24_000, 23_993)
    assert len(out) == 47_986
    assert np.abs(out[100:-100] - 1).max() < 2e-3


PEAK = """
import resource, sys
import numpy as np
from worker.audio.resample import resample
rate, new_rate = map(int, sys.argv[1:])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resample(np.ones(rate, dtype=np.float32), rate, new_rate)
samples = np.ones(100 * rate, dtype=np.float32)
before = peak()
result = resample(samples, rate, new_rate)
print((peak() - before) * 1024 / (samples.nbytes + result.nbytes))
"""


@pytest.mark.parametrize(
    ("rate", "new_rate"),
    [(24000, 48000), pytest.param(48000, 24000, marks=pytest.mark.slow), (24000, 23993)],
)
def test_long_audio_takes_little_more_memory_than_its_own(rate: int, new_rate: int) -> None:
    """torchaudio takes 5 to 10 times as much for the first two, and hundreds for the last."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PEAK, str(rate), str(new_rate)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(run.stdout) < 2


def test_nothing_stays_nothing() -> None:
    assert len(resample(np.zeros(0, dtype=np.float32), 44100, 24000)) == 0
