"""Placed pieces laid together one by one, for who hears them before the last is spoken."""

from __future__ import annotations

import numpy as np

from engine.chunk import Samples
from worker.audio.joins import Placed


class RunningMix:
    """Gives out what no later piece changes: together the beginning of what `join` makes of all."""

    def __init__(self) -> None:
        self._start = 0  # of what is held, on the common axis
        self._held = np.zeros(0, dtype=np.float64)

    def add(self, placed: Placed, settled: int) -> Samples:
        """(n,) fp32: the samples before `settled` that were not given out yet.

        Args:
            settled: of the rule that placed the piece, see `Joins.settled`.
        """
        first, fade = placed.start - self._start, placed.cross_fade
        missing = first + len(placed.samples) - len(self._held)
        self._held = np.pad(self._held, (0, max(0, missing)))
        faded = placed.samples.astype(np.float64)
        faded[:fade] *= np.linspace(0, 1, fade)
        self._held[first : first + fade] *= np.linspace(1, 0, fade)
        self._held[first : first + len(faded)] += faded
        ready = max(0, settled - self._start)
        given, self._held = self._held[:ready], self._held[ready:]
        self._start += len(given)
        return given.astype(np.float32)
