"""Speech stretched to its text: when each frame of a sample is spoken (terms: training/README.md).

f5-tts spreads the characters evenly over all frames, and finding out what is really spoken where
takes a model longer than anything else. So here the speech goes to the text: every utterance is
stretched to the room that its share of the characters gets at inference, and within it the words
move towards the frames that show their characters. Stretching log-mels frame by frame leaves no
audible trace. At first every word gets exactly the room of its characters; later it is as long as
spoken beside its neighbours, and only the drift that would add up over more than a second is taken
out.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Mel = NDArray[np.float32]

_NATURAL = (0.1, 0.35)  # the progress between which the rhythm becomes more natural
_DRIFT = 60  # frames to either side whose mean distance from the steady time counts as drift
_HURRY = 1.5  # times the pace, until new speech has caught up with the text that is shown


def evenness(progress: float) -> float:
    """1 where every word has the room of its characters, 0 where only drift is taken out.

    Args:
        progress: share of the training that is over.
    """
    start, end = _NATURAL
    return 1.0 - min(1.0, max(0.0, (progress - start) / (end - start)))


def new_times(
    starts: list[int],
    said: NDArray[np.float64],
    as_spoken: list[bool],
    even: float,
    frames: int,
) -> NDArray[np.float64]:
    """When each frame of a sample as spoken begins once it is stretched: (n + 1,), 0 to `frames`.

    Args:
        starts: first frame of each part, and n; each part begins where `steady_times` has it.
        said: (n + 1,) position in the tokens of what is said at the beginning of each frame.
        as_spoken: of each part, whether it is only scaled to its room.
        even: of the other parts, 1 for the steady times, 0 for those as spoken without drift.
    """
    steady = steady_times(said, said[starts[1]] if len(starts) > 2 else 0.0, frames)
    times = np.empty_like(steady)
    for begin, end, untouched in zip(starts, starts[1:], as_spoken, strict=False):
        part = slice(begin, end + 1)
        scaled = np.linspace(steady[begin], steady[end], end - begin + 1)
        off = scaled - steady[part]
        wanted = scaled if untouched else steady[part] + (1 - even) * (off - _drift(off))
        # Where the pace changes sharply, taking out drift could make time run backwards briefly.
        times[part] = np.maximum.accumulate(wanted).clip(steady[begin], steady[end])
    return times


def _drift(off: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centred mean of (n,) over `_DRIFT` to either side; over less near an end, which stays."""
    last = len(off) - 1
    sums = np.concatenate(([0.0], np.cumsum(off)))
    at = np.arange(last + 1)
    reach = np.minimum(np.minimum(at, last - at), _DRIFT)
    mean: NDArray[np.float64] = (sums[at + reach + 1] - sums[at - reach]) / (2 * reach + 1)
    return mean


def steady_times(said: NDArray[np.float64], reference: float, frames: int) -> NDArray[np.float64]:
    """The frame (n,) at which each position of `said` (n,), whose last is the end, is spoken.

    A reference has the pace of the whole, as at inference. By its end f5-tts shows characters up to
    five further on, because the last ones get what remains of the division; new speech hurries
    until it says what is shown, and keeps to it from there on.

    Args:
        reference: position in the tokens where new speech begins, 0 without a reference.
    """
    tokens = said[-1]
    pace = frames / tokens
    short = math.floor(pace)  # frames of the earlier characters; the later ones have one more
    shown = said * short + np.maximum(0.0, said - (tokens * (short + 1) - frames))
    hurried = (reference + (said - reference) / _HURRY) * pace
    return np.where(said < reference, said * pace, np.maximum(shown, hurried))


def sources(times: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """(frames,) where in a sample as spoken each frame of the stretched one lies.

    Args:
        times: (n + 1,) when each frame as spoken begins, ascending.
    """
    source = np.interp(np.arange(frames) + 0.5, times, np.arange(len(times))) - 0.5
    return source.clip(0, len(times) - 2)


def stretch(mel: Mel, source: NDArray[np.float64]) -> Mel:
    """(n, 100) log-mel at the places of `sources` (frames,), as (frames, 100)."""
    before = source.astype(np.int64)
    after = np.minimum(before + 1, len(mel) - 1)
    weight = (source - before).astype(np.float32)[:, None]
    return mel[before] * (1 - weight) + mel[after] * weight
