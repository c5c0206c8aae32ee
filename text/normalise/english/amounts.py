"""Amounts as they are written: `1,234.5`, `2½`, `2 1/2`, `10⁶`."""

from __future__ import annotations

import re

from text.normalise.english import numbers

AMOUNT = r"(?:(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(?:\.\d{1,12})?|\.\d{1,12})"
"""A pattern for a plain number."""
FRACTION = r"[½¼¾⅓⅔⅛⅜⅝⅞]"
VALUE = (
    rf"(?:10⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{{1,3}}|10\^[-−]?\d{{1,3}}|{AMOUNT}\s?{FRACTION}|{AMOUNT}|{FRACTION}"
    r"|(?:\d{1,3}\s)?\d{1,2}/\d{1,2})"
)
"""A pattern for anything that `value` reads."""
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))

_FRACTIONS = {
    "½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8), "⅜": (3, 8),
    "⅝": (5, 8), "⅞": (7, 8),
}  # fmt: skip
_MIXED = re.compile(r"(?:([\d,]+)\s)?(\d+)/(\d+)")


def power(exponent: str) -> str:
    """ "to the eighth", "to the minus three"."""
    number = int(exponent.lstrip("-−"))
    if exponent[0] in "-−":
        return f"to the minus {numbers.cardinal(number)}"
    return f"to the {numbers.ordinal(number)}"


def value(text: str) -> str:
    """Anything that VALUE matches, in words."""
    if text.startswith("10^"):
        return f"ten {power(text[3:])}"
    if text[-1] in SUPERSCRIPTS:
        return f"ten {power(''.join(SUPERSCRIPTS[sign] for sign in text[2:]))}"
    if mixed := _MIXED.fullmatch(text):
        return _with_fraction(mixed[1] or "", int(mixed[2]), int(mixed[3]))
    if text[-1] in _FRACTIONS:
        return _with_fraction(text[:-1].rstrip(), *_FRACTIONS[text[-1]])
    return numbers.number(text)


def _with_fraction(whole: str, numerator: int, denominator: int) -> str:
    fraction = numbers.fraction(numerator, denominator)
    if not whole:
        return fraction
    if numerator == 1:
        fraction = fraction.replace("one", "a", 1)
    return f"{numbers.number(whole)} and {fraction}"


def is_one(text: str) -> bool:
    """True for what takes a singular: `1`, `½`, `3/8`."""
    return text in ("1", *_FRACTIONS) or re.fullmatch(r"\d+/\d+", text) is not None
