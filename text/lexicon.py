"""Pronunciation lexicons: what a word or phrase is said as.

JSON, either `{"SQL": "sequel"}` or a list of objects with `written`, `spoken` and, where wanted,
`language` and `case` (`exact` or `any`); or PLS (`<lexeme><grapheme/><alias/></lexeme>`).
An entry with a capital letter matches only as it is written, one without in any case. The longest
entry wins; whole words only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from errors import InvalidInput, show
from text.places import place
from text.spans import Edit

_MAX_ENTRIES = 20_000
_MAX_LENGTH = 500
_CJK = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_TOKEN = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+|[^\w\s]")


@dataclass(frozen=True)
class Entry:
    """`written` is said as `spoken`, in texts of `language` (any language if None)."""

    written: str
    spoken: str
    language: str | None = None
    exact: bool = False


@dataclass(frozen=True)
class Lexicon:
    """Entries ready to be looked up. A later entry for the same words replaces an earlier one."""

    entries: tuple[Entry, ...] = ()
    skipped: int = 0
    """PLS entries that give phonemes only, which the model cannot be given."""
    _by_first: dict[str, list[tuple[tuple[str, ...], Entry]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        latest = {
            (entry.written if entry.exact else entry.written.casefold(), entry.language): entry
            for entry in self.entries
        }
        for entry in latest.values():
            tokens = tuple(token.casefold() for token in _TOKEN.findall(entry.written))
            if tokens:
                self._by_first.setdefault(tokens[0], []).append((tokens, entry))
        for candidates in self._by_first.values():
            candidates.sort(
                key=lambda item: (len(item[0]), item[1].exact, item[1].language is not None),
                reverse=True,
            )

    def __add__(self, other: Lexicon) -> Lexicon:
        """Both together; where they disagree, `other` wins."""
        return Lexicon(self.entries + other.entries, self.skipped + other.skipped)

    def readings(self, text: str, language: str) -> list[Edit]:
        """The edits of all entries found in `text`."""
        if not self._by_first:
            return []
        tokens = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]
        edits: list[Edit] = []
        index = 0
        while index < len(tokens):
            found = self._at(text, tokens, index, language)
            if found is None:
                index += 1
                continue
            entry, length = found
            edits.append(Edit(tokens[index][1], tokens[index + length - 1][2], entry.spoken))
            index += length
        return edits

    def _at(
        self, text: str, tokens: list[tuple[str, int, int]], index: int, language: str
    ) -> tuple[Entry, int] | None:
        for wanted, entry in self._by_first.get(tokens[index][0].casefold(), ()):
            here = tokens[index : index + len(wanted)]
            if len(here) < len(wanted) or entry.language not in (
                None,
                language,
                language.partition("-")[0],
            ):
                continue
            if all(
                token.casefold() == word for (token, _, _), word in zip(here, wanted, strict=True)
            ):
                written = text[here[0][1] : here[-1][2]]
                if _same_blanks(written, entry.written) and (
                    not entry.exact or written.split() == entry.written.split()
                ):
                    return entry, len(wanted)
        return None


def _same_blanks(written: str, entry: str) -> bool:
    """ "New York" is not "NewYork", and "e.g." not "e. g."."""
    return [len(part) for part in written.split()] == [len(part) for part in entry.split()]


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
        raise InvalidInput("A lexicon is an object of words, or a list of entries.")
    if len(entries) > _MAX_ENTRIES:
        raise InvalidInput(
            f"The lexicon has {len(entries)} entries; at most {_MAX_ENTRIES} are allowed."
        )
    return Lexicon(tuple(entries))


def _entry(item: Any, name: object) -> Entry:
    name = show(name) if isinstance(name, str) else name
    if not isinstance(item, Mapping):
        raise InvalidInput(f"Lexicon entry {name}: must be an object with written and spoken.")
    unknown = set(item) - {"written", "spoken", "language", "case"}
    if unknown:
        raise InvalidInput(f"Lexicon entry {name}: {show(min(map(str, unknown)))} is not known.")
    written, spoken = item.get("written"), item.get("spoken")
    for key, value in (("written", written), ("spoken", spoken)):
        if not isinstance(value, str) or not value.strip() or len(value) > _MAX_LENGTH:
            raise InvalidInput(
                f"Lexicon entry {name}: {key} must be text of 1 to {_MAX_LENGTH} characters."
            )
        if found := _CONTROL.search(value):
            raise InvalidInput(
                f"Lexicon entry {name}: {key} holds the control character {found[0]!a}."
            )
    case = item.get("case")
    if case not in (None, "exact", "any"):
        raise InvalidInput(f"Lexicon entry {name}: case must be exact or any.")
    language = item.get("language")
    if language is not None and not isinstance(language, str):
        raise InvalidInput(f"Lexicon entry {name}: language must be a code such as en.")
    words = str(written).strip()
    exact = case == "exact" or (case is None and words != words.lower())
    return Entry(words, str(spoken).strip(), language, exact)


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
            f"line {exc.lineno}, column {exc.colno}: the lexicon is no JSON: {exc.msg}"
        ) from None
    except RecursionError:
        raise InvalidInput("The lexicon is nested too deeply.") from None


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
                f"{reason}"
            ) from None
        if len(self.entries) > _MAX_ENTRIES:
            raise InvalidInput(
                f"The lexicon has {len(self.entries)} entries; at most {_MAX_ENTRIES} are allowed."
            )
        return Lexicon(tuple(self.entries), self.skipped)

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
        raise InvalidInput(f"{at}: document type declarations are not allowed in a lexicon")


def merged(lexicons: Iterable[Lexicon]) -> Lexicon:
    """All together; later ones win."""
    result = Lexicon()
    for lexicon in lexicons:
        result = result + lexicon
    return result
