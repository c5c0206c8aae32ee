"""Dates: `March 5, 2021`, `5-7 May`, `2023-11-05`, `12/25/2024`, `Mon–Fri`, `Jan.`."""

from __future__ import annotations

import re

from text.normalise.english import numbers
from text.normalise.english.context import stop
from text.normalise.english.names import DAYS, MONTH_SHORT, MONTHS
from text.normalise.rules import Reading, Rule, either
from text.spans import Edit

_FULL = [*MONTHS, *(month.upper() for month in MONTHS)]
_SHORT = [*MONTH_SHORT, *(month.upper() for month in MONTH_SHORT)]
_MONTH_NAME = rf"(?:{either(_FULL)}|{either(_SHORT)}\b\.?)"
_DAY_NAME = rf"{either(list(DAYS))}\b"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])"
_TH = r"(?:st|nd|rd|th)?"
_AND = r"(?:\s?[-–—]\s?|\s(?:and|or|to|&)\s)"
YEAR = r"(?:1\d{3}|20\d\d|21\d\d)"
SHORT_YEAR = r"'\d\d"
_TO_YEAR = rf"(?:,?\s(?P<year>{YEAR}|{SHORT_YEAR}))?"
_END = r"(?![\w%/°]|:\d|,\d{3}|\.\d)"
_DIGITS = "0123456789"

_ISO = re.compile(
    r"""(?<![\w-]) (?P<y>1\d{3}|20\d\d) (?P<sep>[-/.]) (?P<m>0\d|1[0-2]) (?P=sep) (?P<d>[0-3]\d)
    (?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::\d\d)?(?:\.\d{1,6})?(?P<zone>Z|[+-]\d\d:?\d\d)?)?
    (?![\w-])""",
    re.VERBOSE,
)
_NUMERIC = re.compile(
    r"""(?<![\w./-]) (?P<a>\d{1,2}) (?P<sep>[/.-]) (?P<b>\d{1,2}) (?P=sep)
    (?P<y>1\d{3}|20\d\d|\d\d) (?![\w/-]|\.\d)""",
    re.VERBOSE,
)
_MONTH_DAY = re.compile(
    rf"\b(?P<month>{_MONTH_NAME})\s(?P<day>{_DAY}){_TH}"
    rf"(?:(?P<and>{_AND})(?P<day2>{_DAY}){_TH}(?![\w:%]))?{_TO_YEAR}{_END}"
)
_DAY_MONTH = re.compile(
    rf"(?<![\w.,:/$£€-])(?P<the>[Tt]he\s)?(?:(?P<day>{_DAY}){_TH}(?P<and>{_AND}))?"
    rf"(?P<day2>{_DAY}){_TH}(?P<of>\sof)?\s(?P<month>{_MONTH_NAME})(?!\w){_TO_YEAR}{_END}"
)
_MONTH_YEAR = re.compile(
    rf"\b(?P<month>{_MONTH_NAME}),?\s(?P<year>{YEAR}|{SHORT_YEAR})(?![\w:%/°]|,\d|\.\d|[-–]\d)"
)
_MONTHS = re.compile(
    rf"\b(?P<month>{_MONTH_NAME})\s?(?P<dash>[-–—/])\s?(?P<month2>{_MONTH_NAME})(?!\w)"
)
_MONTH_ALONE = re.compile(
    r"\b(?:[Ii]n|[Ss]ince|[Uu]ntil|[Tt]ill|[Bb]y|[Ff]rom|of|[Dd]uring|[Ee]arly|[Ll]ate|[Mm]id|"
    rf"[Ll]ast|[Nn]ext|[Tt]his|[Ee]very)[\s-](?P<month>{either(_SHORT)}\b\.?)(?!\w)"
)
_MONTH_FIRST = re.compile(
    r"(?P<when>(?:coming|[Mm]oved\sto|rescheduled\s(?:to|for)|postponed\sto|set\sfor|scheduled\sfor|[Oo]n|[Bb]y|before|after|until|till|thru|through|from|since|due|dated|EOD|COB|starting"
    r"|ending|effective|Coming|Due|Starting|expires?|ends?|ended|begins?|began|starts?|started|closes?|opens?|runs?|(?:[Ww]eek|day|as|night|weekend)\sof)\s|[Tt]he\s"
    rf"|\b{_DAY_NAME}\.?,?\s|(?:{'|'.join(DAYS.values())}),?\s)"
    r"(?P<a>1[0-2]|0?[1-9])/(?P<b>[12]\d|3[01]|0?[1-9])"
    r"(?![\w/]|\s?(?:of|full|cup|inch|mile)\b)"
)
_MONTHS_FIRST = re.compile(
    r"(?<![\w./-])(?P<a>1[0-2]|0?[1-9])/(?P<b>[12]\d|3[01]|0?[1-9])"
    r"(?P<dash>\s?[-–]\s?|\s(?:to|thru|through|until)\s)"
    r"(?P<c>1[0-2]|0?[1-9])/(?P<d>[12]\d|3[01]|0?[1-9])(?![\w/]|[.,]\d|\s?(?:of|cup|inch|mile)\b)"
)
_WEEKDAYS = re.compile(
    rf"\b(?P<a>{_DAY_NAME})\.?\s?(?P<dash>[-–—/&]|to|and)\s?(?P<b>{_DAY_NAME}\.?)(?!\w)"
)
_DAY_LIST = re.compile(rf"\b(?:{_DAY_NAME}/){{2,6}}{_DAY_NAME}(?!\w)")
_LETTER_DAYS = re.compile(r"(?<![\w-])(?P<a>M|Tu|Th)\s?[-–]\s?(?P<b>Th|F|Sa|Su)(?![\w-])")
_ON_WEEKEND = re.compile(
    r"(?<=\b[Oo]n\s)(?P<a>Sat|Sun)\.(?!\w)"
    r"|\b(?P<b>Sat|Sun)\.(?=\s(?:eve|evenings?|mornings?|nights?|afternoons?|noon|only|a\.m|p\.m|[AP]M)\b)"
)
_WEEKDAY = re.compile(
    rf"\b(?P<a>{_DAY_NAME}\.?)(?=,?\s(?:\d|(?:at|from)\s\d|{_MONTH_NAME}\s\d))|"
    r"(?<!\w)(?P<b>(?:Mon|Tues?|Weds?|Thur?s?|Fri)\.)(?=[\s,;)?!:]|$)"
)


