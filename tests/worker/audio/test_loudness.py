"""Loudness against the figures of ITU-R BS.1770 itself."""

from __future__ import annotations

import numpy as np
import pytest

from worker.audio.loudness import filters, loudness

RATES = [8000, 16000, 22050, 24000, 44100, 48000]


def sine(rate: int, seconds: float, level_db: float = 0.0, hertz: float = 997) -> np.ndarray:
    t = np.arange(round(rate * seconds)) / rate
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


def test_the_filters_at_48_khz_are_those_the_standard_prints() -> None:
    (shelf, shelf_below), (high, high_below) = filters(48000)
    assert shelf == pytest.approx([1.53512485958697, -2.69169618940638, 1.19839281085285])
    assert shelf_below == pytest.approx([1, -1.69065929318241, 0.73248077421585])
    assert high == pytest.approx([1, -2, 1])
    assert high_below == pytest.approx([1, -1.99004745483398, 0.99007225036621])


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("level_db", [0.0, -23.0, -60.0])
def test_a_sine_has_the_loudness_the_standard_says(rate: int, level_db: float) -> None:
    assert loudness(sine(rate, 5, level_db), rate) == pytest.approx(level_db - 3.01, abs=0.05)


def test_pauses_do_not_count_and_neither_do_quiet_parts() -> None:
    loud, quiet = sine(24000, 4, -20), sine(24000, 4, -40)
    alone = loudness(loud, 24000)
    for rest in (np.zeros(24000 * 4, dtype=np.float32), quiet):
        assert loudness(np.concatenate([loud, rest]), 24000) == pytest.approx(alone, abs=0.5)


def test_low_tones_count_less_and_high_ones_more() -> None:
    levels = [loudness(sine(48000, 2, hertz=hertz), 48000) for hertz in (30, 997, 6000)]
    assert levels == sorted(levels, key=lambda level: level or 0.0)


@pytest.mark.parametrize("seconds", [0.4, 0.5, 1.0, 3.3])
def test_short_sound_is_measured_as_long_sound_is(seconds: float) -> None:
    assert loudness(sine(24000, seconds, -20), 24000) == pytest.approx(-23, abs=0.2)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, dtype=np.float32),
        sine(24000, 0.39),
        np.zeros(48000, dtype=np.float32),
        np.full(48000, np.nan, dtype=np.float32),
        sine(24000, 2, -90),
    ],
    ids=["empty", "short", "silent", "nan", "inaudible"],
)
def test_what_cannot_be_measured_has_no_loudness(samples: np.ndarray) -> None:
    assert loudness(samples, 24000) is None
