"""Transcripts of meetings: a line with who speaks and when, `Anna Nowak  0:01`, then the words."""

from __future__ import annotations

import re
from itertools import pairwise

from worker.subtitles.cues import CLOCK, seconds
from worker.subtitles.notes import Cue, Notes
from worker.subtitles.tables import until_next

_NAME = r"[^\W\d_a-z][\w.'-]*(?: (?:[^\W\d_a-z][\w.'-]*|\d{1,3})){0,3}"
_CLOCK = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
_HEAD = re.compile(rf"\s*{_NAME}:?\s+[\[(]?(?P<at>{_CLOCK})[\])]?\s*:?(?:\s+(?P<words>.*))?")
_FIRST_S = 60.0


def looks_like_turns(text: str) -> bool:
    """True for two or more lines that begin with a name and a time, the times rising from near 0,
    the first of them the first line."""
    lines = [line for line in text.split("\n") if line.strip()]
    heads = [found for line in lines if (found := _HEAD.fullmatch(line))]
    if len(heads) < 2 or not _HEAD.fullmatch(lines[0]) or 4 * len(heads) < len(lines):
        return False
    times = [_seconds(found["at"]) for found in heads]
    return times[0] < _FIRST_S and all(a <= b for a, b in pairwise(times))


def turn_cues(text: str, notes: Notes) -> list[Cue]:
    """The words of each turn, up to the next; names are left out and named in `notes`."""
    cues: list[Cue] = []
    for number, line in enumerate(text.split("\n"), 1):
        if found := _HEAD.fullmatch(line):
            start = _seconds(found["at"])
            cues.append(Cue(start, start, found["words"] or "", number))
            notes.add("begins with a name and a time, which are not said and were left out", number)
        elif line.strip():
            cues[-1] = cues[-1].with_text(f"{cues[-1].text}\n{line}".strip())
    return [cue for cue in until_next(cues) if cue.text.strip()]


def _seconds(clock: str) -> float:
    found = re.fullmatch(CLOCK, clock)
    return seconds(found.groups()) if found else 0.0
