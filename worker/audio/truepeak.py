"""True peak: how high sound goes between its samples, and a limiter that keeps it below a ceiling.

Measured as ITU-R BS.1770-5 annex 2 says: at 192 kHz, four times the standard's 48 kHz, or a little
more. The filter is a windowed sinc, longer than the one that the standard prints; the samples
themselves are one of its phases.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples

_FINE_HZ, _LEAST_PHASES = 192_000, 4
_TAPS = 32  # of each phase
_BLOCK = 1 << 15  # samples that pass at once: 4 MiB of windows
_STEP_S = 0.001  # the limiter's grid
_AHEAD = 20  # steps: the gain falls and rises within this time, too slowly to be heard as a click
_SAFE = 0.9999  # what rounding to fp32 may add


def true_peak(samples: Samples, sample_rate: int) -> float:
    """The highest magnitude of (n,) samples and of what lies between them; 0 of none."""
    return max(
        (float(block.max(initial=0.0)) for block in _peaks(samples, sample_rate)), default=0.0
    )


def limited(samples: Samples, ceiling: float, sample_rate: int) -> Samples:
    """(n,) samples whose true peak is at most `ceiling`, 0 to 1; as they were where it is anyway.

    Loud places are made softer with a gain that changes over 20 ms; all else stays.
    """
    peaks = np.concatenate([*_peaks(samples, sample_rate), np.zeros(0, dtype=np.float32)])
    if peaks.max(initial=0.0) <= ceiling:
        return samples
    result = samples * _gains(peaks, ceiling, max(1, round(_STEP_S * sample_rate)))
    highest = true_peak(result, sample_rate)  # a gain that moves adds a little between the samples
    return result * np.float32(_SAFE * ceiling / highest) if highest > ceiling else result


def _gains(peaks: Samples, ceiling: float, step: int) -> Samples:
    """The gain of each sample, from what each may have at most."""
    count = -(-len(peaks) // step)
    padded = np.zeros(count * step, dtype=np.float32)
    padded[: len(peaks)] = peaks
    highest = padded.reshape(count, step).max(axis=1)
    most = np.minimum(1.0, _SAFE * ceiling / np.maximum(highest, 1e-9))
    # Between two steps the gain is a straight line, so a step also looks at its neighbours.
    reach = _AHEAD + 1
    least = _windows(np.pad(most, reach, constant_values=1.0), 2 * reach + 1).min(axis=1)
    smooth = _windows(np.pad(least, _AHEAD, mode="edge"), 2 * _AHEAD + 1) @ _bell()
    centres = (np.arange(count) + 0.5) * step
    gains = np.interp(np.arange(len(peaks)), centres, smooth)
    return gains.astype(np.float32)


def _bell() -> NDArray[np.float64]:
    window: NDArray[np.float64] = np.hanning(2 * _AHEAD + 3)[1:-1]
    window /= window.sum()
    return window


def _windows(values: NDArray[np.floating], size: int) -> NDArray[np.floating]:
    return np.lib.stride_tricks.sliding_window_view(values, size)


def _peaks(samples: Samples, sample_rate: int) -> list[Samples]:
    """Of each sample the highest magnitude of it and of the points up to the next."""
    half = _TAPS // 2
    kernel = _kernel(max(_LEAST_PHASES, -(-_FINE_HZ // sample_rate)))
    padded = np.pad(samples.astype(np.float32, copy=False), (half - 1, half))
    found = []
    for i in range(0, len(samples), _BLOCK):
        own = np.abs(samples[i : i + _BLOCK])
        windows = _windows(padded[i : i + len(own) + _TAPS - 1], _TAPS)
        between = np.abs(np.ascontiguousarray(windows) @ kernel).max(axis=1)
        found.append(np.maximum(own, between))
    return found


@lru_cache(maxsize=8)
def _kernel(phases: int) -> NDArray[np.float32]:
    """(taps, phases - 1): weights for the points that divide the way to the next sample evenly."""
    half = _TAPS // 2
    places = np.arange(1 - half, half + 1)[:, None]
    distance = places - np.arange(1, phases) / phases
    window = np.i0(8.0 * np.sqrt(np.maximum(0.0, 1 - (distance / half) ** 2))) / np.i0(8.0)
    kernel: NDArray[np.float64] = np.sinc(distance) * window
    kernel /= kernel.sum(axis=0)
    return kernel.astype(np.float32)
