"""Numbers with a unit: `3.5 kg`, `60 km/h`, `5'10"`, `9x13-inch`, `20–25°C`, `15%`."""

from __future__ import annotations

import re

from text.normalise.english import numbers
from text.normalise.english.context import after, before, stop
from text.normalise.english.money import MAGNITUDES
from text.normalise.english.unit_names import PER, UNITS
from text.normalise.english.years import is_counted
from text.normalise.rules import Reading, Rule, either

_DIGITS = "0123456789"
AMOUNT = r"(?:(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(?:\.\d{1,12})?|\.\d{1,12})"
_FRACTION = r"[½¼¾⅓⅔⅛⅜⅝⅞]"
_VALUE = rf"(?:10⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{{1,3}}|{AMOUNT}\s?{_FRACTION}|{AMOUNT}|{_FRACTION}|(?:\d{{1,3}}\s)?\d{{1,2}}/\d{{1,2}})"
_START = r"(?:(?<![\w.,/:-])|(?<=\d[xX×]))"
_MINUS = r"(?:(?P<minus>[-−])\s?)?"
_DASH = r"\s?[-–—]\s?"
# A symbol that is also a word, a letter or part of a name needs to stand close or to be certain.
_LOOSE = [symbol for symbol in UNITS if symbol not in ("st", "ga", "pg", "mo", "mos", "%", "in")]
_UNIT = either(_LOOSE)[:-1] + r"|in(?=\.(?:\s[a-z]|[),;])))"

_UNITS = re.compile(
    rf"{_START}{_MINUS}(?:(?P<low>{_VALUE})\s?(?P<lowunit>{_UNIT}|%)?(?P<dash>{_DASH})"
    r"(?P<minus2>[-−])?)?"
    rf"(?P<high>{_VALUE})(?P<gap>[\s-]?)(?P<unit>{_UNIT}|%)"
    rf"(?:(?:/|\sper\s)(?P<per>{either(list(PER))}))?(?P<dot>\.(?=[\s,;:)]|$))?(?![\w²³°]|/"
    r"[A-Za-z])(?P<alt>\s?/\s?(?=\d))?"
)
_FEET = re.compile(
    rf"{_START}(?P<feet>\d{{1,3}})'\s?-?(?P<inches>\d{{1,2}}(?:\.\d|{_FRACTION})?)(?:\"|''|(?!\w))"
)
_FOOT_WORDS = re.compile(
    rf"{_START}(?P<feet>\d{{1,3}})\s?(?:ft|foot|feet)\.?\s?(?P<inches>\d{{1,2}}(?:\.\d"
    rf"|{_FRACTION})?)\s?in\b(?P<dot>\.)?"
)
_INCHES = re.compile(rf"{_START}(?P<n>{_VALUE})(?:\"|''|-in\b\.?|\s?in(?=\s[x×]\s\d))")
_ONE_FOOT = re.compile(
    rf"{_START}(?P<n>\d{{1,4}})'(?=\s?[x×]\s?\d|\s(?:wide|long|tall|high|deep|by)\b)|(?<='\s"
    r"[x×]\s)(?P<m>\d{1,4})'"
)
_DEGREES = re.compile(
    r"(?<![\w.])(?P<d>\d{1,3}(?:\.\d{1,8})?)°(?:\s?(?P<m>\d{1,2}(?:\.\d{1,5})?)'(?:\s?"
    r"(?P<s>\d{1,2}(?:\.\d{1,5})?)\")?)?"
    r"(?:\s?(?P<w>[NSEW])(?![\w'])\.?(?=[\s,;.)]|$))?"
)
_CARDINAL_POINTS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_PIXELS = re.compile(r"(?<![\w.,/:-])(?P<a>\d{3,4})\s?[x×X]\s?(?P<b>\d{3,4})(?![\w.])")
_HOURS = re.compile(
    rf"{_START}(?P<a>\d{{1,3}})\s?(?P<big>hrs?|h|min|m)\.?\s?(?P<b>\d{{1,2}})\s?"
    r"(?P<small>mins?|m|secs?|s)\b(?!\.\d)"
)
_BY = re.compile(
    rf"{_START}(?P<a>{_VALUE})\s?"
    rf"(?P<unit>{either(['ft', 'feet', 'm', 'cm', 'mm', 'in', 'km', 'px'])})?['\"]?\s?"
    rf"[x×X]\s?(?={AMOUNT})"
)
_TIMES = re.compile(rf"{_START}(?P<n>{AMOUNT})[x×](?!\w)")
_COUNT = re.compile(
    rf"{_START}(?P<n>{AMOUNT})\s?(?P<mag>bn|Bn|tn|trn|mn|mln|[kKmMB])(?P<plus>\+)?(?![\w/])"
)
_FRACTIONS = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8),
              "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8)}  # fmt: skip


