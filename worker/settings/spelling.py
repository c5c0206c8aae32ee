"""Which setting a variable of the environment was meant to be.

An environment is full of names that are no business of the worker's: `GH_TOKEN` is not `HF_TOKEN`,
`RUST_LOG_LEVEL` not `LOG_LEVEL`. So a name counts as misspelt only if it is a known one with a slip
of the fingers, an underscore more or less, a word forgotten, or words that have changed places.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

_FEWEST_WORDS = 2  # what is left of a name when a word was forgotten
_SHORT = 3  # a word of so few letters is another word with any letter changed
_LONG = 6  # a word of so many letters may hold two slips
_PLAIN = 8  # letters of a whole name in which one slip counts whatever its underscores


def meant(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name`, which is not one of them, is a misspelling of; the nearest."""
    slips = [other for other in known if _is_slip(name, other)]
    return min(slips, key=lambda other: _edits(name, other), default=None)


def _is_slip(name: str, known: str) -> bool:
    words, plain = _parts(name)
    wanted, other = _parts(known)
    if len(words) == len(wanted) and sorted(words) == sorted(wanted):
        return True
    if words[0] == "AWS" and words[1:] == wanted and len(wanted) >= _FEWEST_WORDS:
        return True  # AWS_S3_BUCKET
    if len(words) == len(wanted):
        differing = [pair for pair in zip(words, wanted, strict=True) if pair[0] != pair[1]]
        return len(differing) <= 2 and all(_is_near(*pair, len(wanted)) for pair in differing)
    if _forgot_a_word(words, wanted):
        return True
    return plain == other or (min(len(plain), len(other)) >= _PLAIN and _within(plain, other, 1))


def _forgot_a_word(words: list[str], wanted: list[str]) -> bool:
    """`AWS_SECRET_KEY` for `AWS_SECRET_ACCESS_KEY`; the first word is never the one. The platform
    has names of its own that are shorter than ours: `RUNPOD_DEBUG`."""
    return (
        words[0] != "RUNPOD"
        and len(wanted) > len(words) >= _FEWEST_WORDS
        and any(words == wanted[:n] + wanted[n + 1 :] for n in range(1, len(wanted)))
    )


def _is_near(word: str, wanted: str, words: int) -> bool:
    """Whether `word` is `wanted` with a slip or, in a long word beside others, two."""
    if len(wanted) <= _SHORT:
        one_less = {wanted[:n] + wanted[n + 1 :] for n in range(len(wanted))}
        return sorted(word) == sorted(wanted) or word in one_less or word == wanted + "S"
    return _within(word, wanted, 2 if len(wanted) >= _LONG and words > 1 else 1)


@lru_cache(maxsize=1024)
def _parts(name: str) -> tuple[list[str], str]:
    """The words of a name, and its letters without what is between them."""
    return name.split("_"), "".join(filter(str.isalnum, name))


def _within(one: str, other: str, slips: int) -> bool:
    # A slip changes the length by one at most and the letters by two: that settles most pairs.
    if abs(len(one) - len(other)) > slips or len(set(one) ^ set(other)) > 2 * slips:
        return False
    return _edits(one, other) <= slips


def _edits(one: str, other: str) -> int:
    """Letters added, left out, changed, or swapped with their neighbour, to get from one to the
    other (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
