"""The words of a reference, and when they are said."""

from __future__ import annotations

from dataclasses import dataclass

from worker.subtitles.notes import Cue


@dataclass(frozen=True)
class Transcript:
    """A whole transcript on one line; `cues` in time order, empty when it has no times.

    `warnings` are whole sentences that name it.
    """

    key: str
    text: str
    cues: tuple[Cue, ...] = ()
    warnings: tuple[str, ...] = ()
