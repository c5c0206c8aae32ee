"""Where a line may be cut into chunks, and the cut that leaves them balanced.

A line is cut at sentences; a sentence that is too long at clauses, a clause at words, a word
between letters (never within a cluster). Chunks of about equal length are looked for, so that
none is a word left over.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from text.script import Break, Line

Cost = Callable[[str], float]

_CLAUSE = re.compile(r"[,;:—–)\]][\"'»”’]?\s+|\s+(?=[(\[—–])|[，；：、]")
_BLANK = re.compile(r"\s+")
_CJK = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_CLOSING = "\"'»”’)]」』）】"
# A full stop after these ends no sentence, whatever the splitter says.
_NO_END = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|No|Nr|ca|bzw|usw|M|MM|Sra|Dra|Fig|Vol|Mt"
    r"|Lt|Col|Gen)\.)$"
)
_PENALTY = {Break.SENTENCE: 0.0, Break.CLAUSE: 0.15, Break.WORD: 0.6}


@dataclass(frozen=True)
class Chunk:
    """`line.text[start:end]`, said in one go; before it a break of kind `opens`."""

    text: str
    start: int
    end: int
    opens: Break | None
    pause_s: float = 0.0


@dataclass(frozen=True)
class _Piece:
    start: int
    end: int
    opens: Break
    cost: float


def chunks(line: Line, limit: float, cost: Cost = len) -> list[Chunk]:
    """`line` in chunks that cost at most `limit` each, balanced, with as few cuts as needed.

    Args:
        limit: the most one chunk may cost, in the unit of `cost`.
        cost: of a text, such as its seconds; longer texts never cost less.
    """
    text = line.text
    if not text:
        return []
    if cost(text) <= limit:
        return [Chunk(text, 0, len(text), line.opens, line.pause_s)]
    pieces = list(_pieces(text, line.language, limit, cost))
    found: list[Chunk] = []
    for first, last in _balanced(pieces, limit):
        start, end = pieces[first].start, pieces[last].end
        opens = pieces[first].opens if found else line.opens
        found.append(
            Chunk(text[start:end].strip(), start, end, opens, 0.0 if found else line.pause_s)
        )
    return found


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """The sentences of `text`, from end to end."""
    spans: list[tuple[int, int]] = []
    for end in _sentence_ends(text, language):
        start = spans[-1][1] if spans else 0
        if end > start and text[start:end].strip():
            spans.append((start, end))
    if spans and spans[-1][1] < len(text):
        spans[-1] = (spans[-1][0], len(text))
    return spans or [(0, len(text))]


@cache
def _splitter() -> Any:
    return importlib.import_module("sentencex")  # a compiled module without types


def _sentence_ends(text: str, language: str) -> Iterator[int]:
    boundaries = _splitter().get_sentence_boundaries(language.partition("-")[0], text)
    for boundary in boundaries:
        end = int(boundary["end_index"])
        if not _NO_END.search(text[max(0, end - 8) : end].rstrip()) or end >= len(text):
            yield end
    yield len(text)


def _pieces(text: str, language: str, limit: float, cost: Cost) -> Iterator[_Piece]:
    for start, end in sentences(text, language):
        yield from _divide(text, start, end, Break.SENTENCE, limit, cost)


def _divide(
    text: str, start: int, end: int, opens: Break, limit: float, cost: Cost
) -> Iterator[_Piece]:
    """The piece itself if it is short enough, else its clauses, words or letters."""
    price = cost(text[start:end])
    if price <= limit:
        yield _Piece(start, end, opens, price)
        return
    for pattern, kind in ((_CLAUSE, Break.CLAUSE), (_BLANK, Break.WORD)):
        parts = _split(text, start, end, pattern)
        if len(parts) > 1:
            for number, (a, b) in enumerate(parts):
                yield from _divide(text, a, b, opens if number == 0 else kind, limit, cost)
            return
    for number, (a, b) in enumerate(_letters(text, start, end, limit, cost)):
        yield _Piece(a, b, opens if number == 0 else Break.WORD, cost(text[a:b]))


def _split(text: str, start: int, end: int, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    parts: list[tuple[int, int]] = []
    for match in pattern.finditer(text, start, end):
        if start < match.end() < end and text[start : match.end()].strip():
            parts.append((start, match.end()))
            start = match.end()
    return [*parts, (start, end)]


def _letters(
    text: str, start: int, end: int, limit: float, cost: Cost
) -> Iterator[tuple[int, int]]:
    """A word too long for one chunk, cut between letter clusters."""
    unit = cost(text[start:end]) / (end - start)
    step = max(1, int(limit / unit)) if unit else end - start
    while start < end:
        stop = min(end, start + step)
        while start + 1 < stop < end and not _may_cut(text, stop):
            stop -= 1
        while stop < end and (unicodedata.combining(text[stop]) or text[stop] in "\u200d\ufe0f"):
            stop += 1
        yield start, stop
        start = stop


def _may_cut(text: str, position: int) -> bool:
    """Not within a number or a letter with its marks."""
    before, after = text[position - 1], text[position]
    return not (
        unicodedata.combining(after)
        or (before.isdigit() and after.isdigit())
        or after in "\u200d\ufe0f"
    )


def _balanced(pieces: Sequence[_Piece], limit: float) -> list[tuple[int, int]]:
    """First and last piece of each chunk.

    As few chunks as fit, then lengths as equal as may be, then cuts at the stronger breaks: the
    sum of squares of how much each chunk lacks to the mean, plus a little for each weak break.
    """
    fewest = _fewest(pieces, limit)
    mean = sum(piece.cost for piece in pieces) / fewest
    best: list[float] = [0.0]
    back: list[int] = [-1]
    for last in range(len(pieces)):
        total, cheapest, origin = 0.0, float("inf"), last
        for first in range(last, -1, -1):
            total += pieces[first].cost
            if total > limit and first < last:
                break
            lack = (total - mean) / mean
            price = (
                best[first]
                + lack * lack
                + (_PENALTY.get(pieces[first].opens, 0.0) if first else 0.0)
            )
            if price < cheapest:
                cheapest, origin = price, first
        best.append(cheapest)
        back.append(origin)
    cuts: list[tuple[int, int]] = []
    last = len(pieces) - 1
    while last >= 0:
        first = back[last + 1]
        cuts.append((first, last))
        last = first - 1
    return cuts[::-1]


def _fewest(pieces: Sequence[_Piece], limit: float) -> int:
    chunks, total = 1, 0.0
    for piece in pieces:
        if total and total + piece.cost > limit:
            chunks, total = chunks + 1, 0.0
        total += piece.cost
    return chunks
