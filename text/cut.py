"""Where a line may be cut into chunks, and the cut that leaves them balanced.

A line is cut at sentences; a sentence that is too long at clauses, a clause at words, a word
between letters (never within a cluster). What is read together, as a sum of money, and names stay
together as long as they fit. Chunks of about equal length are looked for, so that none is a word
left over.
"""

from __future__ import annotations

import importlib
import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from text.characters import CLOSING, HALTS, STOPS
from text.script import Break, Line

Cost = Callable[[str], float]

_CLAUSE = re.compile(r"[,;:—–)\]][\"'»”’]?\s+|\s+(?=[(\[—–])|[，；：、]")
_BLANK = re.compile(r"\s+")
_WORD = re.compile(r"\S")
_JOINERS = "\u200d\ufe0f"
# A full stop after these ends no sentence, whatever the splitter says.
_NO_END = re.compile(
    r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|No|Nr|ca|bzw|usw|M|MM|Sra|Dra|Fig|Vol|Mt|Lt|Col|Gen)\.$"
)
_NAME = re.compile(r"[A-Z][\w'’-]*\s+$")
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_SEARCHED = 40  # letters before the place aimed at in which one to cut is looked for
_PENALTY = {Break.CLAUSE: 0.15, Break.WORD: 0.6}
"""What a weak break costs, in squared shares of a chunk's mean length."""


@dataclass(frozen=True)
class Cut:
    """`line.text[start:end]`, said in one go; before it a break of kind `opens`."""

    text: str
    start: int
    end: int
    opens: Break | None
    pause_s: float = 0.0


@dataclass(frozen=True)
class _Piece:
    """A stretch that is not cut; `bare` is its cost without the blank behind it."""

    start: int
    end: int
    opens: Break
    cost: float
    bare: float


def chunks(
    line: Line, limit: float, cost: Cost = len, *, opening: float | None = None
) -> list[Cut]:
    """`line` in chunks that cost at most `limit` each, balanced, with as few cuts as needed.

    Args:
        limit: the most one chunk may cost, in the unit of `cost`.
        cost: of a text, such as its seconds; of two texts joined at most the sum of both.
        opening: the first chunk is the first clause, or clauses, that cost as much, if as much is
            left for others and it fits; None: it is as long as the others.
    """
    text = line.text
    if not text:
        return []
    cutter = _Cutter(line, limit, cost)
    end, kind = (0, None) if opening is None else cutter.opening(opening)
    if not end:
        return _cuts(cutter, 0, line.opens, line.pause_s)
    first = Cut(text[:end].strip(), 0, end, line.opens, line.pause_s)
    return [first, *_cuts(cutter, end, kind, 0.0)]


def _cuts(cutter: _Cutter, begin: int, opens: Break | None, pause_s: float) -> list[Cut]:
    """The text from `begin` on, whose first chunk opens with a break of kind `opens`."""
    text = cutter.text
    rest = text[begin:]
    if cutter.cost(rest) <= cutter.limit:
        return [Cut(rest.strip() if begin else rest, begin, len(text), opens, pause_s)]
    pieces = list(cutter.pieces(begin))
    found: list[Cut] = []
    for first, last in _balanced(pieces, cutter.limit):
        start, end = pieces[first].start, pieces[last].end
        kind, pause = (pieces[first].opens, 0.0) if found else (opens, pause_s)
        found.append(Cut(text[start:end].strip(), start, end, kind, pause))
    return found


def stopped(text: str, *, ends_line: bool = True) -> str:
    """`text` with the punctuation a model needs to bring it to an end.

    At the end of a line that is a full stop or its like; within a sentence any mark does.
    """
    body = text.rstrip()
    bare = body.rstrip(CLOSING)
    if not bare or bare[-1] in STOPS or (not ends_line and bare[-1] in HALTS):
        return body
    full, half = ("。", "，") if _WIDE.match(bare[-1]) else (".", ",")
    closing = body[len(bare) :]
    if ends_line:
        return f"{bare.rstrip(HALTS + ' ')}{full}{closing}"
    return f"{bare}{half}{closing}"


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