_SUPERSCRIPT = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))


def power(exponent: str) -> str:
    """ "to the eighth"."""
    sign = "minus " if exponent[0] in "-−" else ""
    digits = int(exponent.lstrip("-−"))
    return f"to the {sign}{numbers.cardinal(digits) if sign else numbers.ordinal(digits)}"


def value(text: str) -> str:
    """`2½`, `2 1/2`, `10⁶` or a number in words."""
    if text[-1] in _SUPERSCRIPT:
        return f"ten {power(''.join(_SUPERSCRIPT[c] for c in text[2:]))}"
    mixed = re.fullmatch(r"(?:([\d,]+)\s)?(\d+)/(\d+)", text)
    if mixed:
        part = (int(mixed[2]), int(mixed[3]))
        whole = mixed[1]
    elif text[-1] in _FRACTIONS:
        part, whole = _FRACTIONS[text[-1]], text[:-1].rstrip()
    else:
        return numbers.number(text)
    if not whole:
        return numbers.fraction(*part)
    article = "a" if part[0] == 1 else ""
    fraction = numbers.fraction(*part)
    return f"{numbers.number(whole)} and " + (
        fraction.replace("one", article, 1) if article else fraction
    )


def _is_one(text: str) -> bool:
    return (
        text == "1"
        or (text[-1] in _FRACTIONS and len(text) == 1)
        or bool(re.fullmatch(r"\d/\d+", text))
    )


def _units(match: re.Match[str]) -> Reading:
    unit, high, gap = match["unit"], match["high"], match["gap"]
    if unit == "m" and is_counted(match.string, match.end("unit")):
        return None  # 5m people
    if (
        unit == "m"
        and not gap
        and re.search(
            r"\b(?:killed|infected|displaced|sold|reached|population of)\s$", before(match)
        )
    ):
        return f"{value(high)} million"
    if unit == "bar" and gap == "-":
        return None
    one, many = UNITS[unit]
    single = gap == "-" or (not match["low"] and _is_one(high)) or _attributive(match)
    name = one if single else many
    low = ""
    if match["low"]:
        join = " to "
        minus = "minus " if match["minus2"] else ""
        lowunit = match["lowunit"]
        named = f" {UNITS[lowunit][1]}" if lowunit and lowunit != unit else ""
        low = f"{value(match['low'])}{named}{join}{minus}"
    sign = "minus " if match["minus"] else ""
    per = f" per {PER[match['per']]}" if match["per"] else ""
    alternative = " or " if match["alt"] else ""
    return f"{sign}{low}{value(high)}{_hyphen(gap, match)}{name}{per}{stop(match)}{alternative}"


def _hyphen(gap: str, match: re.Match[str]) -> str:
    return "-" if gap == "-" and match["unit"] not in ("°", "%") else " "


_NOUN = re.compile(
    r"\s(?!(?:and|or|to|for|in|on|at|of|a|an|the|per|each|is|was|are|were|from|by|with|away"
    r"|more|less|long|wide|tall|high|deep|above|below|before|after|ago|later|every|if|as|but"
    r"|than|that|when|because|old|into|over|under|north|south|east|west|daily|total|out|up"
    r"|off|down|apart|thick|ahead|behind|left)\b)[a-z]{3}"
)


def _attributive(match: re.Match[str]) -> bool:
    """ "a 5 km run": one kilometer, since it describes the run."""
    return bool(re.search(r"\b[Aa]n?\s$", before(match, 4)) and _NOUN.match(after(match, 16)))


def _inches_words(text: str) -> str:
    return f"{value(text)} {'inch' if _is_one(text) else 'inches'}"


def _feet(match: re.Match[str]) -> Reading:
    feet = match["feet"]
    foot = "foot" if feet == "1" else "feet"
    return f"{numbers.cardinal(int(feet))} {foot} {_inches_words(match['inches'])}{stop(match)}"


