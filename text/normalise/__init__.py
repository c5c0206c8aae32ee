"""From written to spoken words: figures, dates, money, units, short forms, capitals.

English is read by rules alone. German, French and Spanish have rules for what the library gets
wrong and the library for the rest; Chinese the library alone. A language without rules here is
left as it is written.
"""

from __future__ import annotations

import importlib
import logging
import re
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
_MODULES = {"de": "german", "fr": "french", "es": "spanish"}


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
    if code != "en" and not library.is_installed(code):
        edits = [edit for edit in edits if edit in lexicon or not _FIGURE.search(edit.text)]
    kept = _after(edits, [*lexicon, *(edit for edit in edits if _SPELLED.fullmatch(edit.text))])
    text = text.edited(edits)
    if code in LANGUAGES and library.package(code):
        text = _by_library(text, code, kept, notes or Notes())
    return text


def _after(edits: list[Edit], kept: Sequence[Edit]) -> list[tuple[int, int]]:
    """Where the texts of `kept`, which are among `edits`, lie when all edits are made."""
    wanted = {(edit.start, edit.end) for edit in kept}
    places: list[tuple[int, int]] = []
    shift = 0
    for edit in edits:
        start = edit.start + shift
        if (edit.start, edit.end) in wanted:
            places.append((start, start + len(edit.text)))
        shift += len(edit.text) - (edit.end - edit.start)
    return places


def _by_library(text: Mapped, code: str, kept: list[tuple[int, int]], notes: Notes) -> Mapped:
    """`text` read by the language's library, except for the places `kept`."""
    parts: list[Mapped] = []
    position = 0
    for start, end in [*kept, (len(text.text), len(text.text))]:
        parts += _read(text.part(position, start), code, notes), text.part(start, end)
        position = end
    return joined(parts)


def _read(text: Mapped, code: str, notes: Notes) -> Mapped:
    found = library.pieces(text.text)
    if not found:
        return text
    try:
        read = library.library(code)
    except ConfigError as exc:
        notes.missing[code] = f"{exc.message} {exc.hint}"
        return text
    parts: list[Mapped] = []
    position = 0
    for start, end in found:
        parts += text.part(position, start), _read_piece(text.part(start, end), read, notes)
        position = end
    return joined([*parts, text.part(position, len(text.text))])


def _read_piece(piece: Mapped, read: library.Library, notes: Notes) -> Mapped:
    try:
        spoken = read(piece.text).strip()
    except Exception:  # whatever a library does, the job goes on with the text as it is written
        _log.warning("a normaliser failed", exc_info=True)
        notes.failed += 1
        return piece
    return piece.changed_to(spoken) if spoken else piece
