"""When each word is spoken: estimates.

Chunk boundaries are exact, the engine knows them. Words inside a chunk are ESTIMATED: they share
the chunk's sound by their length, and punctuation gets a pause. Of the audio only the begin and the
end of a chunk's sound are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_WIDE = "\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
_WORDS = re.compile(rf"[{_WIDE}]|[^\s{_WIDE}]+")
_CJK = re.compile(rf"[{_WIDE}]")
_SENTENCE_END = re.compile(r"[.!?。！？…]+[\"'”’»)\]』」）]*$")
_CLAUSE_END = re.compile(r"[,;:，、；：–—]+[\"'”’»)\]』」）]*$")
_SENTENCE_PAUSE = 5.0  # in letters
_CLAUSE_PAUSE = 2.5
_WORD_COST = 1.0
_WINDOW_S = 0.01
_SOUND_DB = -40.0  # below the chunk's loudest window


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
    """A word or sentence with its estimated time; `start` and `end` in seconds of the result."""

    text: str
    start: float
    end: float


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


def estimate_words(
    segments: Sequence[Timed], samples: NDArray[np.floating] | None = None, sample_rate: int = 24000
) -> list[Word]:
    """Words of all segments with estimated times, in order, none overlapping another. `segments`:
    chunks in the order they are spoken; neighbours may overlap by a cross-fade. `samples`: (n,)
    mono of the whole result at `sample_rate` Hz; with it, silence at the edges of each chunk
    belongs to no word."""
    words: list[Word] = []
    previous_end = 0.0
    for i, segment in enumerate(segments):
        start, end = max(segment.start, previous_end), segment.end
        if i + 1 < len(segments) and segments[i + 1].start < end:
            end = max(start, (end + segments[i + 1].start) / 2)
        end = max(start, end)
        if samples is not None:
            start, end = _sound(samples, sample_rate, start, end)
        words += _share(split_words(segment.text), start, end)
        previous_end = end
    return words


def sentences(words: Iterable[Word]) -> list[Word]:
    """Words joined to sentences; what ends in no full stop is one sentence too."""
    found: list[Word] = []
    pending: list[Word] = []
    for word in words:
        pending.append(word)
        if _SENTENCE_END.search(word.text):
            found.append(_join(pending))
            pending = []
    return [*found, _join(pending)] if pending else found


def _join(words: list[Word]) -> Word:
    text = words[0].text
    for left, right in pairwise(words):
        glued = _CJK.search(left.text[-1]) and _CJK.match(right.text)
        text += right.text if glued else f" {right.text}"
    return Word(text, words[0].start, words[-1].end)


def _share(words: list[str], start: float, end: float) -> list[Word]:
    """Shares [start, end] out by letters; each word's pause follows it, the last has none."""
    spoken = [_WORD_COST + spoken_letters(word) for word in words]
    pauses = [_pause(word) for word in words[:-1]] + [0.0] * bool(words)
    total = sum(spoken) + sum(pauses)
    timed: list[Word] = []
    used = 0.0
    for word, letters, pause in zip(words, spoken, pauses, strict=True):
        first = min(start + (end - start) * used / total, end)
        last = min(start + (end - start) * (used + letters) / total, end)
        timed.append(Word(word, first, last))
        used += letters + pause
    return timed


def spoken_letters(word: str) -> float:
    """Letters and digits; a Chinese character is a syllable and counts as three."""
    return sum(3.0 if _CJK.match(char) else 1.0 for char in word if char.isalnum())


def _pause(word: str) -> float:
    if _SENTENCE_END.search(word):
        return _SENTENCE_PAUSE
    return _CLAUSE_PAUSE if _CLAUSE_END.search(word) else 0.0


def _sound(
    samples: NDArray[np.floating], rate: int, start: float, end: float
) -> tuple[float, float]:
    """[start, end] without the silence at its edges; unchanged when there is no sound."""
    window = max(1, int(_WINDOW_S * rate))
    first, last = int(start * rate), min(int(end * rate), len(samples))
    count = (last - first) // window
    if count < 1:
        return start, end
    blocks = samples[first : first + count * window].reshape(count, window)
    level = np.sqrt(np.mean(np.square(blocks, dtype=np.float64), axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (_SOUND_DB / 20))
    if not len(loud):
        return start, end
    begin = start + loud[0] * window / rate
    finish = end if loud[-1] == count - 1 else start + (loud[-1] + 1) * window / rate
    return float(begin), float(min(max(finish, begin), end))
