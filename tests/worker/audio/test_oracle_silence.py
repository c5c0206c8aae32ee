"""remove_silence leaves what f5-tts's remove_silence_for_generated_wav leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from standins.oracle import f5
from tests.worker.audio.signals import bursts
from worker.audio.pcm import quantise
from worker.audio.silence import moved, remove_silence

PLANS = {
    "pauses": [(2, 0.4), (2.5, 0.0), (1, 0.3), (1.2, 0.001), (2, 0.5), (3, 0.0)],
    "no pause": [(2.005, 0.4)],
    "short": [(0.4, 0.4)],
    "leading": [(3, 0.0), (1, 0.5)],
}


@pytest.mark.parametrize("rate", [22050, 24000])
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_same_samples(tmp_path: Path, plan: list[tuple[float, float]], rate: int) -> None:
    samples = bursts(plan, rate)[:, 0].astype(np.float32)
    path = tmp_path / "out.wav"
    soundfile.write(path, samples, rate)
    f5().infer.remove_silence_for_generated_wav(str(path))
    expected, _ = soundfile.read(path, dtype="int16")
    ours, kept = remove_silence(samples, rate)
    np.testing.assert_array_equal(quantise(ours), expected)
    assert sum(end - start for start, end in kept) == pytest.approx(len(ours) / rate, abs=2e-3)


def test_silence_throughout_stays_whole() -> None:
    samples = np.zeros(72000, dtype=np.float32)
    ours, kept = remove_silence(samples, 24000)
    assert len(ours) == 72000
    assert kept == ((0.0, 3.0),)


def test_instants_move_with_what_was_removed() -> None:
    kept = ((0.0, 2.0), (5.0, 6.0))
    assert [moved(t, kept) for t in (0.0, 1.5, 2.0, 4.0, 5.0, 5.5, 9.0)] == [
        0.0, 1.5, 2.0, 2.0, 2.0, 2.5, 3.0,
    ]  # fmt: skip


def test_quantise_is_what_soundfile_writes(tmp_path: Path) -> None:
    samples = np.concatenate(
        (np.random.default_rng(1).uniform(-1.3, 1.3, 50_000), [1.0, -1.0, 0.0, 0.999_999])
    ).astype(np.float32)
    soundfile.write(tmp_path / "x.wav", samples, 24000)
    expected, _ = soundfile.read(tmp_path / "x.wav", dtype="int16")
    np.testing.assert_array_equal(quantise(samples), expected)
