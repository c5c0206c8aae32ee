"""Transcripts of meetings: a line with who speaks and when, `Anna Nowak  0:01`, then the words.

Premiere's have a line with two times, one with a name, then the words.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise

from worker.subtitles.cues import CLOCK, seconds
from worker.subtitles.notes import Cue, Malformed, Notes
from worker.subtitles.tables import until_next

_NAME = r"[^\W\d_a-z][\w.'-]*(?: (?:[^\W\d_a-z][\w.'-]*|\d{1,3})){0,3}"
_CLOCK = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
_HEAD = re.compile(rf"\s*\[?{_NAME}\]?:?\s+[\[(]?(?P<at>{_CLOCK})[\])]?\s*:?(?:\s+(?P<words>.*))?")
_SPAN = re.compile(rf"\s*(?P<start>{_CLOCK})\s*[-\u2013\u2014]\s*(?P<end>{_CLOCK})\s*")
_ALONE = re.compile(rf"\s*(?:{_NAME}|Unknown|[^\W\d_].{{0,40}} \d{{1,3}})\s*:?\s*")
_SEAL = re.compile(r"\s*Transcribed by https?://\S+\s*")
_FIRST_S = 60.0
_MOST_ABOVE = 40  # lines: a title, key words, who speaks


def looks_like_turns(text: str) -> bool:
    """True for two or more lines that begin with a name and a time, the times rising from near 0
    or, alone on their lines, of the day; the first of them the first line, or below a heading. One
    line is enough that has nothing else, above words."""
    lines = [line for line in text.split("\n") if line.strip()]
    heads = [found for line in lines if (found := _HEAD.fullmatch(line))]
    if not heads or (len(heads) == 1 and not _is_one_turn(lines)):
        return False
    above = next(place for place, line in enumerate(lines) if _HEAD.fullmatch(line))
    few, with_words = len(heads) < 2, any(head["words"] for head in heads)
    if above and (above >= _MOST_ABOVE or few or with_words):
        return False
    if len(heads) == len(lines) - above and not with_words:
        return False  # a list of names and times, nothing said below them
    if 4 * len(heads) < len(lines) - above:
        return len(heads) == 1
    times = [_seconds(found["at"]) for found in heads]
    of_day = all(found["at"].count(":") == 2 and not found["words"] for found in heads)
    return (times[0] < _FIRST_S or of_day) and all(a <= b for a, b in pairwise(times))


def _is_one_turn(lines: list[str]) -> bool:
    """True for a line of a name and a time near 0, and words below it."""
    head = _HEAD.fullmatch(lines[0])
    if head is None or head["words"] or len(lines) < 2:
        return False
    return _seconds(head["at"]) < _FIRST_S


def turn_cues(text: str, notes: Notes) -> list[Cue]:
    """The words of each turn, up to the next; names are left out and named in `notes`."""
    cues: list[Cue] = []
    for number, line in enumerate(text.split("\n"), 1):
        if found := _HEAD.fullmatch(line):
            start = _seconds(found["at"])
            cues.append(Cue(start, start, found["words"] or "", number))
            notes.add("begins with a name and a time, which are not said and were left out", number)
        elif line.strip() and not cues:
            notes.add("stands above the first name and time, and was left out", number)
        elif _SEAL.fullmatch(line):
            notes.add("names the program that wrote it, and was left out", number)
        elif line.strip():
            cues[-1] = cues[-1].with_text(f"{cues[-1].text}\n{line}".strip())
    cues = until_next(cues)
    if cues[0].start >= _FIRST_S:
        notes.say("has times of the day, which were left out")
        cues = [Cue(math.inf, math.inf, cue.text, cue.line) for cue in cues]
    return [cue for cue in cues if cue.text.strip()]


def looks_like_spans(text: str) -> bool:
    """True for a text that begins with a line of two times, the first near 0, and words below."""
    lines = [line for line in text.split("\n") if line.strip()]
    first = _SPAN.fullmatch(lines[0]) if len(lines) > 1 else None
    return first is not None and _seconds(first["start"]) < _FIRST_S


def span_cues(text: str, notes: Notes) -> list[Cue]:
    """The words below each line with two times. If all of them begin with a line that may be a
    name, with more below it, that is left out and named in `notes`."""
    found: list[tuple[float, float, int, list[str]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if span := _SPAN.fullmatch(line):
            start, end = _seconds(span["start"]), _seconds(span["end"])
            if end < start:
                raise Malformed(f"line {number} ends before it starts")
            found.append((start, end, number, []))
        elif line.strip():
            found[-1][3].append(line)
    named = all(len(lines) > 1 and _ALONE.fullmatch(lines[0]) for *_, lines in found)
    for _, _, number, _ in found if named else ():
        what = "begins with a name, which is not said and was left out"
        notes.add(what, number + 1)
    return [
        Cue(start, end, "\n".join(lines[named:]), number)
        for start, end, number, lines in found
        if lines[named:]
    ]


def _seconds(clock: str) -> float:
    found = re.fullmatch(CLOCK, clock)
    return seconds(found.groups()) if found else 0.0
