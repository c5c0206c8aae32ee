"""What a transcript's reader changed, dropped or guessed, and where, to be said to the user."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

_LINES_NAMED = 5
# Not seen and not said: control characters and blank letters, some of which leave a space; soft
# hyphens, spaces of no width, halves of surrogate pairs, marks of direction and of byte order.
UNSEEN: dict[int, str | None] = dict.fromkeys((*range(9), 0x2800, 0x3164), " ") | dict.fromkeys(
    (
        *range(0x0E, 0x1C), 0x7F, 0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F),
        0x2060, *range(0x2066, 0x206A), 0xFEFF, *range(0xD800, 0xE000),
    )
)  # fmt: skip


class Malformed(ValueError):
    """What is wrong with a transcript; goes on after its name: "line 3 ends before it starts"."""


@dataclass(frozen=True)
class Cue:
    """A piece of transcript; `start` and `end` in seconds of the audio file, the end infinite where
    nothing says it; `line` is where it begins in the transcript, from 1."""

    start: float
    end: float
    text: str
    line: int = field(default=0, compare=False)

    def with_text(self, text: str) -> Cue:
        """The same with other words."""
        return self if text == self.text else replace(self, text=text)


def one_line(text: str) -> str:
    """`text` with all runs of white space made single spaces, none at the ends, and without marks
    that are not seen."""
    seen = text if text.isprintable() else text.translate(UNSEEN)
    return " ".join(seen.split())


def text_of(cues: Iterable[Cue]) -> str:
    """All that `cues` say, on one line."""
    return one_line(" ".join(cue.text for cue in cues))


class Notes:
    """Collects what is to be said about one transcript.

    `unit`: what its parts are counted in, lines, or segments where it has no lines.
    """

    def __init__(self, unit: str = "line") -> None:
        self.unit = unit
        self._whole: list[str] = []
        self._lines: dict[str, list[int]] = {}

    def say(self, what: str) -> None:
        """Something about the whole transcript; goes on after its name: "is not UTF-8"."""
        if what not in self._whole:
            self._whole.append(what)

    def add(self, what: str, line: int) -> None:
        """Something about one line; goes on after its number: "begins before 0"."""
        self._lines.setdefault(what, []).append(line)

    def sentences(self, key: str) -> tuple[str, ...]:
        """All of them, one sentence for each kind, with the transcript's name."""
        whole = [f"{key} {what}." for what in self._whole]
        return (*whole, *(f"{key}: {self._named(lines)}: {w}." for w, lines in self._lines.items()))

    def _named(self, lines: list[int]) -> str:
        known = sorted(set(lines))
        shown = [str(line) for line in known[:_LINES_NAMED]]
        if len(known) > _LINES_NAMED:
            shown.append(f"{len(known) - _LINES_NAMED} more")
        if len(shown) == 1:
            return f"{self.unit} {shown[0]}"
        return f"{self.unit}s {', '.join(shown[:-1])} and {shown[-1]}"
