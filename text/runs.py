"""Stretches of text with one voice, speed and language, from blocks and the events in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from text.breaks import Block
from text.characters import CLOSING, HALTS, MARK, STOPS
from text.events import MAX_PAUSE_S, Event, Language, Paragraph, Pause, Speed, Voice
from text.script import Break
from text.spans import Mapped

_STRENGTH = {kind: number for number, kind in enumerate(Break)}


class SourceLike(Protocol):
    """What the first run of a text begins with."""

    @property
    def voice(self) -> str | None: ...
    @property
    def speed(self) -> float | None: ...
    @property
    def pause_s(self) -> float: ...


@dataclass(frozen=True)
class Run:
    """`text` with one voice; `pause_s` is what the text asks for before it, None if nothing."""

    text: Mapped
    voice: str | None
    speed: float | None
    language: str
    opens: Break | None = None
    pause_s: float | None = None


@dataclass
class _State:
    source: SourceLike
    own_language: str
    voice: str | None = None
    speed: float | None = None
    language: str = ""
    opens: Break | None = None
    pause_s: float | None = None
    ended: Break | None = None  # how the run before ended; None before the first


def runs(
    blocks: Sequence[Block], events: Sequence[Event], source: SourceLike, language: str
) -> Iterator[Run]:
    """The runs of a text in speaking order; the last may be silence only."""
    state = _State(source, language, source.voice, source.speed, language)
    state.pause_s = source.pause_s or None
    remaining = iter(events)
    for block in blocks:
        state.opens = _stronger(state.opens, block.opens)
        position = 0
        for index, character in enumerate(block.text.text):
            if character == MARK:
                yield from _run(state, block.text.part(position, index))
                _apply(state, next(remaining))
                position = index + 1
        yield from _run(state, block.text.part(position, len(block.text.text)))
    if state.pause_s:
        yield Run(
            Mapped.of(""), state.voice, state.speed, state.language, Break.PAUSE, state.pause_s
        )


def _run(state: _State, text: Mapped) -> Iterator[Run]:
    if not text.text.strip():
        return
    opens = _stronger(state.opens, state.ended)
    if state.ended is None:
        opens = None  # the first
    yield Run(text, state.voice, state.speed, state.language, opens, state.pause_s)
    state.ended, state.opens, state.pause_s = _end_of(text.text), None, None


def _end_of(text: str) -> Break:
    """The break that a text's last mark makes before what follows it."""
    last = text.rstrip().rstrip(CLOSING)[-1:]
    if last and last in STOPS:
        return Break.SENTENCE
    return Break.CLAUSE if last and last in HALTS else Break.WORD


def _apply(state: _State, event: Event) -> None:
    if isinstance(event, Pause):
        state.pause_s = min((state.pause_s or 0.0) + event.seconds, MAX_PAUSE_S)
        state.opens = _stronger(state.opens, Break.PAUSE)
    elif isinstance(event, Voice):
        name = event.name if event.name is not None else state.source.voice
        if name != state.voice:
            state.opens = _stronger(state.opens, Break.SPEAKER)
        state.voice = name
    elif isinstance(event, Speed):
        state.speed = event.factor if event.factor is not None else state.source.speed
    elif isinstance(event, Language):
        state.language = event.code or state.own_language
    elif isinstance(event, Paragraph):
        state.opens = _stronger(state.opens, Break.SENTENCE if event.sentence else Break.PARAGRAPH)


def _stronger(a: Break | None, b: Break | None) -> Break | None:
    if a is None or b is None:
        return a or b
    return a if _STRENGTH[a] >= _STRENGTH[b] else b


def without_text(run: Run) -> bool:
    """True for a run in which nothing can be said."""
    return not any(character.isalnum() for character in run.text.text)


def merged_pause(first: float | None, second: float | None) -> float | None:
    """The pause of two runs of which the first says nothing."""
    return (
        None if first is None and second is None else min((first or 0) + (second or 0), MAX_PAUSE_S)
    )
