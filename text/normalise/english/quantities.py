"""Numbers with a unit or a magnitude: `3.5 kg`, `60 km/h`, `20–25°C`, `15%`, `9bn`, `3x`."""

from __future__ import annotations

import re

from text.normalise.around import after, before
from text.normalise.english import numbers
from text.normalise.english.amounts import AMOUNT, VALUE, is_one, value
from text.normalise.english.context import describes, stop
from text.normalise.english.money import MAGNITUDES
from text.normalise.english.unit_names import PER, UNITS
from text.normalise.english.years import is_counted
from text.normalise.rules import Reading, Rule, either

_DIGITS = "0123456789"
_START = r"(?:(?<![\w.,:^-])(?<!\d/)|(?<=\d[xX×])|(?<=\b[Ss]ub-))"
# Symbols that are more often something else; "in" only with a full stop ("4 in. of snow").
_SYMBOLS = [symbol for symbol in UNITS if symbol not in ("st", "ga", "pg", "mo", "in")]
_UNIT = rf"(?:{either(_SYMBOLS)}|in(?=\.(?:\s[a-z]|[),;]))|mos?(?=\.(?!\w)))"

_UNITS = re.compile(
    rf"{_START}(?:(?P<minus>(?<!/)[-−]|(?<!\S)–)\s?)?"
    rf"(?:(?P<low>{VALUE})\s?(?P<low_unit>{_UNIT})?\s?[-–—]\s?(?P<minus2>[-−])?)?"
    rf"(?P<high>{VALUE})(?P<gap>[\s-]?)(?P<unit>{_UNIT})"
    rf"(?:(?:\.?/|\sper\s)(?P<per>{either(list(PER))}))?(?P<dot>\.(?=[\s,;:)-]|$))?"
    r"(?:(?P<each>\.?/)(?=[a-z]{3,12}\b(?!/))|(?![\w²³°]|/[A-Za-z])(?P<or>\s?/\s?(?=\d))?)"
)
_LATER = re.compile(r"\s(?:later|ago|earlier|late|remaining|delay|wait|break)\b")
_MILLIONS = re.compile(r"\b(?:killed|infected|displaced|sold|reached|population of)\s$")
_MAGNITUDE = re.compile(
    rf"{_START}(?:(?P<low>{AMOUNT})[kKmMB]?[-–])?(?P<n>{AMOUNT})\s?"
    r"(?P<mag>bn|Bn|tn|trn|mn|mln|[kKmMB])(?P<plus>\+)?(?![\w/]|-[A-Z])"
)
_AFTER_MAGNITUDE = re.compile(
    rf"(?<=\b(?:million|billion)\s)(?P<unit>{either(_SYMBOLS)})(?![\w/-]|\.\w)"
    rf"|(?<=\d[MBk]\s)(?P<unit2>{either([s for s in _SYMBOLS if len(s) > 1])})(?![\w/-]|\.\w)"
)
_STONE = re.compile(rf"{_START}(?P<n>\d{{1,2}})\s?st\.?(?=\s\d{{1,2}}\s?lbs?\b)")
_PER_UNIT = re.compile(
    rf"(?<=\bper\s){either([s for s in PER if len(s) > 1 and s != PER[s]])}(?![\w/])"
)
_TEMPERATURE = re.compile(
    rf"{_START}(?P<minus>[-−–])?(?P<n>\d{{1,3}}(?:\.\d)?)\s?(?P<unit>[CF])(?=[\s,.;:!?)]|$)"
)
_WARMTH = re.compile(
    r"temp|outside|hot|cold|warm|heat|oven|bake|roast|freez|boil|weather|degrees|forecast|fever",
    re.IGNORECASE,
)
_TIMES = re.compile(rf"{_START}(?:(?P<low>{AMOUNT})[-–])?(?P<n>{AMOUNT})[x×](?!\w)")
_PACE = re.compile(r"(?<=\d:\d\d)/(?P<per>mi|mile|km)\b")
_IN_A_TIME = re.compile(r"\d{1,3}\s?(?:h|hrs?|hours?|days?|d|wks?|weeks?|min|mins|minutes?)\b")
_COMPARED = re.compile(
    r"\s(?:more|faster|slower|larger|bigger|smaller|higher|lower|as|the|a|per|that|what|those|this|his|her|its|their|longer|better|daily"
    r"|weekly|cheaper|stronger)\b"
)


