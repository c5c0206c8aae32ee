"""Speech stretched to its text: when each frame of a sample is spoken.

f5-tts spreads the characters evenly over all frames, and finding out what is really spoken where
takes a model longer than anything else. So here the speech goes to the text: every utterance is
stretched to the room that its share of the characters gets at inference, and within it the words
move towards the frames that show their characters. Log-mels can be stretched frame by frame without
a trace; what is heard is a steady reader. As training goes on the rhythm becomes more natural.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Mel = NDArray[np.float32]

_NATURAL = (0.1, 0.35)  # the progress between which the rhythm becomes more natural
_LEAST_EVEN = 0.75  # how even the rhythm still is at the end
_HURRY = 1.5  # times the pace, until new speech has caught up with the text that is shown


def evenness(progress: float) -> float:
    """1 where every word has the room of its characters, 0 where it is as long as spoken."""
    start, end = _NATURAL
    done = min(1.0, max(0.0, (progress - start) / (end - start)))
    return 1.0 - (1.0 - _LEAST_EVEN) * done


def new_times(
    starts: list[int], said: NDArray[np.float64], even: list[float], frames: int
) -> NDArray[np.float64]:
    """When each frame of a sample as spoken begins once it is stretched: (n + 1,), 0 to `frames`.

    Each part begins where `steady_times` has it; within it the new time is between the old one,
    scaled, and the steady one.

    Args:
        starts: first frame of each part, and n.
        said: (n + 1,) position in the tokens of what is said at the beginning of each frame.
        even: of each part, 0 natural to 1 even.
    """
    steady = steady_times(said, said[starts[1]] if len(starts) > 2 else 0.0, frames)
    times = steady.copy()
    for begin, end, share in zip(starts, starts[1:], even, strict=False):
        scaled = np.linspace(steady[begin], steady[end], end - begin + 1)
        times[begin : end + 1] += (1 - share) * (scaled - steady[begin : end + 1])
    return times


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
