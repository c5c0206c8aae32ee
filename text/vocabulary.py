"""What the model cannot speak: the nearest it can, or a count of what is lost."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeAlias

from text.spans import Edit, Mapped

Knows: TypeAlias = Callable[[str], bool]
"""Says whether the model has a sound, or a pause, for a character."""

# What to put instead, the best first.
_INSTEAD = {
    "“": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‹": "'", "›": "'", "「": '"',
    "」": '"', "『": '"', "』": '"', "《": '"', "》": '"', "—": "–-", "–": "-", "−": "-", "…": ".",
    "；": "，;,", "：": "，:,", "、": "，,", "。": ".", "，": ",", "！": "!", "？": "?", ";": ",",
    ":": ",", "|": ",", "·": ",", "•": ",", "(": ",", ")": ",", "（": ",", "）": ",", "→": ",",
    "←": ",", "_": " ", "`": "'", "\u3000": " ",
}  # fmt: skip
_SILENT = frozenset("[]{}<>*^~#\\¿¡↑↓")
"""Signs without a sound of their own."""
_LETTERS = {
    "ß": "ss", "ẞ": "SS", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "æ": "ae",
    "Æ": "AE", "œ": "oe", "Œ": "OE", "ð": "d", "þ": "th", "ı": "i", "ŋ": "ng",
}  # fmt: skip


class Unspeakable:
    """Counts what is lost and what is replaced over one job."""

    def __init__(self) -> None:
        self.lost: Counter[str] = Counter()
        self.replaced: Counter[str] = Counter()
        self.brackets: Counter[str] = Counter()

    def warnings(self) -> list[str]:
        """One sentence for each kind of loss."""
        said: list[str] = []
        if self.lost:
            said.append(
                f"{_count(self.lost)} not in the model's vocabulary and not spoken: "
                f"{listed(self.lost)}."
            )
        if self.replaced:
            said.append(
                f"{_count(self.replaced)} not in the model's vocabulary and spoken without their "
                f"marks: {listed(self.replaced)}."
            )
        if self.brackets:
            said.append(
                "Brackets and signs that are no markup stay in the text, and the model has no "
                f"sound for them: {listed(self.brackets)}."
            )
        return said


def _count(counter: Counter[str]) -> str:
    total = counter.total()
    return "1 character is" if total == 1 else f"{total} characters are"


def listed(counter: Counter[str]) -> str:
    """The characters, the commonest first, with their counts."""
    shown = [f"{_shown(character)} ({number})" for character, number in counter.most_common(12)]
    more = len(counter) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _shown(character: str) -> str:
    name = unicodedata.name(character, "")
    return (
        f"'{character}'"
        if character.isprintable() and not unicodedata.combining(character)
        else name or f"U+{ord(character):04X}"
    )


def speakable(text: Mapped, knows: Knows, found: Unspeakable) -> Mapped:
    """`text` with every character the model lacks replaced by the nearest it has, or left out."""
    return text.edited(_edits(text.text, knows, found))


def _edits(text: str, knows: Knows, found: Unspeakable) -> Iterator[Edit]:
    known: dict[str, bool] = {
        character: character.isspace() or knows(character) for character in set(text)
    }
    if all(known.values()):
        return
    for position, character in enumerate(text):
        if known[character]:
            continue
        instead = _instead(character, knows)
        if instead is None:
            found.lost[character] += 1
        elif character.isalpha():
            found.replaced[character] += 1
        elif character in _SILENT:
            found.brackets[character] += 1
        between = (
            text[position - 1 : position].isalnum() and text[position + 1 : position + 2].isalnum()
        )
        gap = " " if between and not character.isalpha() else ""
        yield Edit(position, position + 1, instead or gap)


def _instead(character: str, knows: Knows) -> str | None:
    """The nearest text the model knows; "" for what has no sound anyway; None for a loss."""
    if character in _LETTERS and all(map(knows, _LETTERS[character])):
        return _LETTERS[character]
    for other in _INSTEAD.get(character, ""):
        if knows(other) or other == " ":
            return other
    if character in _SILENT or character in _INSTEAD:
        return ""
    plain = "".join(
        c for c in unicodedata.normalize("NFD", character) if not unicodedata.combining(c)
    )
    if plain and plain != character and character.isalpha() and all(map(knows, plain)):
        return plain
    return None
