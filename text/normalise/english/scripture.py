"""Passages of the Bible: `John 3:16-18`, `1 Cor. 13`, `Ps. 23`, `Rom. 8:28; 12:1`."""

from __future__ import annotations

import re

from text.normalise.around import after, before
from text.normalise.english import numbers
from text.normalise.rules import Reading, Rule, either
from text.normalise.word_lists import pairs, words
from text.spans import Edit

_SHORT = pairs("en/books_short")
_BOOK = either([*words("en/books"), *_SHORT])
_PASSAGE = r"\d{1,3}(?::\d{1,3}[ab]?)?(?:[-–]\d{1,3}(?::\d{1,3})?)?"
_VERSES = r"\d{1,3}:\d{1,3}[ab]?(?:[-–]\d{1,3}(?::\d{1,3})?)?"
# A number, or nothing but a chapter, after these is more often something else.
_DOUBTFUL = frozenset(words("en/books_doubtful"))
_NUMBERED = frozenset(words("en/books_numbered"))

_CITED = re.compile(
    rf"(?<![\w.])(?:(?P<n>[123]|I{{1,3}})\s)?\b(?P<book>{_BOOK})(?P<dot>\.)?\s"
    rf"(?P<where>{_PASSAGE}(?:,\s?\d{{1,3}}(?:[-–]\d{{1,3}})?(?![\w:]|\s[A-Z])){{0,5}}"
    rf"(?:;\s{_VERSES}){{0,5}})(?!\w|[.,:]\d)"
)
_NEAR = re.compile(rf"\b(?:{either(words('en/books'))}|Ps\.|Cor\.)\s\d{{1,3}}(?::\d|\b)")
_NUMBERS = re.compile(r"(?P<a>\d{1,3})(?::(?P<b>\d{1,3}))?(?P<half>[ab])?(?P<dash>[-–])?")


def _cited(match: re.Match[str]) -> Reading:
    book, where = match["book"], match["where"]
    numbered = match["n"] is not None and book in _NUMBERED
    verses = ":" in where
    if not (verses or numbered or (book in _SHORT and match["dot"] and _is_book(match, book))):
        return None
    edits: list[Edit] = []
    if numbered:
        number = int(match["n"]) if match["n"].isdecimal() else len(match["n"])
        edits.append(Edit(*match.span("n"), ("First", "Second", "Third")[number - 1]))
    if book in _SHORT:
        end = match.end("dot") if match["dot"] else match.end("book")
        edits.append(Edit(match.start("book"), end, _SHORT[book]))
    start = match.start("where")
    for found in _NUMBERS.finditer(where):
        edits.append(Edit(start + found.start(), start + found.end(), _said(found)))
    return edits


def _is_book(match: re.Match[str], book: str) -> bool:
    """A chapter alone: after a short form that is nothing else, or near another passage."""
    around = f"{before(match, 200)} | {after(match, 200)}"
    return book not in _DOUBTFUL or _NEAR.search(around) is not None


def _said(found: re.Match[str]) -> str:
    said = numbers.number(found["a"])
    said += f" {numbers.number(found['b'])}" if found["b"] else ""
    said += f" {found['half'].upper()}" if found["half"] else ""
    return f"{said} to " if found["dash"] else said


RULES = [Rule("verse", _CITED, _cited, "0123456789")]
"""Before times, which are written alike."""