class _Cutter:
    """Cuts one line into pieces that are short enough, at the strongest breaks there are."""

    def __init__(self, line: Line, limit: float, cost: Cost) -> None:
        self.text, self.language = line.text, line.language
        self.limit, self.cost = limit, cost
        self.starts = [word.start for word in line.words]
        self.ends = [word.end for word in line.words]

    def pieces(self, begin: int = 0) -> Iterator[_Piece]:
        for start, end in self._sentences():
            if end > begin:
                yield from self._divide(max(start, begin), end, Break.SENTENCE, 0)

    def opening(self, least: float) -> tuple[int, Break | None]:
        """Where the first clause that costs `least` ends, and the break after it; 0 if as much is
        not left, or if it does not fit."""
        for start, end in self._sentences():
            for _, stop in self._split(start, end, _CLAUSE, strict=True):
                if self.cost(self.text[:stop].strip()) >= least:
                    fits = self.cost(self.text[:stop]) <= self.limit
                    enough = self.cost(self.text[stop:].strip()) >= least
                    kind = Break.SENTENCE if stop == end else Break.CLAUSE
                    return (stop, kind) if fits and enough else (0, None)
        return 0, None

    def _sentences(self) -> Iterator[tuple[int, int]]:
        """Sentences; one that begins within what is read together goes with the one before."""
        spans = sentences(self.text, self.language)
        costs: dict[tuple[int, int], float] = {}
        start, end = spans[0]
        for following in spans[1:]:
            word = self._word_at(following[0])
            if word and word not in costs:
                costs[word] = self.cost(self.text[word[0] : word[1]])
            if word and costs[word] <= self.limit:
                end = following[1]
                continue
            yield start, end
            start, end = following
        yield start, end

    def _divide(self, start: int, end: int, opens: Break, level: int) -> Iterator[_Piece]:
        """The piece itself if it is short enough, else its clauses, words or letters."""
        bare = self.cost(self.text[start:end].strip())
        if bare <= self.limit:
            yield _Piece(start, end, opens, self.cost(self.text[start:end]), bare)
            return
        for number, (parts, kind) in enumerate(self._ways(start, end, level), level):
            if len(parts) > 1:
                for first, (a, b) in enumerate(parts):
                    yield from self._divide(a, b, kind if first else opens, number)
                return
        for first, (a, b) in enumerate(self._letters(start, end)):
            piece = self.cost(self.text[a:b])
            yield _Piece(a, b, Break.WORD if first else opens, piece, piece)

    def _ways(
        self, start: int, end: int, level: int
    ) -> Iterator[tuple[list[tuple[int, int]], Break]]:
        """Ways to divide a piece, the best first: clauses, words, words of numbers and names."""
        ways = [
            (_CLAUSE, Break.CLAUSE, True),
            (_BLANK, Break.WORD, True),
            (_BLANK, Break.WORD, False),
        ]
        for pattern, kind, strict in ways[level:]:
            yield self._split(start, end, pattern, strict), kind

    def _split(
        self, start: int, end: int, pattern: re.Pattern[str], strict: bool
    ) -> list[tuple[int, int]]:
        parts: list[tuple[int, int]] = []
        for match in pattern.finditer(self.text, start, end):
            cut = match.end()
            if not start < cut < end or not _WORD.search(self.text, start, cut):
                continue
            if strict and self._within(cut, names=pattern is _BLANK):
                continue
            parts.append((start, cut))
            start = cut
        return [*parts, (start, end)]

    def _word_at(self, cut: int) -> tuple[int, int] | None:
        """What is read together and would be cut at `cut`, if anything."""
        index = bisect_right(self.starts, cut - 1) - 1
        if index >= 0 and self.starts[index] < cut < self.ends[index]:
            return self.starts[index], self.ends[index]
        return None

    def _within(self, cut: int, *, names: bool) -> bool:
        """True at a blank within what is read together, or within a name."""
        if self._word_at(cut):
            return True
        name = _NAME.search(self.text, max(0, cut - 40), cut) if names else None
        return name is not None and self.text[cut].isupper()

    def _letters(self, start: int, end: int) -> list[tuple[int, int]]:
        """A word too long for one chunk, cut between letter clusters into parts about equal."""
        count = max(2, math.ceil(self.cost(self.text[start:end]) / self.limit))
        while True:
            parts = self._equal(start, end, count)
            largest = max(self.cost(self.text[a:b]) for a, b in parts)
            if largest <= self.limit or len(parts) < count:
                return parts  # short enough, or letters with so many marks that they never are
            count = max(count + 1, math.ceil(count * largest / self.limit))

    def _equal(self, start: int, end: int, count: int) -> list[tuple[int, int]]:
        """About `count` parts of about equal length."""
        parts: list[tuple[int, int]] = []
        for number in range(1, count + 1):
            reached = parts[-1][1] if parts else start
            aim = start + (end - start) * number // count
            stop = self._cut_near(aim, reached, end)
            if stop > reached:
                parts.append((reached, stop))
        return parts

    def _cut_near(self, aim: int, reached: int, end: int) -> int:
        """A place to cut at or a little before `aim`; never within a letter with its marks."""
        lowest = max(reached + 1, aim - _SEARCHED)
        stop = next((at for at in range(aim, lowest - 1, -1) if self._may_cut(at, end)), aim)
        while stop < end and self._joins(self.text[stop]):
            stop += 1
        return min(stop, end)

    def _may_cut(self, position: int, end: int) -> bool:
        """Not within a number or a letter with its marks."""
        if position >= end:
            return True
        before, after = self.text[position - 1], self.text[position]
        return not (
            self._joins(after) or before in _JOINERS or (before.isdigit() and after.isdigit())
        )

    @staticmethod
    def _joins(character: str) -> bool:
        return unicodedata.combining(character) != 0 or character in _JOINERS


def _balanced(pieces: Sequence[_Piece], limit: float) -> list[tuple[int, int]]:
    """First and last piece of each chunk.

    As few chunks as fit, then lengths as equal as may be, then cuts at the stronger breaks: the
    sum of squares of how much each chunk lacks to the mean, plus a little for each weak break.
    """
    mean = sum(piece.cost for piece in pieces) / _fewest(pieces, limit)
    best: list[float] = [0.0]
    back: list[int] = [-1]
    for last in range(len(pieces)):
        total, cheapest, origin = pieces[last].bare, float("inf"), last
        for first in range(last, -1, -1):
            total += pieces[first].cost if first < last else 0.0
            if total > limit and first < last:
                break
            lack = (total - mean) / mean
            weak = _PENALTY.get(pieces[first].opens, 0.0) if first else 0.0
            price = best[first] + lack * lack + weak
            if price < cheapest:
                cheapest, origin = price, first
        best.append(cheapest)
        back.append(origin)
    return _traced(back)


def _traced(back: Sequence[int]) -> list[tuple[int, int]]:
    """The chunks, from the best last one back to the first."""
    cuts: list[tuple[int, int]] = []
    last = len(back) - 2
    while last >= 0:
        first = back[last + 1]
        cuts.append((first, last))
        last = first - 1
    return cuts[::-1]


def _fewest(pieces: Sequence[_Piece], limit: float) -> int:
    chunks, total = 1, 0.0
    for piece in pieces:
        if total and total + piece.bare > limit:
            chunks, total = chunks + 1, 0.0
        total += piece.cost
    return chunks