def _month(name: str) -> str:
    short = name.rstrip(".").capitalize()
    return MONTHS[MONTH_SHORT[short] - 1] if short in MONTH_SHORT else name.capitalize()


def _year_edit(match: re.Match[str]) -> list[Edit]:
    if not match["year"]:
        return []
    digits = match["year"].lstrip("'")
    words = numbers.year(int(digits)) if len(digits) > 2 else numbers.short_year(int(digits))
    return [Edit(*match.span("year"), words)]


def _day_edit(match: re.Match[str], group: str, before: str = "", after: str = "") -> Edit:
    """The edit of a day together with its "th"."""
    end = match.end(group)
    end += 2 if match.string[end : end + 2] in ("st", "nd", "rd", "th") else 0
    return Edit(match.start(group), end, f"{before}{numbers.ordinal(int(match[group]))}{after}")


def _and(match: re.Match[str]) -> str:
    text = match["and"].strip()
    return {"&": "and"}.get(text, "to" if text in "-–—" else text)


def _month_edit(match: re.Match[str]) -> Edit:
    return Edit(*match.span("month"), _month(match["month"]))


def _month_day(match: re.Match[str]) -> Reading:
    edits = [_month_edit(match), _day_edit(match, "day")]
    if match["day2"]:
        edits += [Edit(*match.span("and"), f" {_and(match)} "), _day_edit(match, "day2")]
    return edits + _year_edit(match)


def _day_month(match: re.Match[str]) -> Reading:
    the = "" if match["the"] else "the "
    of = "" if match["of"] else " of"
    edits: list[Edit] = []
    if match["day"]:
        edits += [_day_edit(match, "day", the), Edit(*match.span("and"), f" {_and(match)} ")]
        the = "the "
    edits.append(_day_edit(match, "day2", the, of))
    return [*edits, _month_edit(match), *_year_edit(match)]


def _spoken_date(day: int, month: int, year: str) -> str | None:
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    full = int(year) if len(year) == 4 else 2000 + int(year) - (100 if int(year) > 40 else 0)
    return f"{MONTHS[month - 1]} {numbers.ordinal(day)}, {numbers.year(full)}"


