"""Samples as integers, as pydub holds them, and as fp32."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples
from errors import VoiceUnusable

# (frames, channels): integers of a `width` in bytes: 8-bit files have width 1 (in an int16 array),
# 24 and 32-bit files width 4, all others, lossy ones too, width 2.
Pcm = NDArray[np.integer[Any]]


def integers(block: NDArray[Any], width: int) -> Pcm:
    """(frames, channels) as soundfile reads them to integers of `width` bytes.

    Raises:
        VoiceUnusable: NaN or infinite samples.
    """
    if width == 1:
        narrow: Pcm = block.astype(np.int16) >> np.int16(8)
        return narrow
    if np.issubdtype(block.dtype, np.integer):
        return block.astype(np.int32 if width == 4 else np.int16, copy=False)
    floats = block.astype(np.float32, copy=False)
    if not np.isfinite(floats).all():
        raise VoiceUnusable(
            "The voice file holds NaN or infinite samples.", "Export it again as 16-bit wav."
        )
    with np.errstate(over="ignore"):  # what is too large is clipped
        scaled = np.rint(floats * np.float32(32768))
    rounded: Pcm = np.clip(scaled, -32768, 32767).astype(np.int16)
    return rounded


def to_mono(pcm: Pcm, width: int) -> Samples:
    """(frames, channels) integers of `width` bytes to (frames,) fp32, the mean of all channels,
    within -1..1 as `torchaudio.load` scales."""
    scaled = pcm.astype(np.float32) * np.float32(1 / (1 << (8 * width - 1)))
    return scaled[:, 0] if scaled.shape[1] == 1 else scaled.mean(axis=1, dtype=np.float32)


def quantise(samples: NDArray[np.floating]) -> NDArray[np.int16]:
    """Samples to 16 bits as soundfile writes them: clipped, rounded down."""
    scaled = np.clip(np.rint(samples.astype(np.float64) * 2**31), -(2**31), 2**31 - 1)
    return (scaled.astype(np.int64) >> 16).astype(np.int16)