def _inches(match: re.Match[str]) -> Reading:
    if match[0].endswith('"'):
        line = before(match, 400).rpartition("\n")[2]
        if len(re.findall(r'(?<!\d)"', line)) % 2:
            return None  # a closing quotation mark
    if "-" in match[0] or _attributive(match):
        return f"{value(match['n'])}-inch"
    return _inches_words(match["n"])


def _one_foot(match: re.Match[str]) -> Reading:
    return f"{numbers.number(match[match.lastgroup or 'n'])} feet"


def _degrees(match: re.Match[str]) -> Reading:
    """`40° 26' 46" N`."""
    if not (match["m"] or match["w"]):
        return None
    said = f"{numbers.number(match['d'])} degrees"
    said += f" {numbers.number(match['m'])} minutes" if match["m"] else ""
    said += f" {numbers.number(match['s'])} seconds" if match["s"] else ""
    return said + (f" {_CARDINAL_POINTS[match['w']]}" if match["w"] else "")


def _by(match: re.Match[str]) -> Reading:
    rest = after(match, 40)
    asked = re.search(
        r"(?:^|\b(?:what's|what is|is|calculate|multiply|compute|=))\s?$",
        before(match, 12),
        re.IGNORECASE,
    )
    if re.match(rf"{AMOUNT}\s?=|10[⁰¹²³⁴-⁹⁻^]", rest) or (
        asked and re.match(rf"{AMOUNT}\s?(?:\?|$)", rest)
    ):
        return f"{value(match['a'])} times "
    unit = f" {UNITS[match['unit']][1]}" if match["unit"] in UNITS else ""
    if match["unit"] == "in" or '"' in match[0]:
        unit = " inches"
    elif "'" in match[0]:
        unit = " feet"
    return f"{_size(match['a'])}{unit} by "


def _pixels(match: re.Match[str]) -> Reading:
    return f"{numbers.label(match['a'])} by {numbers.label(match['b'])}"


def _hours(match: re.Match[str]) -> Reading:
    """`2h 14m`: here m is a minute."""
    big, small = match["big"][0], match["small"][0]
    if (big == "h") != (small == "m"):
        return None
    names = ("hour", "minute") if big == "h" else ("minute", "second")
    pairs = zip((match["a"], match["b"]), names, strict=True)
    return " ".join(f"{numbers.number(n)} {name}{'' if n == '1' else 's'}" for n, name in pairs)


def _size(text: str) -> str:
    return numbers.label(text) if len(text) == 4 and text.isdecimal() else value(text)


def _times(match: re.Match[str]) -> Reading:
    more = re.match(r"\s(?:more|faster|slower|larger|bigger|smaller|higher|lower|as|the|a|per|longer|better|"
                    r"daily|weekly|cheaper|stronger)\b", after(match))  # fmt: skip
    return f"{numbers.number(match['n'])} {'times' if more else 'x'}"


def _count(match: re.Match[str]) -> Reading:
    magnitude = match["mag"]
    sure = (
        magnitude in ("bn", "Bn", "tn", "trn", "mn", "mln")
        or "." in match["n"]
        and magnitude in "MB"
    )
    if (
        not sure
        and not is_counted(match.string, match.end())
        and not match["plus"]
        and magnitude != "M"
    ):
        return None
    plus = " plus" if match["plus"] else ""
    name = MAGNITUDES.get(magnitude, "million")
    return f"{numbers.number(match['n'])} {name}{plus}"


RULES = [
    Rule("degrees", _DEGREES, _degrees, "°"),
    Rule("feet and inches", _FEET, _feet, "'"),
    Rule("feet and inches", _FOOT_WORDS, _feet, _DIGITS),
    Rule("sizes", _PIXELS, _pixels, "xX×"),
    Rule("sizes", _BY, _by, "xX×"),
    Rule("duration", _HOURS, _hours, "hm"),
    Rule("feet", _ONE_FOOT, _one_foot, "'"),
    Rule("inches", _INCHES, _inches, "\"'i"),
    Rule("units", _UNITS, _units, _DIGITS + "½¼¾⅓⅔⅛⅜⅝⅞"),
    Rule("magnitudes", _COUNT, _count, _DIGITS),
    Rule("times", _TIMES, _times, "x×"),
]
