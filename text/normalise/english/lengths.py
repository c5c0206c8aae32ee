"""Feet and inches, sizes, degrees of arc, hours and minutes: `5'10"`, `9x13`, `40° 26' N`."""

from __future__ import annotations

import re
from itertools import pairwise

from text.normalise.around import after, before
from text.normalise.english import numbers
from text.normalise.english.amounts import AMOUNT, FRACTION, VALUE, is_one, value
from text.normalise.english.context import describes, stop
from text.normalise.english.unit_names import UNITS
from text.normalise.rules import Reading, Rule, either

_DIGITS = "0123456789"
_START = r"(?:(?<![\w.,:-])(?<!\d/)|(?<=\d[xX×]))"
_INCH = rf"\d{{1,2}}(?:\.\d|{FRACTION})?"
_POINTS = {"N": "north", "S": "south", "E": "east", "W": "west"}

_DEGREES = re.compile(
    r"(?<![\w.])(?P<d>\d{1,3}(?:\.\d{1,8})?)°"
    r"(?:\s?(?P<m>\d{1,2}(?:\.\d{1,5})?)'(?:\s?(?P<s>\d{1,2}(?:\.\d{1,5})?)\")?)?"
    r"(?:\s?(?P<w>[NSEW])(?![\w'])\.?(?=[\s,;.)]|$))?"
)
_FEET = re.compile(rf"{_START}(?P<feet>\d{{1,3}})'\s?-?(?P<inches>{_INCH})(?:\"|''|(?!\w))")
_FEET_IN = re.compile(
    rf"{_START}(?P<feet>\d{{1,3}})\s?(?:ft|foot|feet)\.?\s?(?P<inches>{_INCH})\s?in\b\.?"
)
_INCHES = re.compile(
    rf"{_START}(?:(?P<low>\d{{1,3}})\s?[-–]\s?)?(?P<n>{VALUE})(?:\"|''|-in\b\.?|\s?in(?=\s[x×]\s\d))"
)
_FOOT = re.compile(
    rf"{_START}(?P<n>\d{{1,4}})'(?=\s?[x×]\s?\d|\s(?:wide|long|tall|high|deep|by)\b)"
    r"|(?<=['\"]\s[x×]\s)(?P<m>\d{1,4})'"
)
_PIXELS = re.compile(
    r"(?<![\w.,/:-])(?P<a>\d{3,4})\s?[x×X]\s?(?P<b>\d{3,4})(?P<px>\s?px\b)?(?![\w]|\.\w)"
)
_BY = re.compile(
    rf"{_START}(?P<a>{VALUE})\s?"
    rf"(?P<unit>{either(['ft', 'feet', 'm', 'cm', 'mm', 'in', 'km', 'px'])}|['\"])?\s?"
    rf"[x×X]\s?(?={AMOUNT})"
)
_PACK = re.compile(
    r"(?<![\w.,/:-])(?P<n>\d{1,2})\s?[x×]\s?(?P<a>\d{1,4}(?:\.\d{1,2})?)[\s-]?(?P<unit>g|kg|ml|mL|cl|l|L|oz|lb)"
    r"(?=(?P<noun>\s[a-z]{3})|\W|$)"
)
_ASKED = re.compile(
    r"(?:^|\b(?:what's|what is|is|calculate|multiply|compute|=))\s?$", re.IGNORECASE
)
_HOURS = re.compile(
    rf"(?P<at>\b(?:at|by|until|till|before|from)\s)?{_START}(?P<a>\d{{1,3}})\s?"
    r"(?P<big>days?|d|hrs?|h|min|m)\.?\s?(?P<b>\d{1,2}(?:\.\d{1,3})?)(?:\s?(?P<small>hours?|hrs?|h|mins?|m|secs?|s)\b\.?"
    r"(?:\s?(?P<c>\d{1,2}(?:\.\d{1,3})?)\s?(?P<last>mins?|m|secs?|s)\b)?)?(?![\w]|[.,]\d)"
)
_SMALLER = {"d": "h", "h": "m", "m": "s"}
_TIMES = {"d": "day", "h": "hour", "m": "minute", "s": "second"}


