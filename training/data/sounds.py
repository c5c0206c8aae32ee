"""Which sound is heard when, as classes: what `training.flow.ears` asks for beside the velocity.

A class such as "the middle third of an aI" is the part of a spectrum that depends on the text
alone, and it is learnt from far fewer examples than a spectrum.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.arch import MelConfig

SILENCE = 0
THIRDS = 3
SLOTS = 4  # parts of a character's time that have a class each
FRAMES_PER_SECOND = MelConfig.sample_rate / MelConfig.hop_length


def inventory(utterances: Iterable[list[tuple[str, float]]]) -> dict[str, int]:
    """A number for every sound that occurs, from 0; espeak-ng's pauses are no sounds."""
    names = {name for sounds in utterances for name, _ in sounds}
    return {name: i for i, name in enumerate(sorted(n for n in names if not _is_pause(n)))}


def of_frames(
    sounds: list[tuple[str, float]], frames: int, known: dict[str, int]
) -> NDArray[np.int16]:
    """(frames,) class of each frame: silence, or the first, second or last third of a sound.

    Args:
        sounds: name and start in seconds of every sound, in order.
        known: from `inventory`.
    """
    found = np.full(frames, SILENCE, dtype=np.int16)
    starts = [seconds * FRAMES_PER_SECOND for _, seconds in sounds] + [float(frames)]
    for (name, _), start, end in zip(sounds, starts, starts[1:], strict=False):
        if _is_pause(name) or end <= start:
            continue
        first, stop = round(start), min(frames, round(end))
        share = (np.arange(first, stop) + 0.5 - start) / (end - start)
        third = (share * THIRDS).astype(int).clip(0, THIRDS - 1)
        found[first:stop] = 1 + THIRDS * known[name] + third
    return found


def of_tokens(
    position: NDArray[np.float64], sound: NDArray[np.int16], tokens: int
) -> NDArray[np.int16]:
    """(tokens, SLOTS) class of each part of each token's time.

    Args:
        position: (frames,) position in the tokens of what each frame says, ascending.
        sound: (frames,) class of each frame.
    """
    middles = (np.arange(tokens * SLOTS) + 0.5) / SLOTS
    frames = np.interp(middles, position, np.arange(len(position)))
    return sound[np.rint(frames).astype(np.int64)].reshape(tokens, SLOTS)


def _is_pause(name: str) -> bool:
    return name.startswith("_")
