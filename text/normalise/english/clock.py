"""Times of day, spans of time and lengths of time."""

from __future__ import annotations

import re

from text.normalise.english import numbers
from text.normalise.english.context import stop
from text.normalise.rules import Reading, Rule

_DIGITS = "0123456789"
_HALF = r"(?:[ap]\.\s?m\.?|[AaPp][Mm]\b)"
_HOUR = r"(?:2[0-4]|1\d|0?\d)"
_MINUTE = r"[0-5]\d"
_BEFORE = r"(?<![\w.,:$£€/-])"
_DASH = r"\s?(?:[-–—]|to)\s?"

_HALF_RANGE = re.compile(
    rf"{_BEFORE}(?P<h>1[0-2]|0?\d)(?:[:.](?P<m>{_MINUTE}))?\s?(?P<half>{_HALF})?{_DASH}"
    rf"(?P<h2>1[0-2]|0?\d)(?:[:.](?P<m2>{_MINUTE}))?\s?(?P<half2>{_HALF})(?!\w)"
)
_HALF_DAY = re.compile(
    rf"{_BEFORE}(?P<h>{_HOUR})(?:[:.](?P<m>{_MINUTE}))?(?::(?P<s>{_MINUTE}))?\s?"
    rf"(?P<half>{_HALF})(?!\w)"
)
_TIMECODE = re.compile(r"(?<![\w.:])\d\d:[0-5]\d:[0-5]\d[:;]\d\d(?![\w:]|[.,]\d)")
"""Hours, minutes, seconds and frames."""
_LONG = re.compile(
    rf"(?P<at>\b(?:at|by|until|till|before|after|since|from|to|@)\s)?{_BEFORE}"
    rf"(?P<h>\d{{1,2}}):(?P<m>{_MINUTE}):(?P<s>{_MINUTE})(?![\w:]|[.,]\d)"
)
_RANGE = re.compile(
    rf"{_BEFORE}(?P<h>{_HOUR}):(?P<m>{_MINUTE}){_DASH}(?P<h2>{_HOUR}):(?P<m2>{_MINUTE})(?!"
    r"[\w:]|[.,]\d)"
)
_HALF_WRITTEN = re.compile(
    rf"{_BEFORE}(?:(?P<h>{_HOUR})[-–](?P<h2>{_HOUR}):(?P<m2>{_MINUTE})"
    rf"|(?P<g>{_HOUR}):(?P<m>{_MINUTE})[-–](?P<g2>{_HOUR}))(?![\w:%]|[.,]\d|-\d)"
)
_LENGTH = re.compile(
    rf"(?P<at>\b(?:at|by|until|till|before|after|since|from|to)\s)?{_BEFORE}"
    rf"(?P<h>\d{{1,2}}):(?P<m>{_MINUTE})\s?(?P<unit>h|hrs?|hours?)\b"
)
_CLOCK = re.compile(
    rf"{_BEFORE}(?P<h>{_HOUR}):(?P<m>{_MINUTE})(?P<s>\.\d{{1,3}})?(?![\w:%]|[.,]\d|\s?"
    r"(?:aspect|ratio|scale|odds|mix))"
)
_MILITARY = re.compile(
    r"(?<![\w.,:$£€/-])(?P<h>[01]\d|2[0-3])(?P<m>[0-5]\d)(?=\s?(?:hrs?|hours|h|UTC|GMT|Z)\b)"
)
_RATIO_BEFORE = re.compile(r"\b(?:ratio|scale|odds|proportion)s?\s(?:of\s|is\s|was\s)?$")


def half_of_day(text: str) -> str:
    return "A M" if text[0] in "aA" else "P M"


def _hour_and_minute(hour: str, minute: str | None, *, clock24: bool = False) -> str:
    words = numbers.cardinal(int(hour))
    if minute is None:
        return words
    if minute == "00":
        return words if not clock24 else _full_hour(int(hour))
    return f"{words} {numbers.short_year(int(minute))}"


def _full_hour(hour: int) -> str:
    if hour == 0:
        return "midnight"
    return f"{numbers.cardinal(hour)} " + ("o'clock" if hour <= 12 else "hundred")


