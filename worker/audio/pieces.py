"""Pieces of a recording: taken out, cropped, and in seconds."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Piece = tuple[int, int]  # frames [begin, end) of the source; end may lie past it by under 1 ms
Interval = tuple[float, float]  # seconds [start, end) of the source
Number = TypeVar("Number", bound=np.number)


def take(frames: NDArray[Number], pieces: list[Piece]) -> NDArray[Number]:
    """The pieces of (frames, ...) joined; zeros where one reaches past the end.

    One piece alone is a view.
    """
    parts: list[NDArray[Number]] = []
    for begin, end in pieces:
        parts.append(frames[begin:end])
        missing = end - begin - len(parts[-1])
        if missing > 0:
            parts.append(np.zeros((missing, *frames.shape[1:]), dtype=frames.dtype))
    if len(parts) == 1:
        return parts[0]  # long, perhaps, and often all that is taken
    return np.concatenate(parts) if parts else frames[:0]


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
