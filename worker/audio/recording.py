"""A decoded recording of any length in little memory.

Of the whole it keeps how loud each millisecond is (`Levels`, 5 MB for ten minutes), of its start
the sound itself. A clip is taken from there; one that lies later, behind a long silence, is decoded
again up to its end.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples
from worker.audio.levels import BLOCK, Energy, Levels, Meter, energy
from worker.audio.pcm import Pcm, to_mono
from worker.audio.pieces import Number, Piece, take

Again = Callable[[], Generator[Pcm, None, None]]

_HEAD_FRAMES = 1_400_000  # kept of a start: 29 s at 48 kHz, 16 MiB as `Sound`


@dataclass(frozen=True, eq=False)
class Sound:
    """Frames of a recording: `samples` (n,) fp32 mono within -1..1, and the `energy` (n,) of
    integers of `width` bytes in `channels`."""

    samples: Samples
    energy: Energy
    width: int
    channels: int

    def __len__(self) -> int:
        return len(self.samples)

    def fill(self, first: int, pcm: Pcm) -> None:
        """Puts `pcm`, integers of `width` bytes, in at `first`."""
        self.samples[first : first + len(pcm)] = to_mono(pcm, self.width)
        self.energy[first : first + len(pcm)] = energy(pcm, self.width)

    def pieces(self, pieces: list[Piece]) -> Sound:
        """The pieces joined; zeros where one reaches past the end."""
        return replace(self, samples=take(self.samples, pieces), energy=take(self.energy, pieces))

    def levels(self, rate: int, *, backwards: bool = False) -> Levels:
        """How loud it is, from its start or from its end."""
        meter = Meter(self.width, rate, self.channels)
        order = self.energy[::-1] if backwards else self.energy
        for i in range(0, len(order), BLOCK):
            meter.add(order[i : i + BLOCK])
        return meter.levels()


def _widened(pcm: Pcm, width: int) -> Pcm:
    """At least 16 bits, to which pydub widens 8-bit pieces when it joins them."""
    wide: Pcm = pcm << np.int16(8) if width == 1 else pcm
    return wide


def _quiet(frames: int, width: int, channels: int) -> Sound:
    samples, energies = _zeros(frames, np.float32), _zeros(frames, np.int64)
    return Sound(samples, energies, width, channels)


def _zeros(count: int, dtype: type[Number]) -> NDArray[Number]:
    """Zeros that go back to the system as soon as nobody uses them.

    The C library would keep them, on a CPU by the engine's wish.
    """
    if not count:
        return np.zeros(0, dtype=dtype)
    memory = mmap.mmap(-1, count * np.dtype(dtype).itemsize)
    return np.frombuffer(memory, dtype=dtype)


@dataclass(frozen=True, eq=False)
class Recording:
    """A voice file that was decoded once. `peak` is of full scale; `extension` without its dot;
    `warnings`: what was mended to read it. `lacks`: what is missing at its end, a clause, empty
    where it is whole; `declared_s`: how long it should be then, seconds."""

    levels: Levels
    peak: float
    extension: str
    _head: Sound
    _again: Again
    warnings: tuple[str, ...] = ()
    lacks: str = ""
    declared_s: float = 0.0

    @property
    def sample_rate(self) -> int:
        return self.levels.rate

    @property
    def frames(self) -> int:
        return self.levels.frames

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate

    def take(self, pieces: list[Piece]) -> Sound:
        """The pieces [begin, end) in frames, in order, joined; zeros past the recording's end."""
        end = max((end for _, end in pieces), default=0)
        if len(self._head) >= min(end, self.frames):
            return self._head.pieces(pieces)
        return self._decoded_again(pieces, end)

    def mono(self) -> Iterator[Samples]:
        """All of it as fp32 mono within -1..1, block by block; a long one is decoded again."""
        if len(self._head) >= self.frames:
            yield from (self._head.samples[i : i + BLOCK] for i in range(0, self.frames, BLOCK))
            return
        with closing(self._again()) as blocks:
            yield from (to_mono(block, self.levels.width) for block in blocks)

    def _decoded_again(self, pieces: list[Piece], end: int) -> Sound:
        frames = sum(last - first for first, last in pieces)
        sound = _quiet(frames, self._head.width, self._head.channels)
        passed, filled = 0, 0
        with closing(self._again()) as blocks:
            for block in blocks:
                for first, last in pieces:
                    part = block[max(first - passed, 0) : max(last - passed, 0)]
                    sound.fill(filled, _widened(part, self.levels.width))
                    filled += len(part)
                passed += len(block)
                if passed >= end:
                    break
        return sound


class Survey:
    """Sees the blocks of a recording once and keeps what `Recording` needs.

    `width` in bytes, `rate` in Hz.
    """

    def __init__(self, width: int, rate: int, channels: int) -> None:
        self._width = width
        self._meter = Meter(width, rate, channels)
        self._head = _quiet(_HEAD_FRAMES, max(width, 2), channels)
        self._peak = 0

    @property
    def frames(self) -> int:
        """Seen so far."""
        return self._meter.frames

    def add(self, block: Pcm) -> None:
        """The next frames, integers of `width` bytes."""
        start = block[: max(0, _HEAD_FRAMES - self.frames)]
        self._head.fill(self.frames, _widened(start, self._width))
        self._meter.add(energy(block, self._width))
        self._peak = max(self._peak, -int(block.min()), int(block.max()))

    def recording(self, extension: str, again: Again) -> Recording:
        """What was seen; `again` gives the blocks anew."""
        levels = self._meter.levels()
        head = self._head.pieces([(0, min(self.frames, _HEAD_FRAMES))])
        return Recording(levels, self._peak / levels.full_scale, extension, head, again)
