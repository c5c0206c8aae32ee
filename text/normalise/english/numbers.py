"""Numbers as English words: `21` as a count, an ordinal, a year, digits, a house number."""

from __future__ import annotations

from text.normalise.word_lists import words

_SMALL = words("en/below_twenty")
_TENS = ("", "", *words("en/tens"))
_SCALES = ["", "thousand", "million", "billion", "trillion", "quadrillion"]
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
LONGEST = 15
"""Digits of the longest number read as a count; longer ones are read digit by digit."""


def cardinal(number: int) -> str:
    """`1234` is "one thousand two hundred thirty-four"; below 10 ** 18."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number < 1000:
        return _below_thousand(number)
    groups: list[str] = []
    for scale in _SCALES:
        number, rest = divmod(number, 1000)
        if rest:
            groups.append(f"{_below_thousand(rest)} {scale}".strip())
        if not number:
            break
    return " ".join(reversed(groups))


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest)
    words = f"{_SMALL[hundreds]} hundred"
    return f"{words} {_below_hundred(rest)}" if rest else words


def _below_hundred(number: int) -> str:
    if number < 20:
        return _SMALL[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]}-{_SMALL[ones]}" if ones else _TENS[tens]


def ordinal(number: int) -> str:
    """`21` is "twenty-first"."""
    words = cardinal(number)
    head = words[: max(words.rfind(" "), words.rfind("-")) + 1]
    last = words[len(head) :]
    if last in _ORDINALS:
        return head + _ORDINALS[last]
    return head + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def digits(text: str) -> str:
    """Digit by digit; everything that is no digit is left out."""
    return " ".join(_SMALL[int(digit)] for digit in text if digit.isdecimal())


def grouped_digits(text: str) -> str:
    """Digit by digit, with a comma wherever `text` has a blank, a hyphen or the like."""
    groups = "".join(c if c.isdecimal() else " " for c in text).split()
    return ", ".join(digits(group) for group in groups)


def number(text: str) -> str:
    """A written number: `1,234.50`, `0.5`, `.5`, `007`, without a sign."""
    whole, _, decimals = text.replace(",", "").partition(".")
    words = _whole(whole)
    if decimals:
        words = f"{words} point {digits(decimals)}"
    return words.strip()


def _whole(text: str) -> str:
    if not text:
        return ""
    if len(text) > LONGEST or (len(text) > 1 and text[0] == "0"):
        return digits(text)
    return cardinal(int(text))


def year(number: int) -> str:
    """`1905` is "nineteen oh five"; `2005` "two thousand five"; `2024` "twenty twenty-four"."""
    century, rest = divmod(number, 100)
    if number < 1000 or number % 1000 < 10:
        return cardinal(number)
    if not rest:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {short_year(rest)}"


def short_year(number: int) -> str:
    """The last two digits of a year: `5` is "oh five"."""
    return cardinal(number) if number >= 10 else f"oh {cardinal(number)}"


def label(text: str) -> str:
    """The number of a room, a house, a flight: `204` is "two oh four", `1600` "sixteen hundred"."""
    value = int(text)
    if len(text) > 5 or (len(text) > 1 and text[0] == "0"):
        return digits(text)
    if len(text) < 3 or value % 1000 == 0:
        return cardinal(value)
    if len(text) == 5:
        return digits(text)
    hundreds, rest = divmod(value, 100)
    return f"{cardinal(hundreds)} {short_year(rest) if rest else 'hundred'}"


def plural(words: str) -> str:
    """`ninety` is "nineties", `six` "sixes"."""
    if words.endswith("y"):
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith(("x", "ch", "s")) else f"{words}s"


def fraction(numerator: int, denominator: int) -> str:
    """`3, 4` is "three quarters"."""
    top = cardinal(numerator)
    if denominator == 2:
        name = "half" if numerator == 1 else "halves"
    else:
        name = "quarter" if denominator == 4 else ordinal(denominator)
        name = name if numerator == 1 else f"{name}s"
    return f"{top} {name}"
