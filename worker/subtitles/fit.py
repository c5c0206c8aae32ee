"""A transcript's times held against the recording it belongs to."""

from __future__ import annotations

import math
from dataclasses import replace

from worker.subtitles.notes import Cue, Malformed, Notes

_SLACK_S = 1.0
_SLACK_SHARE = 0.02
_FILLED = 0.3


def in_seconds(cues: list[Cue], seconds: float, notes: Notes, *, whole: bool) -> list[Cue]:
    """Cues whose times are numbers without a unit: milliseconds, if as seconds they would end after
    a recording of `seconds` and as milliseconds they do not; where they are not `whole` numbers,
    they must fill much of it."""
    last = _last(cues)
    least = 0.0 if whole else _FILLED * seconds
    if not last > _limit(seconds) >= last / 1000 >= least:
        return cues
    notes.say("has times in milliseconds where seconds are usual, and they were read so")
    return [replace(cue, start=cue.start / 1000, end=cue.end / 1000) for cue in cues]


def inside(cues: list[Cue], seconds: float, notes: Notes) -> list[Cue]:
    """The cues, in time order, that begin in a recording of `seconds`, none longer than it; `notes`
    names the others. Raises Malformed: there are none."""
    found = []
    for cue in cues:
        if cue.start >= seconds:
            notes.add(
                f"begins after the recording ends ({seconds:.1f} s), and was left out", cue.line
            )
            continue
        if _limit(seconds) < cue.end < math.inf:
            what = f"ends after the recording does ({seconds:.1f} s): check its words"
            notes.add(what, cue.line)
        found.append(cue if cue.end <= seconds else replace(cue, end=seconds))
    if cues and not found:
        raise Malformed(
            f"has times from {cues[0].start:.1f} s to {_last(cues):.1f} s, but the recording ends "
            f"at {seconds:.1f} s"
        )
    return found


def _limit(seconds: float) -> float:
    """What a transcript may end at: programs round, and count silence at the end."""
    return seconds + max(_SLACK_S, _SLACK_SHARE * seconds)


def _last(cues: list[Cue]) -> float:
    ends = (end for cue in cues for end in (cue.start, cue.end) if math.isfinite(end))
    return max(ends, default=0.0)
