"""From written to spoken words: figures, dates, money, units, short forms, capitals.

English is read by rules alone. German, French, Spanish and Chinese have rules for what a library
gets wrong and the library for the rest. A language without rules here is left as it is written.
"""

from __future__ import annotations

import importlib
import logging
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from errors import ConfigError
from text.normalise import library
from text.normalise.rules import Rule, readings
from text.spans import Edit, Mapped, joined

_log = logging.getLogger("f5worker.text")

LANGUAGES = ("en", "de", "fr", "es", "zh")
"""Languages whose reading is backed by a table of tests."""
_SPELLED = re.compile(r"[A-Z](?: [A-Z])+")  # "l'O M" has no monsieur in it
_FIGURE = re.compile(r"\d")  # what a rule writes in figures is meant for the library
_MODULES = {"de": "german", "fr": "french", "es": "spanish", "zh": "chinese"}


@cache
def _rules(code: str, region: str) -> tuple[Rule, ...]:
    """The rules of a language; its patterns are made when it is first read."""
    if code == "en":
        return importlib.import_module("text.normalise.english").rules(region)  # type: ignore[no-any-return]
    if code in _MODULES:
        return importlib.import_module(f"text.normalise.{_MODULES[code]}").RULES  # type: ignore[no-any-return]
    return ()


@dataclass
class Notes:
    """What a job should be told: pieces a library failed on, packages that are missing."""

    failed: int = 0
    missing: dict[str, str] = field(default_factory=dict)


def normalise(
    text: Mapped, language: str, *, lexicon: Sequence[Edit] = (), notes: Notes | None = None
) -> Mapped:
    """`text` as it is spoken.

    Args:
        language: `en`, `en-GB`, `de` ...; another one than LANGUAGES only gets `lexicon`.
        lexicon: readings of a pronunciation lexicon, which nothing else may change.
        notes: collects what went wrong.
    """
    code, _, region = language.partition("-")
    edits = readings(_rules(code, region.upper()), text.text, lexicon)
    if code == "en" or not library.package(code) or code not in LANGUAGES:
        return text.edited(edits)
    if not library.is_installed(code):
        edits = [edit for edit in edits if edit in lexicon or not _FIGURE.search(edit.text)]
    return _Reader(text, code, lexicon, notes or Notes()).read(edits)


class _Reader:
    """Has a text read by the language's library, after rules have rewritten what it gets wrong.

    A piece the library fails on stays as it is written, without what the rules made of it.
    """

    def __init__(self, text: Mapped, code: str, lexicon: Sequence[Edit], notes: Notes) -> None:
        self.text, self.code, self.notes = text, code, notes
        self.lexicon = frozenset(lexicon)
        self.failed: list[tuple[int, int]] = []  # of `text`, in order

    def read(self, edits: list[Edit]) -> Mapped:
        """`text` after `edits` and the library."""
        known = -1
        result = self.text
        while known < len(self.failed):
            known = len(self.failed)
            edits = [edit for edit in edits if edit in self.lexicon or not self._has_failed(edit)]
            result = self._once(edits)
        return result

    def _has_failed(self, edit: Edit) -> bool:
        index = bisect_left(self.failed, (edit.end,)) - 1
        return index >= 0 and edit.start < self.failed[index][1]

    def _once(self, edits: list[Edit]) -> Mapped:
        places = _Places(edits)
        kept = [places.after(edit.start, edit.end) for edit in edits if self._is_kept(edit)]
        kept += [places.after(start, end) for start, end in self.failed]
        text = self.text.edited(edits)
        parts: list[Mapped] = []
        position = 0
        failed: list[tuple[int, int]] = []
        for start, end in [*sorted(kept), (len(text.text), len(text.text))]:
            if start >= position:
                parts += self._stretch(text, position, start, failed)
                parts.append(text.part(start, end))
                position = end
        self.failed += [places.before(start, end) for start, end in failed]
        self.failed.sort()
        return joined(parts)

    def _is_kept(self, edit: Edit) -> bool:
        return edit in self.lexicon or _SPELLED.fullmatch(edit.text) is not None

    def _stretch(
        self, text: Mapped, begin: int, stop: int, failed: list[tuple[int, int]]
    ) -> list[Mapped]:
        """What the library makes of a stretch; notes the pieces it fails on."""
        found = library.pieces(text.text[begin:stop])
        read = self._library() if found else None
        if read is None:
            return [text.part(begin, stop)]
        parts: list[Mapped] = []
        position = begin
        for start, end in found:
            piece = text.part(begin + start, begin + end)
            spoken = self._said(piece, read)
            if spoken is None:
                failed.append((begin + start, begin + end))
            parts += text.part(position, begin + start), spoken or piece
            position = begin + end
        return [*parts, text.part(position, stop)]

    def _library(self) -> library.Library | None:
        try:
            return library.library(self.code)
        except ConfigError as exc:
            self.notes.missing[self.code] = f"{exc.message} {exc.hint}"
            return None

    def _said(self, piece: Mapped, read: library.Library) -> Mapped | None:
        try:
            spoken = read(piece.text).strip()
        except Exception:  # whatever a library does, the job goes on with the text as it is written
            _log.warning("a normaliser failed", exc_info=True)
            self.notes.failed += 1
            return None
        return piece.changed_to(spoken) if spoken else piece


class _Places:
    """Where places of a text lie after `edits`, which are in order, and back."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self.spans: list[tuple[int, int, int, int]] = []  # before and after
        shift = 0
        for edit in edits:
            start = edit.start + shift
            self.spans.append((edit.start, edit.end, start, start + len(edit.text)))
            shift += len(edit.text) - (edit.end - edit.start)
        self.starts = [span[0] for span in self.spans]
        self.starts_after = [span[2] for span in self.spans]

    def after(self, start: int, end: int) -> tuple[int, int]:
        """Where the text from `start` to `end`, edits included, lies when all edits are made."""
        return self._moved(start, self.starts, 0, last=False), self._moved(
            end, self.starts, 0, last=True
        )

    def before(self, start: int, end: int) -> tuple[int, int]:
        """What the text from `start` to `end` was before the edits."""
        return self._moved(start, self.starts_after, 2, last=False), self._moved(
            end, self.starts_after, 2, last=True
        )

    def _moved(self, place: int, starts: list[int], here: int, *, last: bool) -> int:
        index = (bisect_left if last else bisect_right)(starts, place) - 1
        if index < 0:
            return place
        span, there = self.spans[index], 2 - here
        if place < span[here + 1] or (last and place == span[here + 1]):
            return span[there + 1] if last else span[there]  # within an edit
        return place - span[here + 1] + span[there + 1]
