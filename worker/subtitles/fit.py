"""A transcript's times held against the recording it belongs to."""

from __future__ import annotations

import math
from dataclasses import replace

from worker.subtitles.notes import Cue, Malformed, Notes, one_line
from worker.subtitles.transcript import Transcript

_SLACK_S = 1.0
_SLACK_SHARE = 0.02


def fitted(transcript: Transcript, seconds: float) -> Transcript:
    """The transcript with its times inside a recording of `seconds`; its warnings name what was
    changed. Raises Malformed: no word of it lies in the recording."""
    if not transcript.cues:
        return transcript
    notes = Notes(transcript.unit)
    limit = seconds + max(_SLACK_S, _SLACK_SHARE * seconds)
    cues = list(transcript.cues)
    if transcript.whole_numbers and _last(cues) > limit >= _last(cues) / 1000:
        notes.say("has times in milliseconds where seconds are usual, and they were read so")
        cues = [replace(cue, start=cue.start / 1000, end=cue.end / 1000) for cue in cues]
    inside = [_inside(cue, seconds, limit, notes) for cue in cues if cue.start < seconds]
    if not inside:
        raise Malformed(
            f"has times from {cues[0].start:.1f} s to {_last(cues):.1f} s, but the recording ends "
            f"at {seconds:.1f} s"
        )
    for cue in cues:
        if cue.start >= seconds:
            notes.add(
                f"begins after the recording ends ({seconds:.1f} s), and was left out", cue.line
            )
    text = transcript.text
    if len(inside) < len(cues):
        text = one_line(" ".join(cue.text for cue in inside))
    warnings = (*transcript.warnings, *notes.sentences(transcript.key))
    return replace(transcript, text=text, cues=tuple(inside), warnings=warnings)


def _last(cues: list[Cue]) -> float:
    return max(end for cue in cues for end in (cue.start, cue.end) if math.isfinite(end))


def _inside(cue: Cue, seconds: float, limit: float, notes: Notes) -> Cue:
    if limit < cue.end < math.inf:
        what = f"ends at {cue.end:.1f} s, after the recording ({seconds:.1f} s): check its words"
        notes.add(what, cue.line)
    return replace(cue, end=min(cue.end, max(seconds, cue.start)))
