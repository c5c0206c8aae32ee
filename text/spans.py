"""Text that knows where it came from.

Every stage of the front end turns one `Mapped` text into another by edits. A `Mapped` keeps, for
each of its characters, the half-open span of the written text that the character stands for, so
that after any number of stages a spoken word can be shown as it was written.
"""

from __future__ import annotations

import difflib
import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

_CJK = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_TOKEN = re.compile(rf"\s+|[{_CJK}]|[^\W{_CJK}]+|[^\w\s]")


@dataclass(frozen=True)
class Edit:
    """`text` replaces the characters from `start` to `end` (`start == end`: an insertion)."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Mapped:
    """`text`, whose character `i` stands for `written[starts[i]:ends[i]]`.

    The spans never run backwards. A character that was inserted without replacing anything has
    an empty span.
    """

    text: str
    starts: array[int]
    ends: array[int]

    @classmethod
    def of(cls, written: str) -> Mapped:
        """The written text itself, each character standing for itself."""
        length = len(written)
        return cls(written, array("l", range(length)), array("l", range(1, length + 1)))

    def edited(self, edits: Iterable[Edit]) -> Mapped:
        """The text after `edits`, which are in order and do not overlap.

        The characters of a replacement stand for all that was replaced.
        """
        pieces: list[str] = []
        starts, ends = array("l"), array("l")
        position = 0
        for edit in edits:
            if edit.start < position:
                raise ValueError(f"edits overlap at {edit.start}")
            pieces += self.text[position : edit.start], edit.text
            starts += self.starts[position : edit.start]
            ends += self.ends[position : edit.start]
            first, last = self.span(edit.start, edit.end)
            starts += array("l", [first]) * len(edit.text)
            ends += array("l", [last]) * len(edit.text)
            position = edit.end
        if not pieces:
            return self
        pieces.append(self.text[position:])
        starts += self.starts[position:]
        ends += self.ends[position:]
        return Mapped("".join(pieces), starts, ends)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The written span of the characters from `start` to `end`; empty for no characters."""
        if start < end:
            return self.starts[start], max(self.ends[end - 1], self.starts[start])
        position = self.ends[start - 1] if start else (self.starts[0] if self.text else 0)
        return position, position

    def part(self, start: int, end: int) -> Mapped:
        """The characters from `start` to `end`."""
        return Mapped(self.text[start:end], self.starts[start:end], self.ends[start:end])

    def stripped(self) -> Mapped:
        """Without blanks at either end."""
        start = len(self.text) - len(self.text.lstrip())
        return self.part(start, max(start, len(self.text.rstrip())))

    def changed_to(self, text: str) -> Mapped:
        """The same text after a library rewrote it to `text`; what changed is found by words."""
        return self if text == self.text else self.edited(changes(self.text, text))


def joined(parts: Iterable[Mapped]) -> Mapped:
    """`parts` one after the other."""
    texts: list[str] = []
    starts, ends = array("l"), array("l")
    for part in parts:
        texts.append(part.text)
        starts += part.starts
        ends += part.ends
    return Mapped("".join(texts), starts, ends)


def changes(old: str, new: str) -> list[Edit]:
    """The edits, token by token, that turn `old` into `new`."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    offsets = [0]
    for token in before:
        offsets.append(offsets[-1] + len(token))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [
        Edit(offsets[i1], offsets[i2], "".join(after[j1:j2]))
        for kind, i1, i2, j1, j2 in matcher.get_opcodes()
        if kind != "equal"
    ]
