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

# By letters; `python -m training.judge.references` measures what they catch.
_ALL_WRONG = 0.62
_PART_WRONG, _UNEVEN = 0.35, 0.7
_TELLING = 40  # letters: of fewer, one lost word is a third

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


@dataclass(frozen=True)
class Likeness:
    """How far a transcript is from what was heard, by their letters. `wrong`: edits over the longer
    one's; `length`: the shorter one's letters over the longer one's; both 0 to 1."""

    letters: int
    wrong: float
    length: float

    @property
    def other_words(self) -> bool:
        """Whether these cannot be the words of that sound.

        A small recogniser writes three letters of ten wrong in a hard sentence, but seldom leaves
        out or adds a third of it.
        """
        uneven = self.letters >= _TELLING and self.length < _UNEVEN and self.wrong > _PART_WRONG
        return self.wrong > _ALL_WRONG or uneven


def likeness(said: str, heard: str, language: str = "en") -> Likeness:
    """Holds a transcript against what was heard; words that were heard apart count as together."""
    one, other = ("".join(plain_words(text, language)) for text in (said, heard))
    longer = max(1, len(one), len(other))
    return Likeness(longer, edits(one, other) / longer, min(len(one), len(other)) / longer)


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
    """Fewest substitutions, deletions and insertions that turn `said` into `heard`: words, or the
    letters of two strings."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            changed = diagonal + (word != other)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, changed)
    return row[-1]
