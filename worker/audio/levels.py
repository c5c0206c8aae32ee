"""How loud a recording is, on a grid of milliseconds, measured while it passes in blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.audio.pcm import Pcm

BLOCK = 1 << 16  # frames to measure at a time, to stay in the processor's cache

Energy = NDArray[np.int64]  # of each frame: the squares of all channels, summed


def energy(pcm: Pcm, width: int) -> Energy:
    """The energy of (frames, channels) integers of `width` bytes.

    32-bit samples lose their lowest 8 bits, so that a window's sum fits 64 bits.
    """
    values = pcm.astype(np.int64)
    if width == 4:
        values >>= 8
    summed: Energy = np.einsum("ij,ij->i", values, values)
    return summed


def length_ms(frames: int, rate: int) -> int:
    """Frames to milliseconds, rounded as pydub's `len` does."""
    return round(1000 * (frames / rate))


def frame_at(ms: NDArray[np.int64], rate: int) -> NDArray[np.int64]:
    """The frame at which pydub slices for `ms`."""
    return (ms * (rate / 1000.0)).astype(np.int64)


def one_frame(ms: int, rate: int) -> int:
    """`frame_at` of one position."""
    return int(ms * (rate / 1000.0))


@dataclass(frozen=True, eq=False)
class Levels:
    """Loudness of any stretch of a recording in constant time.

    `sums[ms]`: the energy before that millisecond, modulo 2**64; differences stay right.
    """

    frames: int
    channels: int
    width: int
    rate: int
    sums: NDArray[np.uint64]

    @property
    def full_scale(self) -> float:
        return float(1 << (8 * self.width - 1))

    @property
    def ms(self) -> int:
        """Length as pydub's `len(segment)`."""
        return length_ms(self.frames, self.rate)

    def rms(self, begin: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
        """Integer RMS of the windows [begin, end) in ms; past the recording's end are zeros."""
        frames = frame_at(end, self.rate) - frame_at(begin, self.rate)
        count = np.maximum(frames * self.channels, 1)
        unit = 256.0 if self.width == 4 else 1.0
        power = (self.sums[end] - self.sums[begin]) / count
        rms: NDArray[np.float64] = np.floor(np.sqrt(power) * unit)
        return rms


class Meter:
    """Makes `Levels` of a recording of which it sees one block after the other."""

    def __init__(self, width: int, rate: int, channels: int) -> None:
        self._width, self._rate, self._channels = width, rate, channels
        self._parts: list[Energy] = []
        self._next_ms = 0
        self._total = np.zeros(1, dtype=np.int64)
        self.frames = 0

    def add(self, block: Energy) -> None:
        """The energy of the next frames."""
        sums = np.concatenate((self._total, block))
        np.cumsum(sums, out=sums)
        last = self.frames + len(block)
        beyond = length_ms(last, self._rate) + 2
        grid = frame_at(np.arange(self._next_ms, beyond, dtype=np.int64), self._rate)
        grid = grid[grid <= last]
        self._parts.append(sums[grid - self.frames])
        self._next_ms += len(grid)
        self._total, self.frames = sums[-1:].copy(), last

    def levels(self) -> Levels:
        """Of all frames so far."""
        missing = max(0, length_ms(self.frames, self._rate) + 1 - self._next_ms)
        sums = np.concatenate([*self._parts, np.repeat(self._total, missing)])
        return Levels(self.frames, self._channels, self._width, self._rate, sums.view(np.uint64))
