"""Pieces of audio onto one time axis, as f5-tts's `infer_batch_process` joins its chunks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.chunk import Samples


class Axis:
    """Where each piece starts, as pieces are put one after the other; everything in samples.
    Neighbours without a gap overlap by `fade`, at most by either's length."""

    def __init__(self, fade: int) -> None:
        self._fade = fade
        self._empty = True
        self.end = 0

    def put(self, length: int, gap: int) -> tuple[int, int]:
        """Start of a piece of `length` after `gap` of silence, and its overlap with the last."""
        overlap = 0 if self._empty or gap else max(0, min(self._fade, self.end, length))
        start = self.end + gap - overlap
        self._empty = False
        self.end = start + length
        return start, overlap


def place(waves: Sequence[Samples], gaps: Sequence[int], fade: int) -> tuple[Samples, list[int]]:
    """Puts waves on one axis: a gap of silence before each, or a linear cross-fade where it is 0.

    Args:
        waves: fp32 mono pieces.
        gaps: samples of silence before each piece.
        fade: samples of overlap between neighbours without a gap, at most either's length
            (f5-tts `infer_batch_process`).

    Returns: the joined samples, and the sample at which each piece starts.
    """
    axis = Axis(fade)
    places = [axis.put(len(wave), gap) for wave, gap in zip(waves, gaps, strict=True)]
    joined = np.zeros(axis.end, dtype=np.float64)
    for wave, (start, overlap) in zip(waves, places, strict=True):
        faded = wave.astype(np.float64)
        faded[:overlap] *= np.linspace(0, 1, overlap)
        joined[start : start + overlap] *= np.linspace(1, 0, overlap)
        joined[start : start + len(wave)] += faded
    return joined.astype(np.float32), [start for start, _ in places]
