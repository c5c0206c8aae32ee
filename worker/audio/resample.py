"""Sample rate conversion, equal to `torchaudio.transforms.Resample` with its defaults.

A Hann-windowed sinc of width 6 and roll-off 0.99 (torchaudio
`functional.resample`, `sinc_interp_hann`); f5-tts resamples its references so. Written with numpy,
so that no torchaudio is needed at run time. Equal within 1e-6 of full scale (tested).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_ZERO_CROSSINGS = 6
_ROLLOFF = 0.99
_MAX_DENSE = 1 << 20  # elements of a whole kernel; rates with no common factor need far more
_BLOCK = 1 << 20  # elements of one gathered block, 4 MiB


def resample(samples: Samples, rate: int, new_rate: int) -> Samples:
    """`samples` (n,) fp32 at `rate` Hz to (ceil(n * new_rate / rate),) at `new_rate` Hz."""
    if rate <= 0 or new_rate <= 0:
        raise ValueError("a sample rate must be positive")
    if rate == new_rate or not len(samples):
        return samples.astype(np.float32, copy=False)
    divisor = math.gcd(rate, new_rate)
    old, new = rate // divisor, new_rate // divisor
    length = -(-len(samples) * new // old)
    width = _half_width(old, new)
    if new * (2 * width + old) <= _MAX_DENSE:
        return _dense(samples, old, new, width, length)
    return _sparse(samples, old, new, width, length)


def _half_width(old: int, new: int) -> int:
    return math.ceil(_ZERO_CROSSINGS * old / (min(old, new) * _ROLLOFF))


def _weights(t: NDArray[np.float64], base: float, old: int) -> Samples:
    """The windowed sinc at `t` periods of the reduced rate."""
    t = np.clip(t * base, -_ZERO_CROSSINGS, _ZERO_CROSSINGS)
    window = np.cos(t * (math.pi / _ZERO_CROSSINGS / 2)) ** 2
    weights: Samples = (np.sinc(t) * window * (base / old)).astype(np.float32)
    return weights


def _phases(new: int) -> NDArray[np.float64]:
    # torchaudio divides integers into fp32 here and goes on in fp64.
    return (np.arange(new) / new).astype(np.float32).astype(np.float64)


@lru_cache(maxsize=16)
def _dense_kernel(old: int, new: int, width: int) -> Samples:
    """(2 * width + old, new): every phase's weights over one period of input."""
    positions = np.arange(-width, width + old) / old
    kernel = _weights(positions[:, None] - _phases(new), min(old, new) * _ROLLOFF, old)
    kernel.setflags(write=False)
    return kernel


def _dense(samples: Samples, old: int, new: int, width: int, length: int) -> Samples:
    kernel = _dense_kernel(old, new, width)
    taps = len(kernel)
    periods = -(-length // new)
    padded = np.zeros((periods - 1) * old + taps, dtype=np.float32)
    used = min(len(samples), len(padded) - width)
    padded[width : width + used] = samples[:used]
    step = padded.strides[0]
    windows = as_strided(padded, (periods, taps), (old * step, step), writeable=False)
    out = np.empty((periods, new), dtype=np.float32)
    rows = max(1, _BLOCK // taps)
    for i in range(0, periods, rows):
        out[i : i + rows] = np.ascontiguousarray(windows[i : i + rows]) @ kernel
    return out.reshape(-1)[:length]


@lru_cache(maxsize=2)
def _sparse_kernel(old: int, new: int, width: int) -> tuple[NDArray[np.int64], Samples]:
    """Of every phase: the first input sample it uses, and its (2 * width + 2) weights."""
    firsts = np.arange(new) * old // new - width
    taps = firsts[:, None] + np.arange(2 * width + 2)
    kernel = _weights(taps / old - _phases(new)[:, None], min(old, new) * _ROLLOFF, old)
    kernel.setflags(write=False)
    return firsts, kernel


def _sparse(samples: Samples, old: int, new: int, width: int, length: int) -> Samples:
    firsts, kernel = _sparse_kernel(old, new, width)
    taps = kernel.shape[1]
    padded = np.pad(samples.astype(np.float32, copy=False), (width, 2 * width + old + taps))
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps)
    out = np.empty(length, dtype=np.float32)
    rows = max(1, _BLOCK // taps)
    for i in range(0, length, rows):
        index = np.arange(i, min(i + rows, length))
        period, phase = np.divmod(index, new)
        starts = period * old + firsts[phase] + width
        out[i : i + rows] = np.einsum("ij,ij->i", windows[starts], kernel[phase])
    return out