def _iso(match: re.Match[str]) -> Reading:
    date = _spoken_date(int(match["d"]), int(match["m"]), match["y"])
    if date is None or not match["hour"]:
        return date
    minute = int(match["minute"])
    hour = numbers.cardinal(int(match["hour"]))
    time = f"{hour} {numbers.short_year(minute) if minute else 'hundred'}"
    return f"{date}, at {time}{' U T C' if match['zone'] == 'Z' else ''}"


def numeric(day_first: bool) -> Rule:
    """`03/04/2025`, by the habits of the country; with dots the day always comes first."""

    def read(match: re.Match[str]) -> Reading:
        a, b, separator = int(match["a"]), int(match["b"]), match["sep"]
        if separator != "/" and len(match["y"]) == 2:
            return None  # a version or a part number
        first_is_day = separator == "." or a > 12 or (day_first and b <= 12)
        day, month = (a, b) if first_is_day else (b, a)
        return _spoken_date(day, month, match["y"])

    return Rule("date", _NUMERIC, read, _DIGITS)


def _months(match: re.Match[str]) -> Reading:
    return [
        _month_edit(match),
        Edit(match.end("month"), match.start("month2"), " to " if match["dash"] != "/" else " "),
        Edit(*match.span("month2"), _month(match["month2"])),
    ]


def _one_month(match: re.Match[str]) -> Reading:
    return [_month_edit(match)]


def _month_year(match: re.Match[str]) -> Reading:
    return [_month_edit(match), *_year_edit(match)]


def _month_and_day(match: re.Match[str]) -> Reading:
    a, b = int(match["a"]), int(match["b"])
    if (a, b) == (9, 11) or (a < b and b in (2, 3, 4, 8, 10) and match["when"] in ("the ", "The ")):
        return None
    return [Edit(match.start("a"), match.end(), f"{MONTHS[a - 1]} {numbers.ordinal(b)}")]


def _months_first(match: re.Match[str]) -> Reading:
    """`12/23 to 1/3`, where one of the days can be no part of a fraction."""
    a, b, c, d = (int(match[name]) for name in "abcd")
    if max(b, d) < 13 or b in (16, 32) or d in (16, 32):
        return None
    first, last = (f"{MONTHS[m - 1]} {numbers.ordinal(day)}" for m, day in ((a, b), (c, d)))
    return f"{first} to {last}"


def _weekdays(match: re.Match[str]) -> Reading:
    join = {"&": "and", "/": "and", "and": "and"}.get(match["dash"], "to")
    first, last = (DAYS[match[group].rstrip(".")] for group in "ab")
    return [
        Edit(*match.span("a"), first),
        Edit(match.end("a"), match.start("b"), f" {join} "),
        Edit(*match.span("b"), last + stop(match)),
    ]


def _letter_days(match: re.Match[str]) -> Reading:
    names = {"M": "Monday", "Tu": "Tuesday", "Th": "Thursday", "F": "Friday", "Sa": "Saturday"}
    return f"{names[match['a']]} to {names.get(match['b'], 'Sunday')}"


def _on_weekend(match: re.Match[str]) -> Reading:
    return DAYS[match["a"] or match["b"]] + (stop(match) if match["a"] else "")


def _day_list(match: re.Match[str]) -> Reading:
    return ", ".join(DAYS[day] for day in match[0].split("/"))


def _weekday(match: re.Match[str]) -> Reading:
    group = match.lastgroup or "a"
    return [Edit(*match.span(group), DAYS[match[group].rstrip(".")] + stop(match))]


RULES = [
    Rule("date", _ISO, _iso, _DIGITS),
    Rule("date", _DAY_MONTH, _day_month, _DIGITS),
    Rule("date", _MONTH_DAY, _month_day, _DIGITS),
    Rule("months", _MONTHS, _months, "-–—/"),
    Rule("date", _MONTH_YEAR, _month_year, _DIGITS),
    Rule("month", _MONTH_ALONE, _one_month),
    Rule("dates", _MONTHS_FIRST, _months_first, "/"),
    Rule("date", _MONTH_FIRST, _month_and_day, "/"),
    Rule("weekday", _LETTER_DAYS, _letter_days, "-–"),
    Rule("weekday", _ON_WEEKEND, _on_weekend, "."),
    Rule("weekday", _DAY_LIST, _day_list, "/"),
    Rule("weekday", _WEEKDAYS, _weekdays),
    Rule("weekday", _WEEKDAY, _weekday),
]
