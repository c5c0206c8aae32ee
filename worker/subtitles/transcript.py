"""The words of a reference, and when they are said."""

from __future__ import annotations

from dataclasses import dataclass

from worker.subtitles.notes import Cue


@dataclass(frozen=True)
class Transcript:
    """A whole transcript on one line; `cues` in time order, empty when it has no times.

    `warnings` are whole sentences that name it. `whole_numbers`: its times are whole numbers
    without a unit, so they may be milliseconds; the recording tells (`fit.fitted`). `unit`: what
    its cues are counted in.
    """

    key: str
    text: str
    cues: tuple[Cue, ...] = ()
    warnings: tuple[str, ...] = ()
    whole_numbers: bool = False
    unit: str = "line"
