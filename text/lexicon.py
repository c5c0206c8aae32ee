"""Pronunciation lexicons: what a word or phrase is said as. `lexicon_file` reads them.

The longest entry wins; whole words only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from text.characters import RESERVED
from text.clean import clean
from text.spans import Edit, Mapped

_CJK = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff"
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
            for written in {entry.written, as_cleaned(entry.written)}:
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


def as_cleaned(text: str) -> str:
    """`text` as a cleaned text has it: composed, with plain quotes."""
    return text if text.isascii() else clean(Mapped.of(re.sub(RESERVED, "", text))).text


def _within_number(text: str, start: int, end: int) -> bool:
    """True for the 5 of `$5`, `5.50`, `12:30` and `5%`: no whole words."""
    after = text[end - 1].isdigit() and _NUMBER_GOES_ON.match(text, end)
    before = text[start].isdigit() and _NUMBER_BEFORE.search(text[max(0, start - 2) : start])
    return bool(after or before)


def _one_blank(text: str) -> str:
    return " ".join(text.split())


def merged(lexicons: Iterable[Lexicon]) -> Lexicon:
    """All together; later ones win."""
    several = [lexicon for lexicon in lexicons if lexicon.entries or lexicon.skipped]
    if len(several) == 1:
        return several[0]
    entries = tuple(entry for lexicon in several for entry in lexicon.entries)
    return Lexicon(entries, sum(lexicon.skipped for lexicon in several))
