"""Pronunciation lexicons: what a word or phrase is said as.

JSON, either `{"SQL": "sequel"}` or a list of objects with `written`, `spoken` and, where wanted,
`language` and `case` (`exact` or `any`); or PLS (`<lexeme><grapheme/><alias/></lexeme>`).
An entry with a capital letter matches only as it is written, one without in any case. The longest
entry wins; whole words only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from errors import InvalidInput, show
from text.characters import RESERVED
from text.clean import clean
from text.languages import canonical
from text.places import place
from text.spans import Edit, Mapped

_MAX_ENTRIES = 20_000
_MAX_LENGTH = 500
_CJK = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NUMBER_GOES_ON = re.compile(r"[.,:/]\d|%")
_NUMBER_BEFORE = re.compile(r"\d[.,:/]$|[$£€]$")
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
    _words: _Node = field(default_factory=lambda: _Node(), repr=False, compare=False)

    def __post_init__(self) -> None:
        for entry in self.entries:
            for written in {entry.written, _plain(entry.written)}:
                node = self._words
                for token in _TOKEN.findall(written):
                    node = node.following.setdefault(token.casefold(), _Node())
                node.put(entry, written)

    def __add__(self, other: Lexicon) -> Lexicon:
        """Both together; where they disagree, `other` wins."""
        return merged((self, other))

    def readings(self, text: str, language: str) -> list[Edit]:
        """The edits of all entries found in `text`."""
        if not self._words.following:
            return []
        places = [match.span() for match in _TOKEN.finditer(text)]
        folded = [text[start:end].casefold() for start, end in places]
        edits: list[Edit] = []
        index = 0
        while index < len(places):
            found, following = None, index
            for last, node in self._walk(folded, index):
                if _within_number(text, places[index][0], places[last][1]):
                    continue
                written = text[places[index][0] : places[last][1]]
                if (entry := node.entry_for(written, language)) is not None:
                    found, following = Edit(places[index][0], places[last][1], entry.spoken), last
            if found is not None:
                edits.append(found)
            index = following + 1
        return edits

    def _walk(self, folded: list[str], index: int) -> Iterator[tuple[int, _Node]]:
        """Where the words from `index` on make an entry: the last one's index, its node."""
        node = self._words
        for last in range(index, len(folded)):
            following = node.following.get(folded[last])
            if following is None:
                return
            node = following
            if node.entries:
                yield last, node


@dataclass(slots=True)
class _Node:
    """What words lead to: entries of just these words, and longer phrases."""

    following: dict[str, _Node] = field(default_factory=dict)
    entries: dict[tuple[bool, str, str | None], Entry] = field(default_factory=dict)

    def put(self, entry: Entry, written: str) -> None:
        """Adds an entry under a form of its words; an earlier one for the same goes."""
        form = _one_blank(written if entry.exact else written.casefold())
        code, region = _parted(entry.language)
        self.entries[entry.exact, form, entry.language] = entry
        if region:
            self.entries[entry.exact, form, f"{code}-*"] = entry

    def entry_for(self, written: str, language: str) -> Entry | None:
        """The entry that says how `written` is said in `language`.

        An entry of `en-US` is good for `en`, and one of `en` for `en-US`; neither is for the other
        where both name a region.
        """
        code, region = _parted(language)
        for exact, form in ((True, written), (False, written.casefold())):
            for wanted in (language, code if region else f"{code}-*", None):
                if (found := self.entries.get((exact, _one_blank(form), wanted))) is not None:
                    return found
        return None


def _parted(language: str | None) -> tuple[str, str]:
    code, _, region = (language or "").partition("-")
    return code, region


def _plain(text: str) -> str:
    """`text` as a cleaned text has it: composed, with plain quotes."""
    return text if text.isascii() else clean(Mapped.of(re.sub(RESERVED, "", text))).text


def _within_number(text: str, start: int, end: int) -> bool:
    """True for the 5 of `$5`, `5.50`, `12:30` and `5%`: no whole words."""
    after = text[end - 1].isdigit() and _NUMBER_GOES_ON.match(text, end)
    before = text[start].isdigit() and _NUMBER_BEFORE.search(text[max(0, start - 2) : start])
    return bool(after or before)


def _one_blank(text: str) -> str:
    return " ".join(text.split())


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
    name = show(name) if isinstance(name, str) else name
    if not isinstance(item, Mapping):
        raise InvalidInput(
            f"Lexicon entry {name}: must be an object with written and spoken.",
            'Give each entry as {"written": "...", "spoken": "..."}.',
        )
    unknown = set(item) - {"written", "spoken", "language", "case"}
    if unknown:
        raise InvalidInput(
            f"Lexicon entry {name}: {show(min(map(str, unknown)))} is not known.",
            "An entry has `written`, `spoken`, `language` and `case`.",
        )
    written, spoken = item.get("written"), item.get("spoken")
    for key, value in (("written", written), ("spoken", spoken)):
        if not isinstance(value, str) or not value.strip() or len(value) > _MAX_LENGTH:
            raise InvalidInput(
                f"Lexicon entry {name}: {key} must be text of 1 to {_MAX_LENGTH} characters.",
                "Give what is written and how it is spoken, or delete the entry.",
            )
        if found := _CONTROL.search(value):
            raise InvalidInput(
                f"Lexicon entry {name}: {key} holds the control character {found[0]!a}.",
                "Delete the character.",
            )
        if not _plain(value).strip():
            raise InvalidInput(
                f"Lexicon entry {name}: {key} holds invisible characters only.",
                "Give letters, or delete the entry.",
            )
    case = item.get("case")
    if case not in (None, "exact", "any"):
        raise InvalidInput(
            f"Lexicon entry {name}: case must be exact or any.",
            "Leave `case` out for the usual rule.",
        )
    language = item.get("language")
    if language is not None and not isinstance(language, str):
        raise InvalidInput(
            f"Lexicon entry {name}: language must be a code such as en.",
            "Leave `language` out for all languages.",
        )
    words = str(written).strip()
    exact = case == "exact" or (case is None and words != words.lower())
    language = canonical(language) if language else None
    return Entry(words, _plain(str(spoken)).strip(), language, exact)


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


def merged(lexicons: Iterable[Lexicon]) -> Lexicon:
    """All together; later ones win."""
    several = [lexicon for lexicon in lexicons if lexicon.entries or lexicon.skipped]
    if len(several) == 1:
        return several[0]
    entries = tuple(entry for lexicon in several for entry in lexicon.entries)
    return Lexicon(entries, sum(lexicon.skipped for lexicon in several))
