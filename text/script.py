"""What the front end hands on: lines to speak, their words, and what to tell the user."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Break(StrEnum):
    """What separates a piece of speech from the one before it, the weakest first."""

    WORD = "word"
    CLAUSE = "clause"
    SENTENCE = "sentence"
    SPEAKER = "speaker"
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    PAUSE = "pause"


@dataclass(frozen=True)
class Pauses:
    """Seconds of silence for each kind of break; a pause in the text takes their place."""

    sentence: float = 0.25
    clause: float = 0.12
    speaker: float = 0.35
    paragraph: float = 0.6
    heading: float = 0.8

    def seconds(self, kind: Break | None) -> float:
        """The pause at a break of `kind`; none within a clause or at the beginning."""
        if kind in (None, Break.WORD, Break.PAUSE):
            return 0.0
        return float(getattr(self, str(kind)))


@dataclass(frozen=True)
class Word:
    """`line.text[start:end]` is what is said for `source[written_start:written_end]`.

    A word is the shortest piece for which that is known: usually one written word, sometimes a
    few that are read together, as `9:30 PM`.
    """

    start: int
    end: int
    written_start: int
    written_end: int


@dataclass(frozen=True)
class Line:
    """One stretch of speech with one voice, speed and language.

    `voice` and `speed` None mean the job's own. `pause_s`: seconds of silence before the line;
    `opens`: why there is a break before it (None for the first). `source`: which of the job's
    texts the words' written spans lie in. A line without text is silence only.
    """

    text: str
    voice: str | None = None
    speed: float | None = None
    language: str = "en"
    pause_s: float = 0.0
    opens: Break | None = None
    words: tuple[Word, ...] = ()
    source: int = 0


@dataclass(frozen=True)
class Script:
    """A job's text, ready to be cut into chunks.

    `sources`: the written texts. `markup`: for each of them the written spans that are markup or
    decoration, which are neither spoken nor shown. `shown`: for each of them the written spans
    that are shown as something else, as `&amp;` is.
    """

    sources: tuple[str, ...]
    lines: tuple[Line, ...]
    warnings: tuple[str, ...] = ()
    markup: tuple[tuple[tuple[int, int], ...], ...] = ()
    shown: tuple[tuple[tuple[int, int, str], ...], ...] = ()

    @property
    def spoken(self) -> str:
        """What is said, the lines one after the other."""
        return " ".join(line.text for line in self.lines)

    def written(self, line: Line, word: Word) -> str:
        """A word as it was written, without markup."""
        text, position = self.sources[line.source], word.written_start
        pieces: list[str] = []
        spans = self._instead[line.source] if self._instead else ()
        for index in range(bisect_left(spans, (position,)), len(spans)):
            start, end, shown = spans[index]
            if start >= word.written_end:
                break
            if end > position:
                pieces += text[position : max(start, position)], shown
                position = end
        return "".join(pieces) + text[position : word.written_end]

    @cached_property
    def _instead(self) -> tuple[tuple[tuple[int, int, str], ...], ...]:
        """What is shown in place of written spans, in order, for each of the texts."""
        gone = (tuple((start, end, "") for start, end in spans) for spans in self.markup)
        shown = self.shown or ((),) * len(self.markup)
        return tuple(tuple(sorted(a + b)) for a, b in zip(gone, shown, strict=True))
