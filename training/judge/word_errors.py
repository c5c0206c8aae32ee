"""Word error rate: how many words of what was said a listener got wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from worker.quality.words import edits

_WRITTEN = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
)  # fmt: skip
_NUMBERS = {str(number): word for number, word in enumerate(_WRITTEN)}
_SPELLINGS = {"neighbour": "neighbor", "colour": "color", "o'clock": "oclock", "ok": "okay"}
_WORD = re.compile(r"[a-z0-9']+")


def words(text: str) -> list[str]:
    """Lower-case words without punctuation, small numbers written out, American spelling."""
    found = [word.strip("'") for word in _WORD.findall(text.lower().replace("’", "'"))]
    return [_NUMBERS.get(word, _SPELLINGS.get(word, word)) for word in found if word]


def word_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Edits over words said, of all (said, heard) texts together; nan if nothing was said."""
    wrong = total = 0
    for said, heard in pairs:
        wrong += edits(words(said), words(heard))
        total += len(words(said))
    return wrong / total if total else float("nan")


def closest(heard: str, texts: Sequence[str]) -> int:
    """Index of the text with the lowest word error rate, had it been said; the first of equals."""
    target = words(heard)

    def rate(index: int) -> float:
        said = words(texts[index])
        return edits(said, target) / max(1, len(said))

    return min(range(len(texts)), key=rate)
