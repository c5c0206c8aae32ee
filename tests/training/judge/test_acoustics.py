"""Pitch, centroid and length of sounds whose pitch, centroid and length are known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.sounds import RATE, tone, vowels
from training.judge.acoustics import measure, pitch_track, spectral_centroid, speech_seconds


@pytest.mark.parametrize("pitch", [62.0, 95.5, 123.4, 210.0, 333.3, 480.0])
@pytest.mark.parametrize("harmonics", [1, 12])
def test_the_pitch_of_a_tone_is_found(pitch: float, harmonics: int) -> None:
    track = pitch_track(tone(pitch, harmonics=harmonics))
    assert np.nanmedian(track) == pytest.approx(pitch, rel=0.005)
    assert np.isfinite(track).mean() > 0.9


@pytest.mark.parametrize("pitch", [80.0, 150.0, 260.0])
def test_the_pitch_of_changing_vowels_is_found(pitch: float) -> None:
    assert measure(vowels(1, pitch)).pitch == pytest.approx(pitch, rel=0.01)


def test_noise_and_silence_have_no_pitch() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert np.isfinite(pitch_track(noise)).mean() < 0.05
    assert not np.isfinite(pitch_track(np.zeros(RATE, dtype=np.float32))).any()
    assert np.isnan(measure(np.zeros(100, dtype=np.float32)).pitch)


def test_the_centroid_of_a_single_frequency_is_that_frequency() -> None:
    assert spectral_centroid(tone(1000.0, harmonics=1)) == pytest.approx(1000, rel=0.01)
    assert spectral_centroid(tone(200.0)) > spectral_centroid(tone(200.0, harmonics=3))


def test_silence_at_the_ends_is_not_speech() -> None:
    quiet = np.zeros(RATE // 2, dtype=np.float32)
    sound = np.concatenate((quiet, tone(150.0, seconds=1.0), quiet))
    assert speech_seconds(sound) == pytest.approx(1.0, abs=0.011)
    assert speech_seconds(quiet) == 0.0
