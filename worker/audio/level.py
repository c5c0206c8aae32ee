"""Sound brought to a loudness: BS.1770 in LUFS, its true peak under a ceiling.

`Levelled` does it while pieces are joined, voice by voice, from what was heard of each so far: no
voice of a script is softer than another because its reference is. `to_loudness` does it for a whole
sound, which then has the loudness asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples
from worker.audio.joins import Joins, Placed
from worker.audio.loudness import block_powers, gated, loudness
from worker.audio.truepeak import limited, true_peak

LEAST_LUFS, MOST_LUFS = -40.0, -5.0  # that may be asked for
CEILING_DB = -1.0  # dBTP, what EBU R 128 allows a programme
CEILING = float(10 ** (CEILING_DB / 20))
WORKING_LUFS = -24.0  # of pieces that are joined: speech has room above it
TOLERANCE_LU = 0.5

_NEAR_LU = 0.1  # of the target: no further gain is tried
_TRIES = 8
_MOST_LIMITED_DB = 12.0  # what is taken of the loudest places; with more, speech sounds pressed


@dataclass(frozen=True, eq=False)
class Loud:
    """`samples` at a loudness in LUFS, None where they are too short or silent to be measured."""

    samples: Samples
    lufs: float | None

    def misses(self, target: float) -> bool:
        """Whether the loudness is known not to be the target."""
        return self.lufs is not None and abs(self.lufs - target) > TOLERANCE_LU


class Levelled:
    """A rule of joining whose pieces are first brought to `WORKING_LUFS`, each voice by itself.

    A piece's gain comes of all that its voice has said up to its end, so that a short piece does
    not stand out. One too short or too soft to be measured has its voice's gain, else that of the
    voice before it.
    """

    def __init__(self, joins: Joins, sample_rate: int) -> None:
        self._joins, self._rate = joins, sample_rate
        self._heard: dict[str | None, NDArray[np.float64]] = {}
        self._gain = 1.0

    def put(self, samples: Samples, pause_s: float = 0.0, voice: str | None = None) -> Placed:
        """The place of the next piece, at its level."""
        before = self._heard.get(voice, np.zeros(0))
        heard = self._heard[voice] = np.concatenate((before, block_powers(samples, self._rate)))
        level = gated(heard)
        if level is not None:
            self._gain = _factor(WORKING_LUFS - level)
        return self._joins.put(samples * np.float32(self._gain), pause_s, voice)

    @property
    def settled(self) -> int:
        """How many samples of the axis no later piece changes."""
        return self._joins.settled


def to_loudness(samples: Samples, sample_rate: int, target: float, ceiling: float) -> Loud:
    """(n,) samples of full scale 1 at `target` LUFS, true peak at most `ceiling`.

    Where the ceiling is in the way the loudest places are limited, by at most 12 dB: what then is
    softer than asked for stays so. What cannot be measured is only limited.
    """
    level = loudness(samples, sample_rate)
    if level is None:
        return Loud(limited(samples, ceiling, sample_rate), None)
    most = _decibels(ceiling / true_peak(samples, sample_rate)) + _MOST_LIMITED_DB
    gain = min(target - level, most)
    for _ in range(_TRIES):
        result = limited(samples * np.float32(_factor(gain)), ceiling, sample_rate)
        reached = loudness(result, sample_rate)
        if reached is None or reached > target - _NEAR_LU or gain >= most:
            break
        gain = min(gain + target - reached, most)
    return Loud(result, reached)


def amplified(samples: Samples, decibels: float, sample_rate: int, ceiling: float) -> Samples:
    """Samples with a gain, true peak at most `ceiling`."""
    return limited(samples * np.float32(_factor(decibels)), ceiling, sample_rate)


def _factor(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _decibels(factor: float) -> float:
    return float(20 * np.log10(factor))
