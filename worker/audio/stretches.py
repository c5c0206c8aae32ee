"""Which stretches of a recording are worth cloning from, told from their sound alone.

A stretch is judged by what a clone copies: how far the background lies below the voice, whether the
level is steady, how much of it is speech, whether a tone is held as music holds it, and clipping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.audio.traits import FRAME_S, SILENT_DB, Floats, Traits, frame_of

MIN_S, MAX_S = 5.0, 10.0
PAUSE_S = 0.2  # between words one may cut; a pause between sentences is longer
SENTENCE_PAUSE_S = 0.35

# What is good enough that more of it makes no better clone.
_CLEAN_DB = 30.0
_STEADY_DB = 2.5
_SPEECH_SHARE = 0.75
_HELD = 0.2
_LONGEST_PAUSE_S = 0.7
_BEST_S = 8.0

_BELOW_LOUD_DB = 30.0  # speech is no further than this below its loud frames
_WINDOW_S = 2.5  # the least in which speech surely pauses
_HALF_WINDOW = 250  # frames: 5 s on both sides tell what is loud and what is quiet here


@dataclass(frozen=True)
class Judged:
    """What was measured of a stretch.

    Attributes:
        speech_db: level of its speech against full scale.
        background_db: how far its quietest frames lie below that, where they do so the least.
        spread_db: how much the level differs from second to second.
        speech_share: share of its frames that sound, 0 to 1.
        pause_s: its longest pause.
        held: how much of its tone is held where that is most, as music holds it, 0 to 1.
        clipped_share: share of its samples on clipped crests, 0 to 1.
    """

    speech_db: float
    background_db: float
    spread_db: float
    speech_share: float
    pause_s: float
    held: float
    clipped_share: float

    @property
    def cost(self) -> float:
        """How bad it is to clone from; 0: nothing to improve."""
        return (
            max(0.0, _CLEAN_DB - self.background_db) / 5
            + max(0.0, self.spread_db - _STEADY_DB) / 2
            + max(0.0, _SPEECH_SHARE - self.speech_share) * 10
            + max(0.0, self.pause_s - _LONGEST_PAUSE_S) * 4
            + max(0.0, self.held - _HELD) * 15
            + min(3.0, self.clipped_share * 1000)
        )


def judge(traits: Traits) -> Judged:
    """Measures a stretch, or a whole recording."""
    level = traits.level_db
    if not len(level) or level.max() <= SILENT_DB:
        return Judged(SILENT_DB, 0.0, 0.0, 0.0, traits.seconds, 0.0, 0.0)
    sounding = _sounding(level)
    quiet = max(float(np.percentile(part, 4)) for part in _windows(level))
    voice = _average_db(level[sounding])
    return Judged(
        speech_db=voice,
        background_db=voice - quiet,
        spread_db=_spread(level, sounding),
        speech_share=float(sounding.mean()),
        pause_s=_longest(~sounding) * FRAME_S,
        held=float(np.clip(max(part.mean() for part in _windows(traits.held)), 0, 1)),
        clipped_share=float(traits.clipped.mean()),
    )


def pauses(traits: Traits) -> list[tuple[float, float]]:
    """Where speech pauses, seconds: runs of frames that are quiet for what is around them. The
    recording's own ends count as pauses, however short."""
    level = traits.level_db
    if not len(level):
        return []
    loud, quiet = _around(level, 90), _around(level, 5)
    silent = (level < quiet + 0.35 * (loud - quiet)) & (loud - quiet > 10)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], silent, [False])).astype(np.int8)))
    runs = [(first * FRAME_S, last * FRAME_S) for first, last in edges.reshape(-1, 2).tolist()]
    long = [run for run in runs if run[1] - run[0] >= PAUSE_S - FRAME_S / 2]
    start = [] if long and long[0][0] == 0 else [(0.0, 0.0)]
    end = traits.seconds
    return [*start, *long, *([] if long and long[-1][1] >= end else [(end, end)])]


def spans(breaks: Sequence[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """The stretches of 5 to 10 s between two pauses, in order: (start, end, cost of where it is
    cut). The cost is 0 where both pauses are long enough to be between sentences."""
    found = []
    for first, (pause, start) in enumerate(breaks):
        for left, right in breaks[first + 1 :]:
            if left - start > MAX_S:
                break
            if left - start >= MIN_S:
                found.append((start, left, _cut_cost(start - pause) + _cut_cost(right - left)))
    return found


def length_cost(seconds: float) -> float:
    """A clip of about 8 s is best: shorter copies less of the voice, longer costs time."""
    return abs(seconds - _BEST_S) / 8


def unlike(traits: Traits, covered: Sequence[tuple[float, float]]) -> float:
    """Share of the sounding frames outside of all `covered` intervals (seconds), 0 to 1."""
    level = traits.level_db
    sounding = _sounding(level)
    outside = np.ones(len(level), dtype=bool)
    for start, end in covered:
        outside[frame_of(start - 0.2) : frame_of(end + 0.2)] = False
    return float((sounding & outside).sum() / max(1, sounding.sum()))


def _windows(values: Floats) -> Iterator[Floats]:
    """Its stretches of 2.5 s, overlapping by half: noise in one of them is heard."""
    size = round(_WINDOW_S / FRAME_S)
    for first in range(0, max(1, len(values) - size // 2), size // 2):
        yield values[first : first + size]


def _cut_cost(pause_s: float) -> float:
    return 0.0 if pause_s >= SENTENCE_PAUSE_S - FRAME_S / 2 else 0.5


def _sounding(level: Floats) -> NDArray[np.bool_]:
    """Frames that are neither far below the loud ones nor near to the quiet ones."""
    quiet, loud = np.percentile(level, (4, 90))
    found: NDArray[np.bool_] = level >= max(loud - _BELOW_LOUD_DB, quiet + 0.35 * (loud - quiet))
    return found


def _average_db(level: Floats) -> float:
    return float(10 * np.log10(np.mean(10 ** (level / 10))))


def _spread(level: Floats, sounding: NDArray[np.bool_]) -> float:
    """Standard deviation of the level of its seconds, dB; of those that hold speech."""
    size = round(1 / FRAME_S)
    pieces = [
        level[i : i + size][sounding[i : i + size]] for i in range(0, len(level) - size + 1, size)
    ]
    levels = [_average_db(piece) for piece in pieces if len(piece) >= size // 3]
    return float(np.std(levels)) if levels else 0.0


def _longest(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _around(level: Floats, percent: float) -> Floats:
    """The percentile of the 5 s on both sides of each frame, interpolated between whole seconds."""
    step = _HALF_WINDOW // 5
    at = np.arange(0, len(level) + step, step)
    windows = [level[max(0, i - _HALF_WINDOW) : i + _HALF_WINDOW] for i in at]
    values = [float(np.percentile(window, percent)) for window in windows if len(window)]
    return np.interp(np.arange(len(level)), at[: len(values)], values)
