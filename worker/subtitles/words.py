"""When each word is spoken: estimates.

Chunk boundaries are exact, the engine knows them, and the pauses in a chunk's sound are heard.
Words between two pauses are ESTIMATED: they share the sound by the length of what is spoken; the
last word before a pause is said more slowly. Without the sound, punctuation gets a pause of usual
length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.chunk import SaidWord
from worker.subtitles.anchors import Mark, Span, anchor, sounds

_WIDE = "\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
_WORDS = re.compile(rf"[{_WIDE}]|[^\s{_WIDE}]+")
_CJK = re.compile(rf"[{_WIDE}]")
_SENTENCE_END = re.compile(r"[.!?。！？…]+[\"'”’»)\]』」）]*$")
_CLAUSE_END = re.compile(r"[,;:，、；：–—]+[\"'”’»)\]』」）]*$")
_WORD_COST = 0.5  # all in letters
_PAUSE = {Mark.NONE: 0.0, Mark.CLAUSE: 2.5, Mark.SENTENCE: 5.0}
_LENGTHENING = {Mark.NONE: 0.0, Mark.CLAUSE: 1.0, Mark.SENTENCE: 2.0}


class Timed(Protocol):
    """Anything spoken; `start` and `end` in seconds of the result."""

    @property
    def text(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


@dataclass(frozen=True)
class Word:
    """A word or sentence as it was written; `start` and `end` in seconds of the result.

    `spoken`: what is said for it, where that is known. `aligned`: its time was found in the sound,
    not estimated.
    """

    text: str
    start: float
    end: float
    spoken: str = ""
    aligned: bool = False


def split_words(text: str) -> list[str]:
    """Words as a reader counts them: by spaces, each Chinese or Japanese character on its own.
    Punctuation stays with the word before it."""
    words: list[str] = []
    for token in _WORDS.findall(text):
        if words and not any(char.isalnum() for char in token):
            words[-1] += token if _CJK.match(token) else f" {token}"
        else:
            words.append(token)
    return words


def said_words(segment: Timed) -> list[SaidWord]:
    """What is written and what is said for it: the segment's `words`, else its text split up.

    What is said for nothing that was written goes to the word before it.
    """
    given: Sequence[SaidWord] = getattr(segment, "words", ())
    if not given:
        return [SaidWord(word, word) for word in split_words(segment.text)]
    words: list[SaidWord] = []
    for word in given:
        if words and not (word.written.strip() and words[-1].written.strip()):
            before = words[-1]
            words[-1] = SaidWord(
                f"{before.written} {word.written}".strip(), f"{before.spoken} {word.spoken}".strip()
            )
        else:
            words.append(word)
    return words


def estimate_words(
    segments: Sequence[Timed], samples: NDArray[np.floating] | None = None, sample_rate: int = 24000
) -> list[Word]:
    """Words of all segments with estimated times, in order, none overlapping another.

    Args:
        segments: chunks in the order they are spoken; neighbours may overlap by a cross-fade.
            Their `words`, if they have any, tell what is spoken for what was written.
        samples: (n,) mono of the whole result at `sample_rate` Hz; with it, pauses are those that
            are heard, and silence belongs to no word.
    """
    words: list[Word] = []
    previous_end = 0.0
    for i, segment in enumerate(segments):
        span = own_span(segments, i, previous_end)
        found = estimate_segment(segment, span, samples, sample_rate)
        words += found
        previous_end = found[-1].end if found else span[1]
    return words


def estimate_segment(
    segment: Timed, span: Span, samples: NDArray[np.floating] | None, sample_rate: int
) -> list[Word]:
    """As `estimate_words`, of one segment that has `span` (seconds) for itself."""
    said = said_words(segment)
    if not said:
        return []
    if samples is None:
        return _timed(said, [span])
    return _timed(said, sounds(samples, sample_rate, *span))


def own_span(segments: Sequence[Timed], index: int, previous_end: float) -> Span:
    """Seconds of a segment that are its own: what it shares with the next is divided in two."""
    start, end = max(segments[index].start, previous_end), segments[index].end
    if index + 1 < len(segments) and segments[index + 1].start < end:
        end = max(start, (end + segments[index + 1].start) / 2)
    return start, max(start, end)


def sentences(words: Iterable[Word]) -> list[Word]:
    """Words joined to sentences; what ends in no full stop is one sentence too."""
    found: list[Word] = []
    pending: list[Word] = []
    for word in words:
        pending.append(word)
        if _SENTENCE_END.search(word.spoken or word.text):
            found.append(_join(pending))
            pending = []
    return [*found, _join(pending)] if pending else found


def _join(words: list[Word]) -> Word:
    text = words[0].text
    for left, right in pairwise(words):
        glued = _CJK.search(left.text[-1:]) and _CJK.match(right.text)
        text += right.text if glued else f" {right.text}"
    aligned = all(word.aligned for word in words)
    return Word(text, words[0].start, words[-1].end, aligned=aligned)


class _Length(NamedTuple):
    """How long a word is, in letters; `mark`: what it ends."""

    letters: float
    mark: Mark


def _timed(words: Sequence[SaidWord], heard: Sequence[Span]) -> list[Word]:
    """Times of a chunk's words, at least one, over the sound that is heard of it."""
    lengths = [_length(word.spoken, last=i == len(words) - 1) for i, word in enumerate(words)]
    stretches = anchor([word.letters for word in lengths], [word.mark for word in lengths], heard)
    timed: list[Word] = []
    for stretch in stretches:
        inside = lengths[stretch.first : stretch.last]
        if len(stretches) > 1:  # the pauses are those that were heard
            inside = [_Length(length.letters, Mark.NONE) for length in inside]
        times = _share(inside, stretch.start, stretch.end)
        timed += [
            Word(word.written, start, end, word.spoken)
            for word, (start, end) in zip(words[stretch.first : stretch.last], times, strict=True)
        ]
    return timed


def _share(words: Sequence[_Length], start: float, end: float) -> list[Span]:
    """Shares [start, end] out by letters; each word's pause follows it, the last has none."""
    pauses = [_PAUSE[word.mark] for word in words[:-1]] + [0.0]
    total = sum(word.letters for word in words) + sum(pauses)
    timed: list[Span] = []
    used = 0.0
    for word, pause in zip(words, pauses, strict=True):
        first = min(start + (end - start) * used / total, end)
        last = min(start + (end - start) * (used + word.letters) / total, end)
        timed.append((first, last))
        used += word.letters + pause
    return timed


def _length(spoken: str, *, last: bool) -> _Length:
    """Letters of what is said for one written word: pauses inside it, and what it ends."""
    parts = split_words(spoken) or [""]
    letters = sum(_WORD_COST + spoken_letters(part) for part in parts)
    letters += sum(_PAUSE[_mark(part)] + _LENGTHENING[_mark(part)] for part in parts[:-1])
    mark = _mark(parts[-1])
    return _Length(letters + _LENGTHENING[Mark.SENTENCE if last else mark], mark)


def spoken_letters(word: str) -> float:
    """Letters and digits; a Chinese character is a syllable and counts as three."""
    return sum(3.0 if _CJK.match(char) else 1.0 for char in word if char.isalnum())


def _mark(word: str) -> Mark:
    if _SENTENCE_END.search(word):
        return Mark.SENTENCE
    return Mark.CLAUSE if _CLAUSE_END.search(word) else Mark.NONE
