"""Which sentence does a mel say? The nearest of several spoken ones, by dynamic time warping.

Features: the log-mel at half the frame rate, from 0 down to 7 nats under its peak (below is
silence, whatever the recording), as cosine coefficients 1 to 12 over the bands: the shape of the
spectrum without its level and without the harmonics of the pitch. The mean over time is taken
away, which removes what is common to everything a voice says, and each frame has length 1. Among
coefficients (10 to 24, or all bands), slopes, scalings and ranges tried, these told sentences of
equal length apart by the widest margin when the query was another voice, blurred or noisy.

    distance = min over paths of sum |a_i - b_j| w / (n + m),   w = 2 diagonal, 1 otherwise

(Sakoe & Chiba 1978, symmetric form), within a band around the straight path. It needs
numpy only, so tests of the worker use it without espeak-ng.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_DYNAMIC_NATS = 7.0
_COEFFICIENTS = 12
_POOL = 2  # frames
_BAND = 0.2  # of the length, how far a path may leave the straight one
_FAR = np.float32(1e9)


@dataclass(frozen=True)
class Match:
    """Distances of one mel to each candidate, and what follows from them."""

    distances: tuple[float, ...]

    @property
    def nearest(self) -> int:
        """Index of the nearest candidate."""
        return int(np.argmin(self.distances))

    def margin(self, right: int) -> float:
        """How much farther the nearest wrong candidate is, as a share of it; negative: it won."""
        wrong = min(d for i, d in enumerate(self.distances) if i != right)
        return 1 - self.distances[right] / wrong


def match(mel: Array, candidates: Sequence[Array]) -> Match:
    """Compares a log-mel (frames, mels) with log-mels of any lengths."""
    return match_features(features(mel), [features(candidate) for candidate in candidates])


def match_features(query: Array, candidates: Sequence[Array]) -> Match:
    """`match` with `features` computed before."""
    return Match(tuple(float(d) for d in dtw(query, candidates)))


def features(mel: Array) -> Array:
    """(frames, mels) log-mel to (frames // 2, 12)."""
    values = np.asarray(mel, dtype=np.float32)
    values = np.maximum(values - np.quantile(values, 0.99), -_DYNAMIC_NATS)
    pooled = values[: len(values) // _POOL * _POOL].reshape(-1, _POOL, values.shape[1]).mean(axis=1)
    cepstra = pooled @ _cosines(values.shape[1], _COEFFICIENTS)
    centred = cepstra - cepstra.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(lengths, 1e-3), dtype=np.float32)


def dtw(query: Array, candidates: Sequence[Array]) -> Array:
    """Distance of `query` (n, d) to each of `candidates` (m_k, d); all together, by anti-diagonals.

    Cells of one anti-diagonal do not depend on each other, so a step of this loop fills one of
    every candidate at once.
    """
    n, lengths = len(query), np.array([len(c) for c in candidates])
    cost = _costs(query, candidates, lengths)
    count, longest = len(candidates), cost.shape[2]
    rows = np.arange(n)
    last = before_last = np.full((count, n + 1), _FAR, dtype=np.float32)  # column 0: outside
    results = np.full(count, _FAR, dtype=np.float32)
    for s in range(n + longest - 1):
        columns = s - rows
        inside = (columns >= 0) & (columns < longest)
        here = np.where(inside, cost[:, rows, np.clip(columns, 0, longest - 1)], _FAR)
        straight = np.minimum(last[:, :-1], last[:, 1:]) + here
        current = np.full_like(last, _FAR)
        current[:, 1:] = np.minimum(straight, before_last[:, :-1] + 2 * here)
        if s == 0:
            current[:, 1] = 2 * here[:, 0]
        np.minimum(current, _FAR, out=current)
        done = s == n + lengths - 2
        results[done] = current[done, n]
        last, before_last = current, last
    normalised: Array = (results / (n + lengths)).astype(np.float32)
    return normalised


def _costs(query: Array, candidates: Sequence[Array], lengths: NDArray[np.int64]) -> Array:
    """(k, n, longest) distances of frames; far outside the band and past a candidate's end."""
    n, longest = len(query), int(lengths.max())
    padded = np.zeros((len(candidates), longest, query.shape[1]), dtype=np.float32)
    for row, candidate in zip(padded, candidates, strict=True):
        row[: len(candidate)] = candidate
    square = (query**2).sum(-1)[:, None] + (padded**2).sum(-1)[:, None, :]
    cost = np.sqrt(np.maximum(square - 2 * query @ padded.transpose(0, 2, 1), 0.0))
    along = np.arange(longest) / np.maximum(lengths - 1, 1)[:, None]
    off = np.abs(np.arange(n)[None, :, None] / max(n - 1, 1) - along[:, None, :])
    width = max(_BAND, 2 / max(n, 2))
    outside = (off > width) | (np.arange(longest) >= lengths[:, None])[:, None, :]
    return np.where(outside, _FAR, cost).astype(np.float32)


def _cosines(bands: int, count: int) -> Array:
    """(bands, count) orthonormal cosines 1 to `count`, without the constant one."""
    angles = np.pi / bands * (np.arange(bands)[:, None] + 0.5) * np.arange(1, count + 1)
    return np.asarray(np.cos(angles) * math.sqrt(2 / bands), dtype=np.float32)
