"""Word times found in the sound where an aligner for the language is installed, else estimated.

An aligner is told the words and finds them: forced alignment, no recognition. Which way was taken
is said of each segment. Others can be added: `Aligner` is all that the worker asks of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.util import find_spec
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from errors import ConfigError
from worker.subtitles.anchors import Span
from worker.subtitles.words import Timed, Word, estimate_segment, own_span, said_words

WordTimes = Literal["estimate", "align"]
_MOST_NAMED = 5  # segments that a warning names


class Aligner(Protocol):
    """Finds known words in sound; thread-safe."""

    @property
    def name(self) -> str:
        """What it is called in messages and in the answer."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """Two-letter codes of the languages it knows."""
        ...

    def align(
        self, samples: NDArray[np.floating], rate: int, words: Sequence[str], language: str
    ) -> list[Span] | None:
        """Start and end of each word.

        Args:
            samples: (n,) mono at `rate` Hz, full scale 1.
            words: as they are spoken, in order; a word may be several, as "five dollars".
            language: two-letter code.

        Returns: seconds in `samples`, rising; None where the words were not found.
        """
        ...


def aligner(name: WordTimes) -> Aligner | None:
    """The aligner of a setting; None for `estimate`. It is loaded when it is first used.

    Raises:
        ConfigError: it is not installed, or there is none of that name.
    """
    if name == "estimate":
        return None
    if name != "align":
        raise ConfigError(f"WORD_TIMES={name} is unknown.", "Set it to estimate or align.")
    if find_spec("pocketsphinx") is None:
        raise ConfigError(
            "WORD_TIMES=align needs the package pocketsphinx, which is not installed.",
            "Run pip install -r requirements/align.txt, or set WORD_TIMES=estimate.",
        )
    from worker.subtitles.sphinx import Sphinx

    return Sphinx()


class Method(StrEnum):
    """How the times of a segment's words were found."""

    ESTIMATED = "estimated"
    ALIGNED = "aligned"


@dataclass
class TimedWords:
    """All words of a result, in order; `methods`: one for each segment."""

    words: list[Word] = field(default_factory=list)
    methods: list[Method] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def time_words(
    segments: Sequence[Timed],
    samples: NDArray[np.floating],
    sample_rate: int,
    chosen: Aligner | None = None,
    languages: Sequence[str | None] = (),
) -> TimedWords:
    """Words of all segments with their times, none overlapping another.

    Args:
        segments: chunks in the order they are spoken.
        samples: (n,) mono of the whole result at `sample_rate` Hz.
        chosen: what aligns them; None: all times are estimated, without a warning.
        languages: of each segment, as `en` or `en-GB`; None or missing: unknown, so not aligned.
    """
    found = TimedWords()
    unknown: list[int] = []
    lost: list[int] = []
    previous_end = 0.0
    for i, segment in enumerate(segments):
        span = own_span(segments, i, previous_end)
        language = _short(languages[i]) if i < len(languages) else ""
        words: list[Word] | None = None
        if chosen is not None and said_words(segment):
            if language not in chosen.languages:
                unknown.append(i)
            elif (words := _aligned(segment, span, samples, sample_rate, chosen, language)) is None:
                lost.append(i)
        found.methods.append(Method.ESTIMATED if words is None else Method.ALIGNED)
        if words is None:
            words = estimate_segment(segment, span, samples, sample_rate)
        found.words += words
        previous_end = words[-1].end if words else span[1]
    if chosen is not None:
        found.warnings += _warnings(chosen, unknown, lost)
    return found


def _aligned(
    segment: Timed,
    span: Span,
    samples: NDArray[np.floating],
    rate: int,
    chosen: Aligner,
    language: str,
) -> list[Word] | None:
    said = said_words(segment)
    start, end = span
    own = samples[round(start * rate) : round(end * rate)]
    times = chosen.align(own, rate, [word.spoken for word in said], language)
    if times is None or len(times) != len(said):
        return None
    words: list[Word] = []
    at = start
    for word, (first, last) in zip(said, times, strict=True):
        begins = min(max(at, start + first), end)
        at = min(max(begins, start + last), end)
        words.append(Word(word.written, begins, at, word.spoken, aligned=True))
    return words


def _warnings(chosen: Aligner, unknown: Sequence[int], lost: Sequence[int]) -> list[str]:
    warnings = []
    if unknown:
        known = ", ".join(sorted(chosen.languages))
        warnings.append(
            f"Word times of {_named(unknown)} are estimated: {chosen.name} only knows the language "
            f"{known}; name the text's `language` where it is that one."
        )
    if lost:
        warnings.append(
            f"Word times of {_named(lost)} are estimated: {chosen.name} did not find the words in "
            "the sound; listen whether they are all spoken."
        )
    return warnings


def _named(segments: Sequence[int]) -> str:
    shown = ", ".join(map(str, segments[:_MOST_NAMED]))
    more = f" and {len(segments) - _MOST_NAMED} more" if len(segments) > _MOST_NAMED else ""
    return f"segment{'s' if len(segments) > 1 else ''} {shown}{more}"


def _short(language: str | None) -> str:
    return (language or "").replace("_", "-").partition("-")[0].lower()
