"""Roman numerals."""

from __future__ import annotations

import re

_VALID = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def roman(text: str) -> int | None:
    """The value of a well-formed numeral, else None."""
    upper = text.upper()
    if not upper or not _VALID.fullmatch(upper):
        return None
    total = 0
    for letter, following in zip(upper, [*upper[1:], "I"], strict=True):
        value = _VALUES[letter]
        total += -value if value < _VALUES[following] else value
    return total
