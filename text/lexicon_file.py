"""Lexicons as people write them.

JSON, either `{"SQL": "sequel"}` or a list of objects with `written`, `spoken` and, where wanted,
`language` and `case` (`exact` or `any`); or PLS (`<lexeme><grapheme/><alias/></lexeme>`). An entry
with a capital letter matches only as it is written, one without in any case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from errors import InvalidInput, show
from text.languages import canonical
from text.lexicon import Entry, Lexicon, as_cleaned
from text.places import place

_MAX_ENTRIES = 20_000
_MAX_LENGTH = 500
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def from_mapping(data: object) -> Lexicon:
    """A lexicon from what JSON holds.

    Raises:
        InvalidInput: not of the described form; says which entry.
    """
    if isinstance(data, Mapping) and "entries" in data and not isinstance(data["entries"], str):
        data = data["entries"]
    if isinstance(data, Mapping):
        entries = [_entry({"written": key, "spoken": value}, key) for key, value in data.items()]
    elif isinstance(data, list):
        entries = [_entry(item, number) for number, item in enumerate(data, 1)]
    else:
        raise InvalidInput(
            "A lexicon is an object of words, or a list of entries.",
            'Give {"written": "spoken"}, or a list of objects with `written` and `spoken`.',
        )
    return Lexicon(_not_too_many(entries))


def _not_too_many(entries: list[Entry]) -> tuple[Entry, ...]:
    if len(entries) > _MAX_ENTRIES:
        raise InvalidInput(
            f"The lexicon has {len(entries)} entries; at most {_MAX_ENTRIES} are allowed.",
            "Keep the entries this text needs, or split the lexicon.",
        )
    return tuple(entries)


def _entry(item: Any, name: object) -> Entry:
    def wrong(what: str, hint: str) -> InvalidInput:
        return InvalidInput(f"Lexicon entry {shown}: {what}.", hint)

    shown = show(name) if isinstance(name, str) else name
    if not isinstance(item, Mapping):
        hint = 'Give each entry as {"written": "...", "spoken": "..."}.'
        raise wrong("must be an object with written and spoken", hint)
    if unknown := set(item) - {"written", "spoken", "language", "case"}:
        hint = "An entry has `written`, `spoken`, `language` and `case`."
        raise wrong(f"{show(min(map(str, unknown)))} is not known", hint)
    for key in ("written", "spoken"):
        if fault := _fault(item.get(key)):
            raise wrong(f"{key} {fault}", "Give what is written and how it is spoken.")
    if (case := item.get("case")) not in (None, "exact", "any"):
        raise wrong("case must be exact or any", "Leave `case` out for the usual rule.")
    language = item.get("language")
    if language is not None and not isinstance(language, str):
        raise wrong("language must be a code such as en", "Leave it out for all languages.")
    words = str(item["written"]).strip()
    exact = case == "exact" or (case is None and words != words.lower())
    spoken = as_cleaned(str(item["spoken"])).strip()
    return Entry(words, spoken, canonical(language) if language else None, exact)


def _fault(words: object) -> str | None:
    """What is wrong with the words of an entry, None if nothing."""
    if not isinstance(words, str) or not words.strip() or len(words) > _MAX_LENGTH:
        return f"must be text of 1 to {_MAX_LENGTH} characters"
    if found := _CONTROL.search(words):
        return f"holds the control character {found[0]!a}"
    return None if as_cleaned(words).strip() else "holds invisible characters only"


def parse(source: str) -> Lexicon:
    """A lexicon from the text of a JSON or PLS file.

    Raises:
        InvalidInput: the file is neither, or wrong; with line and column where known.
    """
    if source.lstrip("\ufeff \t\r\n").startswith("<"):
        return _Pls(source.lstrip("\ufeff \t\r\n")).parse()
    try:
        return from_mapping(json.loads(source.lstrip("\ufeff")))
    except json.JSONDecodeError as exc:
        raise InvalidInput(
            f"line {exc.lineno}, column {exc.colno}: the lexicon is no JSON: {exc.msg}",
            "Correct it there; `python -m json.tool FILE` shows it, too.",
        ) from None
    except RecursionError:
        raise InvalidInput(
            "The lexicon is nested too deeply.", "Give one object of words, or one list of entries."
        ) from None
    except ValueError as exc:  # a number of thousands of digits
        raise InvalidInput(
            f"The lexicon is no JSON: {exc}", "Give what is said as text, in quotation marks."
        ) from None


class _Pls:
    """Reads the graphemes and aliases of a pronunciation lexicon (W3C PLS)."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.language: str | None = None
        self.entries: list[Entry] = []
        self.skipped = 0
        self.graphemes: list[str] = []
        self.alias = ""
        self.content = ""
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse

    def parse(self) -> Lexicon:
        try:
            self.parser.Parse(self.source.encode(errors="replace"), True)
        except expat.ExpatError as exc:
            reason = expat.ErrorString(exc.code)
            raise InvalidInput(
                f"line {exc.lineno}, column {exc.offset + 1}: the lexicon is no well-formed XML: "
                f"{reason}",
                "Correct it there, or give the lexicon as JSON.",
            ) from None
        return Lexicon(_not_too_many(self.entries), self.skipped)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "lexicon":
            self.language = attributes.get("xml:lang", "").strip() or None
        elif name == "lexeme":
            self.graphemes, self.alias = [], ""
        self.content = ""

    def _text(self, data: str) -> None:
        self.content += data

    def _end(self, name: str) -> None:
        name, content = name.rpartition(":")[2], " ".join(self.content.split())
        if name == "grapheme" and content:
            self.graphemes.append(content)
        elif name == "alias" and content:
            self.alias = self.alias or content
        elif name == "lexeme":
            self._lexeme()
        self.content = ""

    def _lexeme(self) -> None:
        if not self.alias:
            self.skipped += bool(self.graphemes)
            return
        for grapheme in self.graphemes:
            item = {"written": grapheme, "spoken": self.alias, "language": self.language}
            self.entries.append(_entry(item, grapheme))

    def _refuse(self, *declaration: object) -> None:
        at = place(self.source, self.parser.CurrentByteIndex if self.source.isascii() else 0)
        raise InvalidInput(
            f"{at}: document type declarations are not allowed in a lexicon",
            "Delete the <!DOCTYPE ...> line.",
        )
