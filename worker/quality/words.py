"""Were the words said? What was to be said against what a recogniser heard.

Both sides are read alike first: in lower case, figures as words, without punctuation. A recogniser
gets words wrong by itself, a small one every tenth; so only what cannot be its doing counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from errors import InvalidInput
from text import languages
from text.front import TextOptions, prepare

GROSS = 0.5
"""Share of the words that must be wrong before anything is done about it.

Of chunks made bad on purpose by figures the model cannot read, empty, looped or half a text it
flags all, of rushed ones two thirds; of good ones 1 to 10 %, depending on the recogniser.
"""
FEWEST_WORDS = 4
"""Of fewer one wrong word weighs too much: they are looked at, and never spoken again for it."""

OTHER_WORDS = "other words heard"

_SPELLINGS = {"neighbour": "neighbor", "colour": "color", "o'clock": "oclock", "ok": "okay"}
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True)
class Comparison:
    """`error_rate`: edits over the words that were to be said; `words`: how many those are."""

    error_rate: float
    words: int
    heard: str

    @property
    def gross(self) -> bool:
        """Whether it is bad enough to be spoken again."""
        return self.words >= FEWEST_WORDS and self.error_rate >= GROSS

    @property
    def finding(self) -> str | None:
        """What the user is told, if anything."""
        if self.error_rate < GROSS:
            return None
        return f"{OTHER_WORDS}: {self.heard[:80]!r}" if self.heard else "no words heard"


def compare(said: str, heard: str, language: str = "en") -> Comparison:
    """Holds the words of `said`, in `language`, against those of `heard`."""
    wanted = plain_words(said, language)
    wrong = edits(wanted, plain_words(heard, language))
    return Comparison(wrong / max(1, len(wanted)), len(wanted), heard)


def plain_words(text: str, language: str = "en") -> list[str]:
    """The words of `text`, as both sides are compared."""
    options = TextOptions(language=languages.base(language), markup=False, breaks=False)
    try:
        text = prepare(text, options).spoken
    except InvalidInput:  # nothing to say
        return []
    found = [match.lower() for match in _WORD.findall(text.replace("’", "'"))]
    return [_SPELLINGS.get(word, word) for word in found]


def edits(said: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest substitutions, deletions and insertions that turn `said` into `heard`."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            changed = diagonal + (word != other)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, changed)
    return row[-1]