def _degrees(match: re.Match[str]) -> Reading:
    if not (match["m"] or match["w"]):
        return None
    said = f"{numbers.number(match['d'])} degrees"
    said += f" {numbers.number(match['m'])} minutes" if match["m"] else ""
    said += f" {numbers.number(match['s'])} seconds" if match["s"] else ""
    return said + (f" {_POINTS[match['w']]}" if match["w"] else "")


def _inches_words(text: str) -> str:
    return f"{value(text)} {'inch' if is_one(text) else 'inches'}"


def _feet(match: re.Match[str]) -> Reading:
    foot = "foot" if match["feet"] == "1" else "feet"
    return f"{numbers.number(match['feet'])} {foot} {_inches_words(match['inches'])}{stop(match)}"


def _inches(match: re.Match[str]) -> Reading:
    if match[0].endswith('"'):
        line = before(match, 400).rpartition("\n")[2]
        if len(re.findall(r'(?<!\d)"', line)) % 2:
            return None  # a closing quotation mark
    low = f"{numbers.number(match['low'])} to " if match["low"] else ""
    if match[0].endswith(("-in", "-in.")) or after(match, 2)[:1] == "-" or describes(match):
        return f"{low}{value(match['n'])}-inch"
    return low + (f"{value(match['n'])} inches" if low else _inches_words(match["n"]))


def _foot(match: re.Match[str]) -> Reading:
    return f"{numbers.number(match[match.lastgroup or 'n'])} feet"


def _pixels(match: re.Match[str]) -> Reading:
    pixels = " pixels" if match["px"] else ""
    return f"{numbers.label(match['a'])} by {numbers.label(match['b'])}{pixels}"


def _pack(match: re.Match[str]) -> Reading:
    """`2 x 400g cans`: two of them."""
    one, many = UNITS[match["unit"]]
    if match["noun"]:
        return f"{numbers.number(match['n'])} {numbers.number(match['a'])}-{one}"
    return f"{numbers.number(match['n'])} times {numbers.number(match['a'])} {many}"


def _by(match: re.Match[str]) -> Reading:
    rest = after(match, 40)
    asked = _ASKED.search(before(match, 12)) and re.match(rf"{AMOUNT}\s?(?:\?|$)", rest)
    if asked or re.match(rf"{AMOUNT}\s?=|10[⁰¹²³⁴-⁹⁻^]", rest):
        return f"{value(match['a'])} times "
    symbol = {"'": "ft", '"': "in"}.get(match["unit"], match["unit"])
    unit = f" {UNITS[symbol][1]}" if symbol else ""
    text = match["a"]
    size = numbers.label(text) if len(text) == 4 and text.isdecimal() else value(text)
    return f"{size}{unit} by "


def _hours(match: re.Match[str]) -> Reading:
    """`2h 14m`, `2h15m30s`, `1h30`: here m is a minute; "at 14h30" is a time."""
    units = [match["big"][0], *(match[name][0] for name in ("small", "last") if match[name])]
    if any(_SMALLER.get(big) != small for big, small in pairwise(units)):
        return None
    at = match["at"] or ""
    if len(units) == 1:
        if units != ["h"] or len(match["b"]) != 2 or int(match["b"]) > 59:
            return None
        if at and int(match["a"]) < 25:
            return f"{at}{numbers.number(match['a'])} {numbers.short_year(int(match['b']))}"
        units = ["h", "m"]
    amounts = [match[name] for name in "abc" if match[name]]
    said = [
        f"{numbers.number(n.lstrip('0') or '0')} {_TIMES[unit]}{'' if n in ('1', '01') else 's'}"
        for n, unit in zip(amounts, units, strict=True)
    ]
    return at + " ".join(said) + stop(match)


RULES = [
    Rule("degrees", _DEGREES, _degrees, "°"),
    Rule("feet and inches", _FEET, _feet, "'"),
    Rule("feet and inches", _FEET_IN, _feet, _DIGITS),
    Rule("sizes", _PACK, _pack, "x×"),
    Rule("sizes", _PIXELS, _pixels, "xX×"),
    Rule("sizes", _BY, _by, "xX×"),
    Rule("duration", _HOURS, _hours, "hmd"),
    Rule("feet", _FOOT, _foot, "'"),
    Rule("inches", _INCHES, _inches, "\"'i"),
]
