"""Where audio is silent, in pydub's terms, so that what f5-tts cuts is what is cut here.

pydub works in whole milliseconds on integer samples and truncates a window's RMS to an integer;
f5-tts's cuts depend on both. `split` is `pydub.silence.split_on_silence`, `leading_silence` is
`detect_leading_silence`, each in one vectorised pass over `Levels`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.chunk import Samples
from worker.audio.levels import BLOCK, Levels, Meter, energy, one_frame
from worker.audio.pcm import quantise
from worker.audio.pieces import Interval, Piece, intervals, take


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
    quiet = starts[levels.rms(starts, starts + silence.length_ms) <= limit]
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
    rms = levels.rms(starts, ends)
    with np.errstate(divide="ignore"):
        sounding = np.flatnonzero(20 * np.log10(rms / levels.full_scale) >= level_db)
    return int(starts[sounding[0]]) if len(sounding) else levels.ms


def remove_silence(samples: Samples, rate: int) -> tuple[Samples, tuple[Interval, ...]]:
    """Shortens pauses over 1 s, as f5-tts's `remove_silence_for_generated_wav` does.

    Args:
        samples: (n,) fp32 mono at `rate` Hz.

    Returns: samples at 16-bit resolution, and the intervals of the input they were taken from.
        Audio that is silent throughout comes back whole, where f5-tts would leave an empty file.
    """
    pcm = quantise(samples)[:, None]
    meter = Meter(2, rate, 1)
    for i in range(0, len(pcm), BLOCK):
        meter.add(energy(pcm[i : i + BLOCK], 2))
    pieces = split(meter.levels(), OUTPUT_PAUSES) or [(0, len(pcm))]
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
