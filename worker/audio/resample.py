"""Sample rate conversion by torchaudio's `Resample` with its defaults, which f5-tts uses.

Two things are added. Long audio passes in blocks: whole, torchaudio needs ten times its memory. And
for rates without a large common factor, such as 24000 and 23993, torchaudio's kernel would take
gigabytes: there each sample gets its own weights. Both equal torchaudio within 1e-6 (tested).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.chunk import Samples

_ZERO_CROSSINGS = 6  # torchaudio's `lowpass_filter_width`
_ROLLOFF = 0.99
_MAX_KERNEL = 1 << 20  # elements, 4 MiB; beyond it one sample after the other is faster
_BLOCK = 1 << 18  # input samples that pass at once, 1 MiB
_GATHERED = 1 << 20  # elements of the windows gathered at once, 4 MiB


def resample(samples: Samples, rate: int, new_rate: int) -> Samples:
    """`samples` (n,) fp32 at `rate` Hz to (ceil(n * new_rate / rate),) at `new_rate` Hz."""
    if rate <= 0 or new_rate <= 0:
        raise ValueError("a sample rate must be positive")
    if rate == new_rate or not len(samples):
        return samples.astype(np.float32, copy=False)
    divisor = math.gcd(rate, new_rate)
    old, new = rate // divisor, new_rate // divisor
    out = np.empty(-(-len(samples) * new // old), dtype=np.float32)
    width = math.ceil(_ZERO_CROSSINGS * old / (min(old, new) * _ROLLOFF))
    if new * (2 * width + old) <= _MAX_KERNEL:
        _by_torchaudio(samples, old, new, width, out)
    else:
        _one_by_one(samples, old, new, width, out)
    return out


def _by_torchaudio(samples: Samples, old: int, new: int, width: int, out: Samples) -> None:
    import torch  # loaded with the engine; the worker starts without it

    resampler = _resampler(old, new)
    margin = -(-width // old)  # periods of input beside a block that its edges depend on
    step = max(1, _BLOCK // old)
    for period in range(0, -(-len(out) // new), step):
        first = max(0, period - margin)
        block = torch.tensor(samples[first * old : (period + step + margin) * old])
        kept = out[period * new : (period + step) * new]
        kept[:] = resampler(block).numpy()[(period - first) * new :][: len(kept)]


@lru_cache(maxsize=8)
def _resampler(old: int, new: int) -> Any:
    """torchaudio's resampler with its kernel, at most 4 MiB."""
    from torchaudio.transforms import Resample

    return Resample(old, new)


def _one_by_one(samples: Samples, old: int, new: int, width: int, out: Samples) -> None:
    firsts, kernel = _sparse_kernel(old, new, width)
    taps = kernel.shape[1]
    padded = np.pad(samples.astype(np.float32, copy=False), (width, 2 * width + old + taps))
    windows = sliding_window_view(padded, taps)
    rows = _GATHERED // taps
    for i in range(0, len(out), rows):
        period, phase = np.divmod(np.arange(i, min(i + rows, len(out))), new)
        starts = period * old + firsts[phase] + width
        np.einsum("ij,ij->i", windows[starts], kernel[phase], out=out[i : i + rows])


@lru_cache(maxsize=2)
def _sparse_kernel(old: int, new: int, width: int) -> tuple[NDArray[np.int64], Samples]:
    """Of each phase the first input sample it uses, and its weights, (new, 2 * width + 2). The
    weights are a sinc under a Hann window, scaled as torchaudio does."""
    firsts = np.arange(new) * old // new - width
    taps = firsts[:, None] + np.arange(2 * width + 2)
    # torchaudio divides integers into fp32 here and goes on in fp64.
    phases = (np.arange(new) / new).astype(np.float32).astype(np.float64)
    base = min(old, new) * _ROLLOFF
    t = np.clip((taps / old - phases[:, None]) * base, -_ZERO_CROSSINGS, _ZERO_CROSSINGS)
    window = np.cos(t * (math.pi / _ZERO_CROSSINGS / 2)) ** 2
    return firsts, (np.sinc(t) * window * (base / old)).astype(np.float32)
