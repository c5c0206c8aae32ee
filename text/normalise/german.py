"""German: what the library gets wrong or leaves, rewritten so that it reads it right."""

from __future__ import annotations

import re

from text.normalise.capitals import spelled_rule
from text.normalise.roman import roman
from text.normalise.rules import Reading, Rule, either
from text.normalise.tables import pairs, words
from text.spans import Edit

_WORDS = pairs("de/short_forms")
_BEFORE_FIGURE = pairs("de/before_figure")
_DAYS = pairs("de/days")
_MONTHS = pairs("de/months")
_MONTH_NAMES = (
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
)
_ORDINALS = words("de/ordinals")
_RULERS = words("de/rulers")  # fmt: skip

_FIXED = re.compile(rf"(?<![\w.]){either(list(_WORDS))}(?!\w)")
_FIGURE = re.compile(rf"(?<![\w.§])(?P<word>{either(list(_BEFORE_FIGURE))})\s?(?=\d|[IVX]+\b)")
_STREET = re.compile(r"(?<=[a-zäöüß])str\.(?=\s?\d|\s|,|$)")
_YEAR = re.compile(
    r"(?<![\w.,:/-])(?P<y>20\d\d)(?![\w%°€$]|[.,:/-]\d|\s?(?:€|Euro|km|m|kg|Meter|Stück"
    r"|Menschen|Personen)\b)"
)
_DATE = re.compile(r"(?<![\w.])(?P<d>[0-3]?\d)\.\s?(?P<m>[01]?\d)\.\s?(?P<y>(?:19|20)\d\d)(?!\w)")
_DAY_RANGE = re.compile(
    rf"\b(?P<a>{either(list(_DAYS))})\.?\s?[-–]\s?(?P<b>{either(list(_DAYS))})\b\.?"
)
_DAY = re.compile(
    rf"\b(?P<a>{either(list(_DAYS))})\.(?=,?\s\d|,)|\b(?P<b>(?:Mo|Di|Mi|Do|Sa|So)),(?=\s\d)"
)
_MONTH = re.compile(rf"(?<=\d\.\s)(?P<m>{either(list(_MONTHS))})\b\.?")
_RULER = re.compile(
    rf"\b(?P<name>{either(_RULERS)})\s(?P<n>[IVX]{{1,6}})(?P<dot>\.)(?P<end>\s*$|(?=\s))?"
)
_CHAPTER = re.compile(
    r"\b(?P<word>Kapitel|Band|Teil|Akt|Szene|Artikel|Abschnitt|Buch|Weltkrieg|Klasse)\s"
    r"(?P<n>[IVX]{1,6})\b"
)
_TIMES = re.compile(r"(?<![\w.,])(?P<n>\d{1,3})\s?x(?=\s)")
_SUM = re.compile(r"(?<=\d)\s(?P<s>[+=×x*])\s(?=\d)")


def _fixed(match: re.Match[str]) -> Reading:
    word = match[0]
    if word == "Fr." and not re.match(r"\s[A-ZÄÖÜ]", match.string[match.end() : match.end() + 2]):
        return None
    if (
        word in ("min.", "Min.", "max.", "geb.", "bes.", "St.", "Jh.", "Std.", "Sek.", "Bd.")
        and not match.string[match.end() :].strip()
    ):
        return f"{_WORDS[word]}."
    end = "." if not match.string[match.end() :].strip() and word.endswith(".") else ""
    return f"{_WORDS[word]}{end}"


def _figure(match: re.Match[str]) -> Reading:
    return f"{_BEFORE_FIGURE[match['word']]} "


def _street(match: re.Match[str]) -> Reading:
    return "straße" + ("." if not match.string[match.end() :].strip() else "")


def _year(match: re.Match[str]) -> Reading:
    return f"2.{match['y'][1:]}"  # the library reads 2024 as "zwanzig vierundzwanzig"


def _date(match: re.Match[str]) -> Reading:
    day, month = int(match["d"]), int(match["m"])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    year = match["y"] if match["y"].startswith("19") else f"2.{match['y'][1:]}"
    return f"{day}. {_MONTH_NAMES[month - 1]} {year}"


def _day_range(match: re.Match[str]) -> Reading:
    return f"{_DAYS[match['a']]} bis {_DAYS[match['b']]}"


def _day(match: re.Match[str]) -> Reading:
    group = match.lastgroup or "a"
    return [Edit(*match.span(group), _DAYS[match[group]])] if group == "b" else _DAYS[match[group]]


def _month(match: re.Match[str]) -> Reading:
    return _MONTHS[match["m"]]


def _ruler(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    if number is None or number > len(_ORDINALS):
        return None
    stop = "." if not match.string[match.end() :].strip() else ""
    return [Edit(match.start("n"), match.end("dot"), f"der {_ORDINALS[number - 1]}{stop}")]


def _chapter(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    return None if number is None else [Edit(*match.span("n"), str(number))]


def _times(match: re.Match[str]) -> Reading:
    return f"{match['n']} mal" if match["n"] != "1" else "einmal"


def _sum(match: re.Match[str]) -> Reading:
    return {"+": " plus ", "=": " gleich "}.get(match["s"], " mal ")


RULES = (
    Rule("date", _DATE, _date, "."),
    Rule("days", _DAY_RANGE, _day_range),
    Rule("day", _DAY, _day),
    Rule("month", _MONTH, _month, "."),
    Rule("ruler", _RULER, _ruler, "IVX"),
    Rule("chapter", _CHAPTER, _chapter, "IVX"),
    Rule("before a figure", _FIGURE, _figure, ".§"),
    Rule("short form", _FIXED, _fixed),
    Rule("street", _STREET, _street, "."),
    Rule("year", _YEAR, _year, "2"),
    Rule("times", _TIMES, _times, "x"),
    Rule("sum", _SUM, _sum, "+=×x*"),
    spelled_rule(
        words("de/spelled"),
        said={"MwSt": "Mehrwertsteuer"},
    ),
)
