"""What markup asks for between the words: another voice, a pause, a speed, a language."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TypeAlias

from errors import InvalidInput, without_queries
from text.characters import HALTS, MARK, RESERVED, STOPS
from text.places import place
from text.spans import Edit, Mapped

MIN_SPEED, MAX_SPEED = 0.3, 2.0
MAX_PAUSE_S = 60.0
_STRAY = re.compile(
    rf"(?<!{MARK})(?<!{MARK}\s){MARK}(?:\s?{MARK})*\s?(?P<stop>(?:[,;:!?…]|\.{{1,3}})[\"')\]]?|[\"])(?=\s|$)"
)


@dataclass(frozen=True)
class Voice:
    """What follows is said by `name`; None is the job's own voice."""

    name: str | None


@dataclass(frozen=True)
class Speed:
    """What follows is said at `factor`; None is the job's own speed."""

    factor: float | None


@dataclass(frozen=True)
class Pause:
    """`seconds` of silence."""

    seconds: float


@dataclass(frozen=True)
class Language:
    """What follows is in language `code`; None is the job's own."""

    code: str | None


@dataclass(frozen=True)
class Paragraph:
    """A paragraph ends here (`sentence`: only a sentence)."""

    sentence: bool = False


Event: TypeAlias = "Voice | Speed | Pause | Language | Paragraph"


@dataclass(frozen=True)
class MarkupOptions:
    """What markup may name.

    `voices`: names that exist, so that `[Anna]` and `{Anna}` are voices and `[laughs]` is not.
    `voice_problem`: what is wrong with the spelling of a voice's name, or None.
    """

    voices: Collection[str] = ()
    voice_problem: Callable[[str], str | None] = lambda name: None
    default_pause_s: float = 0.5
    language: str | None = None


@dataclass
class Marked:
    """Text in which each MARK stands for the event of the same number.

    `removed`: written spans of the markup. `shown`: written spans that are shown as something
    else, `&amp;` as `&`. `ssml`: line breaks mean nothing.
    """

    text: Mapped
    events: list[Event] = field(default_factory=list)
    removed: list[tuple[int, int]] = field(default_factory=list)
    shown: list[tuple[int, int, str]] = field(default_factory=list)
    ssml: bool = False


@dataclass
class Marker:
    """Collects what a parser finds in `text`: events and replacements."""

    text: Mapped
    written: str
    options: MarkupOptions
    found: list[tuple[Edit, tuple[Event, ...]]] = field(default_factory=list)
    shown: list[tuple[int, int, str]] = field(default_factory=list)

    def error(self, position: int, message: str, hint: str = "") -> InvalidInput:
        """An error that says where in the written text it is."""
        at = self.text.starts[position] if position < len(self.text.text) else len(self.written)
        return InvalidInput(f"{place(self.written, at)}: {without_queries(message)}", hint)

    def event(self, start: int, end: int, *events: Event) -> None:
        """`events` in place of the characters from `start` to `end`."""
        self.found.append((Edit(start, end, MARK * len(events)), events))

    def replace(self, start: int, end: int, text: str) -> None:
        """`text`, without an event, in place of the characters from `start` to `end`."""
        self.found.append((Edit(start, end, re.sub(RESERVED, "", text)), ()))

    def entity(self, start: int, end: int, text: str) -> None:
        """The characters from `start` to `end` are only a spelling of `text`, also where shown."""
        self.replace(start, end, text)
        self.shown.append((*self.text.span(start, end), text))

    def plain(self, start: int, end: int) -> str | None:
        """The characters from `start` to `end` as they will stand, None if there are events."""
        since = len(self.found)
        while since and self.found[since - 1][0].start >= start:
            since -= 1
        pieces: list[str] = []
        position = start
        for edit, events in self.found[since:]:
            if events:
                return None
            pieces += self.text.text[position : edit.start], edit.text
            position = edit.end
        return "".join(pieces) + self.text.text[position:end]

    def forget(self, start: int) -> None:
        """Drops what was found from `start` on."""
        while self.found and self.found[-1][0].start >= start:
            self.found.pop()

    def marked(self, *, ssml: bool = False) -> Marked:
        """The text with marks in place of markup."""
        self.found.sort(key=lambda item: (item[0].start, item[0].end))
        edits = [edit for edit, _ in self.found]
        events = [event for _, events in self.found for event in events]
        gone = [self.text.span(e.start, e.end) for e in edits if not e.text.strip(MARK)]
        return Marked(_closed(self.text.edited(edits)), events, gone, self.shown, ssml)


def _closed(text: Mapped) -> Mapped:
    """A mark that stands behind a tag, as in `Hi [pause:1], you`, goes before it: no stretch of
    speech begins with one. The colon of `[Anna]: Hi` goes."""
    edits: list[Edit] = []
    for match in _STRAY.finditer(text.text):
        end = match.start()
        while end and text.text[end - 1].isspace():
            end -= 1
        last, stop = text.text[max(0, end - 1) : end], match["stop"]
        if stop[0] != ":" and last and last not in STOPS + HALTS + MARK:
            edits.append(Edit(end, end, stop))
        edits.append(Edit(*match.span("stop"), ""))
    return text.edited(edits)