def _units(match: re.Match[str]) -> Reading:
    unit, gap = match["unit"], match["gap"]
    if unit == "m" and is_counted(match.string, match.end("unit")):
        return None  # 5m people
    if unit == "m" and not gap and _MILLIONS.search(before(match)):
        return f"{value(match['high'])} million"
    if unit == "m" and _LATER.match(after(match)):
        return f"{_low(match)}{value(match['high'])} minute{'' if is_one(match['high']) else 's'}"
    if unit == "s" and not gap and len(match["high"]) == 4 and match["high"].isdecimal():
        return None  # forms: 1099s
    if unit == "bar" and gap == "-":
        return None
    hyphen = "-" if gap == "-" and unit not in ("°", "%") else " "
    said = f"{_low(match)}{value(match['high'])}{hyphen}{_unit_name(match)}"
    per = f" per {PER[match['per']]}" if match["per"] else ""
    if match["each"]:  # "5 mg/tablet"; of degrees "180°C/gas mark 4"
        per = " or " if unit[0] in "°º℃℉%" else " per "
    end = "" if gap == "-" and after(match, 1).isspace() else stop(match)
    if match["dot"] and unit[0] in "°º℃℉%‰":
        end = "."  # no sign is shortened
    dose = unit in ("mg", "mcg", "µg", "μg", "ng", "IU")
    dose = dose or (unit[0] != "°" and _IN_A_TIME.match(after(match)) is not None)
    other = " per " if dose else " or "
    return f"{said}{per}{end}{other if match['or'] else ''}"


def _low(match: re.Match[str]) -> str:
    """What stands before the amount itself: its sign, or the lower end of a range."""
    sign = "minus " if match["minus"] else ""
    if not match["low"]:
        return sign
    unit = match["low_unit"]
    named = f" {UNITS[unit][1]}" if unit and unit != match["unit"] else ""
    return f"{sign}{value(match['low'])}{named} to {'minus ' if match['minus2'] else ''}"


def _unit_name(match: re.Match[str]) -> str:
    one, many = UNITS[match["unit"]]
    single = match["gap"] == "-" or (not match["low"] and is_one(match["high"]))
    return one if single or describes(match) else many


def _magnitude(match: re.Match[str]) -> Reading:
    sign, counted = match["mag"], is_counted(match.string, match.end())
    sure = len(sign) > 1 or sign == "M" or (sign == "B" and "." in match["n"])
    sure = sure or (sign in "kK" and len(match["n"]) > 2)
    if not (sure or counted or match["plus"]):
        return None  # 4B is a flat, 10k a run
    plus = " plus" if match["plus"] else ""
    low = f"{numbers.number(match['low'])} to " if match["low"] else ""
    return f"{low}{numbers.number(match['n'])} {MAGNITUDES.get(sign, 'million')}{plus}"


def _after_magnitude(match: re.Match[str]) -> Reading:
    """`150 million km`, `149.6M km`."""
    return UNITS[match["unit"] or match["unit2"]][1]


def _stone(match: re.Match[str]) -> Reading:
    return f"{numbers.number(match['n'])} stone"


def _per_unit(match: re.Match[str]) -> Reading:
    return PER[match[0]]


def _temperature(match: re.Match[str]) -> Reading:
    """25C is a temperature where something near is warm or cold."""
    if not _WARMTH.search(before(match, 60) + after(match, 30)):
        return None
    scale = "Celsius" if match["unit"] == "C" else "Fahrenheit"
    return f"{'minus ' if match['minus'] else ''}{numbers.number(match['n'])} degrees {scale}"


def _times(match: re.Match[str]) -> Reading:
    times = "times" if "." in match["n"] or _COMPARED.match(after(match)) else "x"
    low = f"{numbers.number(match['low'])} to " if match["low"] else ""
    return f"{low}{numbers.number(match['n'])} {times}"


def _pace(match: re.Match[str]) -> Reading:
    return f" per {PER.get(match['per'], match['per'])}"


RULES = [
    Rule("units", _UNITS, _units, _DIGITS + "½¼¾⅓⅔⅛⅜⅝⅞"),
    Rule("units", _AFTER_MAGNITUDE, _after_magnitude),
    Rule("stone", _STONE, _stone, "s"),
    Rule("per", _PER_UNIT, _per_unit, "p"),
    Rule("temperature", _TEMPERATURE, _temperature, "CF"),
    Rule("magnitudes", _MAGNITUDE, _magnitude, _DIGITS),
    Rule("pace", _PACE, _pace, "/"),
    Rule("times", _TIMES, _times, "x×"),
]
