"""Clips of one person made one reference: their sound, pauses between, and their words."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.chunk import Samples
from worker.audio.joins import softened
from worker.audio.level import CEILING, amplified
from worker.audio.loudness import loudness
from worker.voices.asked import MAX_CLIP_S
from worker.voices.reference import MODEL_RATE, PreparedVoice

_PAUSE_S = 0.2  # between two clips; each ends with 0.05 s of silence already
_REST_S = 0.05
_STEP_LU = 1.0  # a clip further off the first is brought to its level
_ROUNDED_S = 0.01


def joined(clips: Sequence[PreparedVoice], levelled: Collection[int] = ()) -> PreparedVoice:
    """One reference of up to 12 s; it has the first clip's name.

    Args:
        levelled: the numbers, from 1, of the clips whose level was asked for: they keep it.

    Clips are taken in order as long as they fit; those left out, those made louder or softer and
    those that are the same sound again are named in the warnings. One clip alone is itself.
    """
    if len(clips) == 1:
        return clips[0]
    first, warnings = clips[0], [said for clip in clips for said in clip.warnings]
    pieces: list[Samples] = []
    used: dict[int, PreparedVoice] = {}
    left_out: list[str] = []
    moved: list[str] = []
    total, level = 0.0, loudness(first.samples, MODEL_RATE)
    gap = np.zeros(round((_PAUSE_S - _REST_S) * MODEL_RATE), dtype=np.float32)
    for number, clip in enumerate(clips, 1):
        length = clip.seconds + (_PAUSE_S - _REST_S if pieces else 0.0)
        # The rest behind the last one does not count: one clip of 12 s has it too.
        if total + length - _REST_S > MAX_CLIP_S + _ROUNDED_S:
            left_out.append(str(number))
            continue
        wanted = None if number in levelled else level
        samples, gain = _at_level(clip.samples, wanted)
        if gain:
            moved.append(f"{number} by {gain:+.1f} dB")
        pieces += (
            [gap, softened(samples, MODEL_RATE)] if pieces else [softened(samples, MODEL_RATE)]
        )
        used[number] = clip
        total += length
    warnings += _said_twice(used, first.name)
    if left_out:
        warnings.append(
            f"Voice {first.name}: {_clips(left_out)} not used: all would be over {MAX_CLIP_S:g} s. "
            "Leave some out or make them shorter."
        )
    if moved:
        warnings.append(
            f"Voice {first.name}: clips were brought to the level of the first: "
            f"{', '.join(moved)}. Give each a `loudness` to choose it."
        )
    samples = np.concatenate(pieces)
    chosen = next((clip for clip in used.values() if clip.clip_span), None)
    samples.setflags(write=False)
    return replace(
        first,
        samples=samples,
        rms=float(np.sqrt(np.mean(np.square(samples)))),
        seconds=len(samples) / MODEL_RATE,
        ref_text="".join(clip.ref_text for clip in used.values()),
        content_hash=hashlib.sha256(samples.tobytes()).hexdigest(),
        warnings=tuple(dict.fromkeys(warnings)),
        clip_reason=chosen.clip_reason if chosen else "",
        clip_span=chosen.clip_span if chosen else None,
    )


def _said_twice(clips: Mapping[int, PreparedVoice], name: str) -> Iterator[str]:
    seen: dict[str, int] = {}
    for number, clip in clips.items():
        before = seen.setdefault(clip.content_hash, number)
        if before != number:
            yield (
                f"Voice {name}: clip {number} is the same sound as clip {before}, and teaches "
                "nothing more. Leave it out, or give another part of the recording."
            )


def _clips(numbers: Sequence[str]) -> str:
    one = len(numbers) == 1
    return f"clip {numbers[0]} was" if one else f"clips {', '.join(numbers)} were"


def _at_level(samples: Samples, level: float | None) -> tuple[Samples, float]:
    """The samples within 1 LU of a level, and the gain in dB that this took."""
    own = loudness(samples, MODEL_RATE)
    if own is None or level is None or abs(own - level) <= _STEP_LU:
        return samples, 0.0
    return amplified(samples, level - own, MODEL_RATE, CEILING), level - own
