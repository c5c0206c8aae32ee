"""A result's loudness and true peak: against pyloudnorm's figures, and for whatever sound."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from worker.audio.formats import AUDIO_FORMATS
from worker.audio.joins import CrossFade, NaturalJoins, Piece, join_all
from worker.audio.level import CEILING, TOLERANCE_LU, WORKING_LUFS, Levelled, to_loudness
from worker.audio.loud_file import amplified_file, loud_file
from worker.audio.loudness import loudness
from worker.audio.truepeak import limited, true_peak

RATE = 24_000
DEMO = Path(__file__).parents[3] / "assets" / "voices" / "demo.flac"
SPEECH, SPEECH_RATE = soundfile.read(DEMO, dtype="float32")
SOME = SPEECH[: 3 * SPEECH_RATE]


def test_loudness_is_that_of_pyloudnorm() -> None:
    """Its `Meter(rate, filter_class="DeMan")`, version 0.2.0, of the bundled voice: -26.1817."""
    assert loudness(SPEECH, SPEECH_RATE) == pytest.approx(-26.1817, abs=0.01)


@pytest.mark.parametrize("rate", [8000, 24_000, 48_000])
@pytest.mark.parametrize("level_db", [0.0, -20.0])
def test_a_sine_between_its_samples_peaks_where_it_does(rate: int, level_db: float) -> None:
    """A quarter of the rate at 45 degrees: its samples are 3 dB under its peak."""
    n = np.arange(rate)
    wave = (10 ** (level_db / 20) * np.sin(np.pi * n / 2 + np.pi / 4)).astype(np.float32)
    wave *= np.hanning(rate).astype(np.float32)
    assert 20 * np.log10(np.abs(wave).max()) == pytest.approx(level_db - 3.01, abs=0.01)
    assert 20 * np.log10(true_peak(wave, rate)) == pytest.approx(level_db, abs=0.05)


sounds = st.tuples(
    st.integers(0, 1 << 16), st.floats(0.05, 20), st.floats(0, 0.9), st.integers(1, 4)
)


def made(seed: int, gain: float, even: float, bursts: int) -> np.ndarray:
    """Noise that swells `bursts` times, with clicks in it; (n,) float32."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, RATE)
    wave = rng.standard_normal(RATE) * 0.1 * (even + (1 - even) * np.sin(np.pi * bursts * t) ** 2)
    wave[rng.integers(0, RATE, 5)] += rng.uniform(-1, 1, 5)
    return (gain * wave).astype(np.float32)


@settings(max_examples=examples(40), deadline=None)
@given(sounds, st.floats(-40, -5))
def test_a_sound_has_the_loudness_asked_for_and_no_peak_over_the_ceiling(
    sound: tuple[int, float, float, int], target: float
) -> None:
    from scipy.signal import resample_poly  # a second to import, for this test alone

    result = to_loudness(made(*sound), RATE, target, CEILING)
    assert true_peak(result.samples, RATE) <= CEILING
    finer = np.abs(resample_poly(result.samples.astype(np.float64), 8, 1)).max()
    assert 20 * np.log10(finer) < -1 + 0.05
    assert result.lufs == pytest.approx(loudness(result.samples, RATE))
    if target <= -23:
        assert abs((result.lufs or 0) - target) <= TOLERANCE_LU
    assert (result.lufs or 0) <= target + TOLERANCE_LU


@settings(max_examples=examples(40), deadline=None)
@given(sounds, st.floats(0.05, 1))
def test_the_limiter_leaves_what_is_under_its_ceiling(
    sound: tuple[int, float, float, int], ceiling: float
) -> None:
    samples = made(*sound)
    result = limited(samples, ceiling, RATE)
    assert true_peak(result, RATE) <= ceiling
    if true_peak(samples, RATE) <= ceiling:
        assert result is samples
    assert np.all(np.abs(result) <= np.abs(samples) + 1e-6)
    assert len(limited(samples[:0], ceiling, RATE)) == 0


@pytest.mark.parametrize("fmt", AUDIO_FORMATS)
def test_files_of_every_format_keep_it_as_they_are_played(fmt: str) -> None:
    rate = AUDIO_FORMATS[fmt].rate(SPEECH_RATE)
    for target in (-18.0, -8.0):
        file = loud_file(SOME, rate, fmt, target)
        played, at = soundfile.read(BytesIO(file.data), dtype="float32")
        assert true_peak(played, at) <= CEILING
        assert loudness(played, at) == pytest.approx(file.lufs, abs=0.1)
        assert (target == -8) or abs((file.lufs or 0) - target) <= TOLERANCE_LU
    piece = amplified_file(SOME, rate, fmt, 12.0)
    assert true_peak(*soundfile.read(BytesIO(piece), dtype="float32")) <= CEILING


@pytest.mark.parametrize("rule", [NaturalJoins(SPEECH_RATE), CrossFade(SPEECH_RATE, 0.15)])
def test_voices_of_a_script_have_one_level_and_no_click(
    rule: NaturalJoins | CrossFade,
) -> None:
    soft, loud = SPEECH * np.float32(0.1), SPEECH * np.float32(2)
    pieces = [Piece(soft, 0, "A"), Piece(loud, 0.3, "B"), Piece(soft[:2000], 0.3, "A")]
    joined, placed = join_all(Levelled(rule, SPEECH_RATE), pieces)
    levels = [loudness(one.samples, SPEECH_RATE) for one in placed[:2]]
    assert levels == pytest.approx([WORKING_LUFS] * 2, abs=0.1)
    quickest = np.abs(np.diff(SPEECH)).max() * 10 ** ((WORKING_LUFS + 26.18) / 20)
    assert np.abs(np.diff(joined)).max() <= quickest * 1.01


def test_what_cannot_be_measured_is_limited_alone() -> None:
    short = np.ones(2000, dtype=np.float32)
    result = to_loudness(short, RATE, -16, CEILING)
    assert result.lufs is None and true_peak(result.samples, RATE) <= CEILING
