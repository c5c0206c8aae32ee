"""Where audio is silent, in pydub's terms, so that what f5-tts cuts is what is cut here.

pydub works in whole milliseconds on integer samples and truncates a window's RMS to an integer;
f5-tts's cuts depend on both. `split` is `pydub.silence.split_on_silence`, `leading_silence` is
`detect_leading_silence`, each in one vectorised pass over running sums of squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples
from worker.audio.decode import Pcm, quantise

Piece = tuple[int, int]  # frames [begin, end) of the source; end may lie past it by under 1 ms
Interval = tuple[float, float]  # seconds [start, end) of the source

_BLOCK = 1 << 16  # frames squared at a time, to stay in the processor's cache


@dataclass(frozen=True)
class Silence:
    """What counts as silence: `length_ms` below `level_db`; `keep_ms` of it stay at each cut."""

    length_ms: int
    level_db: float
    keep_ms: int
    step_ms: int = 10


LONG_PAUSES = Silence(1000, -50, 1000)  # f5-tts preprocess_ref_audio_text, first try
SHORT_PAUSES = Silence(100, -40, 1000)  # and second
OUTPUT_PAUSES = Silence(1000, -50, 500)  # f5-tts remove_silence_for_generated_wav


class Levels:
    """Loudness of any stretch of `pcm` (frames, channels) in constant time."""

    def __init__(self, pcm: Pcm, width: int, rate: int) -> None:
        self.frames, self.channels = pcm.shape
        self.width, self.rate = width, rate
        self.full_scale = float(1 << (8 * width - 1))
        # 32-bit samples lose their lowest 8 bits, so that a window's sum fits 64 bits; the
        # running sum itself may wrap around, but its differences stay right.
        self._unit = 256.0 if width == 4 else 1.0
        sums = np.zeros(self.frames + 1, dtype=np.int64)
        for i in range(0, self.frames, _BLOCK):
            values = pcm[i : i + _BLOCK].astype(np.int64)
            if width == 4:
                values >>= 8
            block = sums[i + 1 : i + 1 + len(values)]
            np.cumsum(np.einsum("ij,ij->i", values, values), out=block)
            block += sums[i]
        self._sums = sums.view(np.uint64)

    @property
    def ms(self) -> int:
        """Length as pydub's `len(segment)`."""
        return length_ms(self.frames, self.rate)

    def rms(self, begin: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
        """Integer RMS of the windows [begin, end) in frames; past the end counts as zeros."""
        last = self.frames
        energy = self._sums[np.minimum(end, last)] - self._sums[np.minimum(begin, last)]
        count = np.maximum((end - begin) * self.channels, 1)
        rms: NDArray[np.float64] = np.floor(np.sqrt(energy / count) * self._unit)
        return rms


def length_ms(frames: int, rate: int) -> int:
    """Frames to milliseconds, rounded as pydub's `len` does."""
    return round(1000 * (frames / rate))


def frame_at(ms: NDArray[np.int64], rate: int) -> NDArray[np.int64]:
    """The frame at which pydub slices for `ms`."""
    return (ms * (rate / 1000.0)).astype(np.int64)


def one_frame(ms: int, rate: int) -> int:
    """`frame_at` of one position."""
    return int(ms * (rate / 1000.0))


def split(levels: Levels, silence: Silence) -> list[Piece]:
    """The pieces between silences, in order; empty if all is silent (pydub split_on_silence)."""
    ranges = [
        [start - silence.keep_ms, end + silence.keep_ms]
        for start, end in _sounding(levels, silence)
    ]
    for left, right in pairwise(ranges):
        if right[0] < left[1]:
            left[1] = right[0] = (left[1] + right[0]) // 2
    return [
        (one_frame(max(start, 0), levels.rate), one_frame(min(end, levels.ms), levels.rate))
        for start, end in ranges
    ]


def _silent(levels: Levels, silence: Silence) -> list[tuple[int, int]]:
    """Silent ranges in ms (pydub detect_silence)."""
    last = levels.ms - silence.length_ms
    if last < 0:
        return []
    starts = np.arange(0, last + 1, silence.step_ms, dtype=np.int64)
    if last % silence.step_ms:
        starts = np.append(starts, last)
    limit = 10 ** (silence.level_db / 20) * levels.full_scale
    begin = frame_at(starts, levels.rate)
    end = frame_at(starts + silence.length_ms, levels.rate)
    quiet = starts[levels.rms(begin, end) <= limit]
    if not len(quiet):
        return []
    breaks = np.flatnonzero(np.diff(quiet) > max(silence.length_ms, silence.step_ms))
    firsts = quiet[np.concatenate(([0], breaks + 1))]
    lasts = quiet[np.concatenate((breaks, [len(quiet) - 1]))] + silence.length_ms
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _sounding(levels: Levels, silence: Silence) -> list[tuple[int, int]]:
    """Ranges in ms that are not silent (pydub detect_nonsilent)."""
    silent = _silent(levels, silence)
    if not silent:
        return [(0, levels.ms)]
    if silent[0] == (0, levels.ms):
        return []
    edges = [0, *(edge for gap in silent for edge in gap)]
    ranges = list(zip(edges[::2], edges[1::2], strict=False))
    if edges[-1] != levels.ms:
        ranges.append((edges[-1], levels.ms))
    if ranges[0] == (0, 0):
        ranges.pop(0)
    return ranges


def leading_silence(levels: Levels, level_db: float, step_ms: int = 10) -> int:
    """Milliseconds of silence at the start (pydub detect_leading_silence)."""
    starts = np.arange(0, levels.ms, step_ms, dtype=np.int64)
    ends = np.minimum(starts + step_ms, levels.ms)
    rms = levels.rms(frame_at(starts, levels.rate), frame_at(ends, levels.rate))
    with np.errstate(divide="ignore"):
        sounding = np.flatnonzero(20 * np.log10(rms / levels.full_scale) >= level_db)
    return int(starts[sounding[0]]) if len(sounding) else levels.ms


def take(pcm: Pcm, pieces: list[Piece]) -> Pcm:
    """The pieces joined, (frames, channels); zeros where a piece reaches past the end."""
    parts: list[Pcm] = []
    for begin, end in pieces:
        parts.append(pcm[begin:end])
        missing = end - begin - len(parts[-1])
        if missing > 0:
            parts.append(np.zeros((missing, pcm.shape[1]), dtype=pcm.dtype))
    return np.concatenate(parts) if parts else pcm[:0]


def crop(pieces: list[Piece], begin: int, end: int) -> list[Piece]:
    """The part [begin, end) of the joined pieces, as pieces of the source."""
    kept: list[Piece] = []
    offset = 0
    for first, last in pieces:
        left, right = max(begin - offset, 0), min(end - offset, last - first)
        if left < right:
            kept.append((first + left, first + right))
        offset += last - first
    return kept


def intervals(pieces: list[Piece], rate: int, frames: int) -> tuple[Interval, ...]:
    """Pieces in seconds, neighbours that touch made one, nothing past the source's end."""
    merged: list[Piece] = []
    for begin, end in pieces:
        end = min(end, frames)
        if merged and merged[-1][1] == begin:
            merged[-1] = (merged[-1][0], end)
        elif begin < end:
            merged.append((begin, end))
    return tuple((begin / rate, end / rate) for begin, end in merged)


def remove_silence(samples: Samples, rate: int) -> tuple[Samples, tuple[Interval, ...]]:
    """Shortens pauses over 1 s, as f5-tts's `remove_silence_for_generated_wav` does.

    Args:
        samples: (n,) fp32 mono at `rate` Hz.

    Returns: samples at 16-bit resolution, and the intervals of the input they were taken from.
        Audio that is silent throughout comes back whole, where f5-tts would leave an empty file.
    """
    pcm = quantise(samples)[:, None]
    pieces = split(Levels(pcm, 2, rate), OUTPUT_PAUSES) or [(0, len(pcm))]
    joined = take(pcm, pieces)[:, 0].astype(np.float32) / np.float32(32768)
    return joined, intervals(pieces, rate, len(pcm))


def moved(seconds: float, kept: tuple[Interval, ...]) -> float:
    """Where an instant of the input lies once only the `kept` intervals are left, seconds.

    An instant inside a removed stretch moves to the cut.
    """
    passed = 0.0
    for start, end in kept:
        if seconds <= start:
            break
        passed += min(seconds, end) - start
    return passed
