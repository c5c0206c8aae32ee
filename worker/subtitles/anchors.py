"""Which of the pauses heard in a piece of speech lie between which of its words.

A pause may also be the closing of the lips inside a word, and a comma may be read without one. So
of all ways to give the pauses to places between words, or to none, the cheapest is taken: stretches
of sound should be as long as their words suggest, long pauses should not lie inside a word, and
those at a full stop or a comma are the likely ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float]  # seconds [start, end)

_WINDOW_S = 0.01
# Sound is what is this far above the background, which a recorded voice brings with it; always what
# is above the first of the limits (below the loudest window), never what is below the second.
_ABOVE_NOISE_DB = 12.0
_SOUND_DB, _SILENT_DB = -28.0, -45.0
_NOISE_WINDOWS, _NOISE_SHARE = 5, 0.1  # background: the level of the quietest tenth of 0.05 s
_SHORTEST_PAUSE_S = 0.07
_SHORTEST_SOUND_S = 0.03  # less between two pauses is a noise
_MOST_PAUSES, _MOST_WORDS = 30, 500  # of one piece; beyond it the longest pauses count

# Costs are squares of standard deviations, halved, as far as they are anything.
_SPREAD_S = 0.03  # variance of a stretch's length for each second of it
_INSIDE_S = 0.08  # a pause of this length inside a word costs 1, a longer one its square
_FARTHEST_S = 3.0  # a word's true place from where its length would put it
_NO_MARK = 2.0  # a pause between two words without punctuation
_UNHEARD = (0.0, 1.0, 3.0)  # no pause at a place without mark, a comma, a full stop


class Mark(IntEnum):
    """What a word ends: nothing, a clause, a sentence."""

    NONE = 0
    CLAUSE = 1
    SENTENCE = 2


class Stretch(NamedTuple):
    """Sound from `start` to `end` (seconds) that holds the words [first, last)."""

    start: float
    end: float
    first: int
    last: int


def sounds(samples: NDArray[np.floating], rate: int, start: float, end: float) -> list[Span]:
    """Where between `start` and `end` (seconds) there is sound, in order.

    Returns: [(start, end)] where there is none at all, or less than two windows.
    """
    window = max(1, int(_WINDOW_S * rate))
    first, last = max(0, int(start * rate)), min(int(end * rate), len(samples))
    count = (last - first) // window
    if count < 1:
        return [(start, end)]
    blocks = samples[first : first + count * window].reshape(count, window)
    power = np.mean(np.square(blocks, dtype=np.float64), axis=1)
    loud = np.flatnonzero(power > _limit(power))
    if not len(loud):
        return [(start, end)]
    gaps = np.flatnonzero(np.diff(loud) - 1 >= round(_SHORTEST_PAUSE_S * rate / window))
    begins = loud[np.concatenate(([0], gaps + 1))]
    ends = loud[np.concatenate((gaps, [len(loud) - 1]))] + 1
    heard = ends - begins >= min(_SHORTEST_SOUND_S * rate / window, (ends - begins).max())
    begins, ends = begins[heard], ends[heard]
    if len(begins) > _MOST_PAUSES + 1:
        pauses = begins[1:] - ends[:-1]
        kept = np.sort(np.argsort(pauses)[-_MOST_PAUSES:])
        begins, ends = begins[[0, *(kept + 1)]], ends[[*kept, -1]]
    found = [
        (start + int(a) * window / rate, start + int(b) * window / rate)
        for a, b in zip(begins, ends, strict=True)
    ]
    if ends[-1] == count:
        found[-1] = (found[-1][0], end)
    return [(min(a, end), min(b, end)) for a, b in found]


def _limit(power: NDArray[np.float64]) -> float:
    """The power of a window above which there is sound in it."""
    size = min(_NOISE_WINDOWS, len(power))
    smooth = np.convolve(power, np.full(size, 1 / size), mode="valid")
    noise = float(np.quantile(smooth, _NOISE_SHARE)) * 10 ** (_ABOVE_NOISE_DB / 10)
    loudest = float(power.max())
    least, most = (loudest * 10 ** (db / 10) for db in (_SILENT_DB, _SOUND_DB))
    return min(max(noise, least), most)


def anchor(weights: Sequence[float], marks: Sequence[Mark], heard: Sequence[Span]) -> list[Stretch]:
    """The words, at least one, over what is heard of them.

    Args:
        weights: how long each word is against the others.
        marks: what each word ends.
        heard: stretches of sound in order, at least one.
    """
    if len(heard) == 1 or len(weights) == 1 or len(weights) > _MOST_WORDS:
        return [Stretch(heard[0][0], heard[-1][1], 0, len(weights))]
    costs = _Costs(weights, marks, heard)
    words, stretches = len(weights), len(heard)
    best = np.full((stretches + 1, words + 1), np.inf)
    best[0, 0] = 0.0
    came: dict[tuple[int, int], tuple[int, int]] = {}
    for last in range(1, stretches + 1):
        to = costs.near[last]
        for first in range(last):
            source = costs.near[first]
            if source.start == source.stop:  # a long word sounds on: none begins near here
                continue
            total = best[first, source][:, None] + costs.of(first, last)
            origin = total.argmin(axis=0)
            least = total[origin, np.arange(len(origin))]
            for at in np.flatnonzero(least < best[last, to]).tolist():
                best[last, to.start + at] = least[at]
                came[last, to.start + at] = (first, source.start + int(origin[at]))
    found: list[Stretch] = []
    end = (stretches, words)
    while end != (0, 0):
        begin = came[end]
        found.append(Stretch(heard[begin[0]][0], heard[end[0] - 1][1], begin[1], end[1]))
        end = begin
    return found[::-1]


class _Costs:
    """What it costs to take stretches [first, last) as one that holds words [i, j).

    `near[k]`: how many words may lie before stretch k, those that are not far from where their
    lengths would put them.
    """

    def __init__(
        self, weights: Sequence[float], marks: Sequence[Mark], heard: Sequence[Span]
    ) -> None:
        self._heard = heard
        self._pauses = [right[0] - left[1] for left, right in pairwise(heard)]
        sound = np.concatenate(([0.0], np.cumsum([end - start for start, end in heard])))
        before = np.concatenate(([0.0], np.cumsum(weights)))
        self._before = before * (sound[-1] / before[-1])  # seconds of sound before each word
        unheard = np.array([0.0, *(_UNHEARD[mark] for mark in marks)])
        self._passed = np.cumsum(unheard)
        self._inside = self._passed - unheard  # of the marks before a word's own
        marked = np.array([mark is not Mark.NONE for mark in marks[:-1]], dtype=bool)
        self._cut = np.concatenate(([0.0], np.where(marked, 0.0, _NO_MARK), [0.0]))
        low = np.searchsorted(self._before, sound - _FARTHEST_S)
        high = np.searchsorted(self._before, sound + _FARTHEST_S)
        self.near = [slice(int(a), max(int(a), int(b))) for a, b in zip(low, high, strict=True)]
        self.near[0], self.near[-1] = slice(0, 1), slice(len(weights), len(weights) + 1)

    def of(self, first: int, last: int) -> NDArray[np.float64]:
        """(i, j) costs of the words that are near; infinite where no word is left."""
        rows, columns = self.near[first], self.near[last]
        seconds = self._heard[last - 1][1] - self._heard[first][0]
        inner = sum((pause / _INSIDE_S) ** 2 for pause in self._pauses[first : last - 1])
        length = self._before[None, columns] - self._before[rows, None]
        inside = np.maximum(0.0, self._inside[None, columns] - self._passed[rows, None])
        with np.errstate(invalid="ignore", divide="ignore"):
            off = (seconds - length) ** 2 / (2 * _SPREAD_S * length)
        costs: NDArray[np.float64] = off + inside + inner + self._cut[None, columns]
        costs[length <= 0] = np.inf
        return costs
