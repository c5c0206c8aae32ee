"""Sound to a file of a given loudness whose true peak is under the ceiling as it is played.

Lossy codecs change both a little, so what they made is measured, and made again where it is off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from engine.chunk import Samples
from worker.audio.encode import encode
from worker.audio.formats import AUDIO_FORMATS, AudioFormat
from worker.audio.level import CEILING, amplified, to_loudness
from worker.audio.loudness import block_powers, gated, loudness
from worker.audio.truepeak import true_peak

_BLOCK = 1 << 20  # samples of a file that are looked at together
_OVERLAP = 64  # a peak between two blocks is seen in one of them
_TRIES = 5
_NEAR_LU = 0.2
_LOWER = 0.99  # than what would be just enough


@dataclass(frozen=True)
class LoudFile:
    """A file; `lufs`: its loudness as it is played, None where it cannot be measured."""

    data: bytes
    lufs: float | None


def loud_file(samples: Samples, sample_rate: int, fmt: AudioFormat, target: float) -> LoudFile:
    """(n,) samples as a file of `target` LUFS, true peak at most -1 dBTP, at a rate `fmt` knows.

    It is softer where the peaks allow no more (`to_loudness`).
    """

    def made(ceiling: float, more: float) -> tuple[Samples, bool]:
        sound = to_loudness(samples, sample_rate, target + more, ceiling)
        return sound.samples, sound.misses(target + more)

    return _as_played(made, sample_rate, fmt, target)


def amplified_file(samples: Samples, sample_rate: int, fmt: AudioFormat, decibels: float) -> bytes:
    """(n,) samples made louder or softer as a file of `fmt`, true peak at most -1 dBTP.

    Where the limiter makes loud places softer, the rest makes up for it, as in `loud_file`.
    """
    level = loudness(samples, sample_rate)
    if level is not None:
        return loud_file(samples, sample_rate, fmt, level + decibels).data

    def made(ceiling: float, _: float) -> tuple[Samples, bool]:
        return amplified(samples, decibels, sample_rate, ceiling), True

    return _as_played(made, sample_rate, fmt, None).data


def _as_played(
    make: Callable[[float, float], tuple[Samples, bool]],
    sample_rate: int,
    fmt: AudioFormat,
    target: float | None,
) -> LoudFile:
    """The file that keeps to the ceiling and, unless `make` cannot come near it, to the target.

    `make` gives samples under a ceiling, so many LU above the target, and whether they miss it.
    """
    ceiling, more = CEILING, 0.0
    for _ in range(_TRIES):
        samples, missed = make(ceiling, more)
        data = encode(samples, sample_rate, fmt)
        if not AUDIO_FORMATS[fmt].rates:  # it keeps the samples
            return LoudFile(data, gated(block_powers(samples, sample_rate)))
        peak, lufs = _played(data)
        off = 0.0 if missed or target is None or lufs is None else target - lufs
        if peak <= CEILING and abs(off) <= _NEAR_LU:
            break
        if peak > CEILING:
            ceiling *= _LOWER * CEILING / peak
        more += off
    return LoudFile(data, lufs)


def _played(data: bytes) -> tuple[float, float | None]:
    """True peak, and loudness in LUFS, of an encoded file."""
    import soundfile  # loads libsndfile; the worker starts without it

    peak, powers = 0.0, [np.zeros(0)]
    with soundfile.SoundFile(BytesIO(data)) as file:
        rate = file.samplerate
        for block in file.blocks(blocksize=_BLOCK, overlap=_OVERLAP, dtype="float32"):
            peak = max(peak, true_peak(block, rate))
            powers.append(block_powers(block, rate))
    return peak, gated(np.concatenate(powers))
