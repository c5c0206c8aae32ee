"""Captions that are shown while they are made say their words two or three times.

Rolling ones repeat the lines above (YouTube's, roll-up captions of television), growing ones repeat
the line with another word. In both each word is wanted once. A person may say a line twice, so what
is taken off must be a habit of the file, and is named.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from worker.subtitles.notes import Cue, Notes, one_line

_FLASH_S = 0.06  # of no use to a reader: a step of the roll
_GAP_S = 0.3
_MOST_LINES = 4
_TELLING_WORDS = 3
_MOST_AGAIN = 40  # words

_Lines = list[str]


def said_once(cues: list[Cue], notes: Notes) -> list[Cue]:
    """The cues, in time order, without words that are only shown again."""
    return _unrolled(_in_lines(_grown(_single(cues, notes), notes)), notes)


def _in_lines(cues: list[Cue]) -> list[Cue]:
    """Rolling cues whose lines were joined by spaces, as tables have them, in lines again."""
    again = [0, *(_words_again(*pair) for pair in pairwise(cues))]
    rolls = [count for count in again if count]
    if len(rolls) < 2 or 2 * len(rolls) < len(cues) - 1 or sum(rolls) < 2 * _TELLING_WORDS:
        return cues
    found = []
    for cue, count in zip(cues, again, strict=True):
        words = cue.text.split()
        parts = (" ".join(words[:count]), " ".join(words[count:]))
        found.append(cue.with_text("\n".join(filter(None, parts))) if count else cue)
    return found


def _words_again(before: Cue, cue: Cue) -> int:
    """How many of the first words are the last of the cue before, 0 where they are one or lines
    of their own."""
    old, new = before.text.split(), cue.text.split()
    if "\n" in before.text.strip() + cue.text.strip() or cue.start - before.end > _GAP_S:
        return 0
    most = min(len(old), len(new), _MOST_AGAIN)
    return next((n for n in range(most, 1, -1) if old[-n:] == new[:n]), 0)


def _single(cues: list[Cue], notes: Notes) -> list[Cue]:
    """Without cues that are there twice, as in the layers of ASS."""
    found: dict[tuple[float, float, str], Cue] = {}
    for cue in cues:
        key = (cue.start, cue.end, one_line(cue.text))
        if key in found:
            notes.add("is there a second time, with the same times, and was left out", cue.line)
        else:
            found[key] = cue
    return list(found.values())


def _grown(cues: list[Cue], notes: Notes) -> list[Cue]:
    """Of cues that each repeat the one before and add to it, the last."""
    grows = [_grows(before, cue) for before, cue in pairwise(cues)]
    if sum(grows) < 2 or 2 * sum(grows) < len(grows):
        return cues
    found: list[Cue] = []
    for cue, grew in zip(cues, [False, *grows], strict=True):
        if grew:
            before = found.pop()
            notes.add("is repeated and continued by the next lines, and counts once", before.line)
            cue = replace(cue, start=before.start)
        found.append(cue)
    return found


def _grows(before: Cue, cue: Cue) -> bool:
    old, new = before.text.split(), cue.text.split()
    if _shown_again(_lines(before), _lines(cue)):  # by a whole line: it rolls
        return False
    return cue.start - before.end <= _GAP_S and len(new) > len(old) and new[: len(old)] == old


def _unrolled(cues: list[Cue], notes: Notes) -> list[Cue]:
    if not cues:
        return []
    shown = [_lines(cue) for cue in cues]
    again = [0, *(_shown_again(*pair) for pair in pairwise(shown))]
    follows = [False, *(cue.start - old.end <= _GAP_S for old, cue in pairwise(cues))]
    steps = [
        count if near and (count < len(lines) or cue.end - cue.start <= _FLASH_S) else 0
        for cue, lines, count, near in zip(cues, shown, again, follows, strict=True)
    ]
    telling = (
        len(" ".join(lines[:count]).split()) >= _TELLING_WORDS
        for lines, count in zip(shown, steps, strict=True)
    )
    rolls = sum(step > 0 for step in steps) >= 2 or any(telling)
    found = []
    for cue, lines, count, near in zip(cues, shown, again, follows, strict=True):
        if count and near and rolls:
            notes.add("shows words of the cue before again, which count once", cue.line)
            lines = lines[count:]
        elif count:
            notes.add(
                "repeats words of the cue before; delete them if they are said once", cue.line
            )
        if lines:
            found.append(cue.with_text("\n".join(lines)))
    return found


def _lines(cue: Cue) -> _Lines:
    return [line for line in map(one_line, cue.text.split("\n")) if line]


def _shown_again(before: _Lines, lines: _Lines) -> int:
    """How many of the first lines are the last of the cue before."""
    most = min(len(before), len(lines), _MOST_LINES)
    return next((n for n in range(most, 0, -1) if before[-n:] == lines[:n]), 0)
