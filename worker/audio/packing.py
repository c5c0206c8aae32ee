"""Samples that are packed otherwise than their header says."""

from __future__ import annotations

from typing import Literal

import numpy as np

_FEWEST = 1_000  # samples, to tell by
_RANGE = (1e-3, 1e5)  # of the loudest; editors write fractions of 1 and of 32,768


def are_fractions(sound: bytes, order: Literal["little", "big"]) -> bool:
    """Whether 32-bit samples are floats: as such, small whole numbers below 0 are NaN or huge."""
    part = sound[: len(sound) // 4 * 4]
    with np.errstate(invalid="ignore"):
        values = np.frombuffer(part, "<f4" if order == "little" else ">f4").astype(np.float64)
    if len(values) < _FEWEST or not np.isfinite(values).all() or not (values < 0).any():
        return False
    return bool(_RANGE[0] < np.abs(values).max() < _RANGE[1])