def _half_range(match: re.Match[str]) -> Reading:
    half = f" {half_of_day(match['half'])}" if match["half"] else ""
    first = _hour_and_minute(match["h"], match["m"])
    last = _hour_and_minute(match["h2"], match["m2"])
    return f"{first}{half} to {last} {half_of_day(match['half2'])}{stop(match, in_names=True)}"


def _half_day(match: re.Match[str]) -> Reading:
    seconds = f" and {_amount(int(match['s']), 'second')}" if match["s"] else ""
    time = _hour_and_minute(match["h"], match["m"])
    return f"{time}{seconds} {half_of_day(match['half'])}{stop(match, in_names=True)}"


def _amount(number: int, unit: str) -> str:
    return f"{numbers.cardinal(number)} {unit}{'' if number == 1 else 's'}"


def _timecode(match: re.Match[str]) -> Reading:
    return numbers.grouped_digits(match[0])


def _long(match: re.Match[str]) -> Reading:
    hour, minute, second = int(match["h"]), int(match["m"]), int(match["s"])
    at = match["at"] or ""
    if at and hour <= 24:
        time = _hour_and_minute(match["h"], match["m"], clock24=True)
        return f"{at}{time}" + (f" and {_amount(second, 'second')}" if second else "")
    parts = [(hour, "hour"), (minute, "minute"), (second, "second")]
    said = [_amount(number, unit) for number, unit in parts if number]
    if not said:
        return None
    return at + (" and ".join([" ".join(said[:-1]), said[-1]]) if len(said) > 1 else said[0])


def _range(match: re.Match[str]) -> Reading:
    first = _hour_and_minute(match["h"], match["m"], clock24=True)
    return f"{first} to {_hour_and_minute(match['h2'], match['m2'], clock24=True)}"


def _half_written(match: re.Match[str]) -> Reading:
    """`9-10:15` and `8:30-10`."""
    if match["h"]:
        last = _hour_and_minute(match["h2"], match["m2"], clock24=True)
        return f"{_hour_and_minute(match['h'], None)} to {last}"
    first = _hour_and_minute(match["g"], match["m"], clock24=True)
    return f"{first} to {_hour_and_minute(match['g2'], None)}"


def _length(match: re.Match[str]) -> Reading:
    """`1:30 h` lasts so long; `at 14:30 h` is a time."""
    hour, minute = int(match["h"]), int(match["m"])
    if (match["at"] or hour > 12) and match["unit"][0] == "h" and hour <= 24:
        time = _hour_and_minute(match["h"], match["m"], clock24=True)
        return (match["at"] or "") + time + (" hours" if match["unit"] == "hours" else "")
    said = _amount(hour, "hour") if hour else ""
    return " ".join(filter(None, [match["at"], said, _amount(minute, "minute") if minute else ""]))


def _clock(match: re.Match[str]) -> Reading:
    if _RATIO_BEFORE.search(match.string[max(0, match.start() - 24) : match.start()]):
        return None
    decimals = f" point {numbers.digits(match['s'])}" if match["s"] else ""
    return _hour_and_minute(match["h"], match["m"], clock24=True) + decimals


def _military(match: re.Match[str]) -> Reading:
    minute = int(match["m"])
    hour = (
        numbers.label(match["h"])
        if match["h"][0] != "0"
        else f"oh {numbers.cardinal(int(match['h']))}"
    )
    return f"{hour} {numbers.short_year(minute) if minute else 'hundred'}"


RULES = [
    Rule("timecode", _TIMECODE, _timecode, ":"),
    Rule("time", _HALF_RANGE, _half_range, _DIGITS),
    Rule("time", _HALF_DAY, _half_day, _DIGITS),
    Rule("time", _LONG, _long, ":"),
    Rule("time", _RANGE, _range, ":"),
    Rule("time", _HALF_WRITTEN, _half_written, ":"),
    Rule("duration", _LENGTH, _length, ":"),
    Rule("time", _CLOCK, _clock, ":"),
    Rule("time", _MILITARY, _military, _DIGITS),
]
