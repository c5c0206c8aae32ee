"""A text laid over its words: services write both, marks in the one and times in the other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from worker.subtitles.notes import Cue

_STOPS = "\u3002\uff01\uff1f"  # end a sentence of a text without spaces
_BRACKETS = {"[": 1, "]": -1, "(": 1, ")": -1, "\u3010": 1, "\u3011": -1}


def letters(text: str) -> str:
    """What is to be heard of a text, to be compared."""
    return "".join(filter(str.isalnum, text)).casefold()


def spread(text: str, words: Sequence[Cue]) -> list[Cue] | None:
    """`text` cut by the times of `words`, in pieces that end where it has spaces, none within
    brackets; None where its letters are not those of the words."""
    counts = [sum(map(str.isalnum, word.text)) for word in words]
    if not words or letters(text) != letters("".join(word.text for word in words)):
        return None
    if sum(counts) != sum(map(str.isalnum, text)):
        return None
    found: list[Cue] = []
    at = begin = depth = first = 0
    for place, count in enumerate(counts):
        start = at
        at = _after(text, at, count, last=place == len(counts) - 1)
        depth += sum(_BRACKETS.get(char, 0) for char in text[start:at])
        ends = at == len(text) or text[at].isspace() or text[at - 1] in _STOPS
        if count and at > begin and depth <= 0 and ends:
            found.append(_joined(words[first : place + 1], text[begin:at]))
            begin, first, depth = at, place + 1, 0
    if text[begin:].strip():
        found.append(_joined(words[first:] or words[-1:], text[begin:]))
    return found


def _after(text: str, at: int, count: int, *, last: bool) -> int:
    """The place behind the next `count` letters and the marks that close them."""
    while count:
        count -= text[at].isalnum()
        at += 1
    while at < len(text) and not text[at].isspace() and not text[at].isalnum():
        at += 1
    return len(text) if last else at


def _joined(words: Sequence[Cue], text: str) -> Cue:
    timed = [word for word in words if not math.isnan(word.start + word.end)]
    start, end = (timed[0].start, timed[-1].end) if timed else (math.nan, math.nan)
    return Cue(start, end, text.strip(), words[0].line)
