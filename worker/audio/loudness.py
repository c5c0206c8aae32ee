"""Loudness of mono sound as ITU-R BS.1770-5 measures it, in LUFS.

torchaudio's own `loudness` is not used: measured here it took 2 s for each second of sound (its
filter is a Python loop without its compiled part), gave a sine of full scale -3.28 instead of the
-3.01 LUFS of the standard, and raised an error for less than 0.4 s.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples

_OFFSET = -0.691  # the standard's: a sine of 997 Hz has the same level with and without weighting
_BLOCK_S, _HOP_S = 0.4, 0.1
_ABSOLUTE_GATE = -70.0  # LUFS
_RELATIVE_GATE = -10.0  # LU

# The standard's two filters at 48 kHz come of these analogue ones: a shelf for the head, a
# high pass for the ear. (hertz, quality, gain in dB, exponent of the gain at the corner)
_SHELF = (1681.974450955533, 0.7071752369554196, 3.999843853973347, 0.4996667741545416)
_HIGH_PASS = (38.13547087602444, 0.5003270373238773)


def loudness(samples: Samples, sample_rate: int) -> float | None:
    """Loudness of (n,) mono samples of full scale 1 in LUFS.

    Returns: None where there is nothing to measure: less than 0.4 s, silence, or NaN.
    """
    return gated(block_powers(samples, sample_rate))


def block_powers(samples: Samples, sample_rate: int) -> NDArray[np.float64]:
    """The weighted power of each block of 0.4 s, one every 0.1 s; none of less than 0.4 s."""
    hop = round(_HOP_S * sample_rate)
    hops_in_block = round(_BLOCK_S / _HOP_S)
    hops = len(samples) // hop
    if hops < hops_in_block:
        return np.zeros(0)
    with np.errstate(invalid="ignore", over="ignore"):
        spectrum = np.fft.rfft(
            samples[: hops * hop].astype(np.float32, copy=False).reshape(-1, hop)
        )
        energy = (spectrum.real**2 + spectrum.imag**2) @ _weights(sample_rate, hop)
    running = np.concatenate(([0.0], np.cumsum(energy, dtype=np.float64)))
    power: NDArray[np.float64] = running[hops_in_block:] - running[:-hops_in_block]
    return power / (hops_in_block * hop)


def gated(power: NDArray[np.float64]) -> float | None:
    """Loudness in LUFS of the blocks that the standard's two gates let through; None if none is."""
    kept = power[power > _power(_ABSOLUTE_GATE)]
    if not len(kept):
        return None
    kept = kept[kept > _power(_lufs(float(kept.mean())) + _RELATIVE_GATE)]
    return _lufs(float(kept.mean()))


def _lufs(power: float) -> float:
    return _OFFSET + 10 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))


@lru_cache(maxsize=4)
def _weights(sample_rate: int, size: int) -> NDArray[np.float32]:
    """What the power of each bin of a transform of `size` samples adds to their weighted energy.

    By Parseval's theorem: no sample is filtered. What the filters would carry from one transform
    into the next counts where it came from, which moves the loudness of speech by under 0.01 LU.
    """
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    power = np.full(len(z), 2.0 / size)  # bins stand for those of negative frequency, too
    power[0] = 1 / size
    if size % 2 == 0:
        power[-1] = 1 / size
    for b, a in filters(sample_rate):
        power *= np.abs(np.polyval(b[::-1], z) / np.polyval(a[::-1], z)) ** 2
    return power.astype(np.float32)


def filters(sample_rate: int) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """(numerator, denominator) of both filters at a rate in Hz, by the bilinear transform."""
    hertz, quality, gain_db, exponent = _SHELF
    k = math.tan(math.pi * hertz / sample_rate)
    high = 10 ** (gain_db / 20)
    corner = high**exponent
    norm = 1 + k / quality + k * k
    shelf = np.array(
        [
            high + corner * k / quality + k * k,
            2 * (k * k - high),
            high - corner * k / quality + k * k,
        ]
    )
    shelf_below = np.array([norm, 2 * (k * k - 1), 1 - k / quality + k * k])
    hertz, quality = _HIGH_PASS
    k = math.tan(math.pi * hertz / sample_rate)
    pass_norm = 1 + k / quality + k * k
    below = np.array([pass_norm, 2 * (k * k - 1), 1 - k / quality + k * k]) / pass_norm
    return [(shelf / norm, shelf_below / norm), (np.array([1.0, -2.0, 1.0]), below)]
