"""German: what the library gets wrong or leaves, rewritten so that it reads it right."""

from __future__ import annotations

import re

from text.normalise.around import after, before, is_last
from text.normalise.common import (
    ampersand,
    arithmetic,
    before_figure,
    chapters,
    fine_prices,
    prices_per,
    short_forms,
    spelled,
    units,
    versions,
)
from text.normalise.roman import roman
from text.normalise.rules import Reading, Rule, always, either
from text.normalise.word_lists import pairs, rows, words
from text.spans import Edit

_SHORT = pairs("de/short_forms")
_DAYS = pairs("de/days")
_MONTHS = pairs("de/months")
_MONTH_NAMES = words("de/month_names")
_ORDINALS = words("de/ordinals")
_DAY_NAME = either(list(_DAYS))

_STREET = re.compile(r"(?<=[a-zäöüß])str\.(?=\s?\d|\s|,|$)")
_YEAR = re.compile(
    r"(?<![\w.,:/-])20\d\d(?![\w%°€$]|[.,:/-]\d"
    r"|\s?(?:€|Euro|km|m|kg|Meter|Stück|Menschen|Personen)\b)"
)
_DATE = re.compile(r"(?<![\w.])(?P<d>[0-3]?\d)\.\s?(?P<m>[01]?\d)\.\s?(?P<y>(?:19|20)\d\d)(?!\w)")
_DAY_RANGE = re.compile(rf"\b(?P<a>{_DAY_NAME})\.?\s?[-–]\s?(?P<b>{_DAY_NAME})\b\.?")
_DAY = re.compile(
    rf"\b(?P<a>{_DAY_NAME})(?:\.(?=,?\s\d|,)|(?<!Fr)(?=,\s\d)"
    r"|(?=\s\d{1,2}(?:[:.]\d\d)?(?:\sUhr|\s?[-–]\s?\d)))"
)
_MONTH = re.compile(rf"(?<=\d\.\s)(?P<m>{either(list(_MONTHS))})\b\.?")
_SCORE = re.compile(r"(?<![\w:.,])(?P<a>\d{1,2}):(?P<b>\d)(?![\d:]|[.,]\d)")
_PER = {"m²": "pro Quadratmeter", "kg": "pro Kilogramm", "l": "pro Liter", "h": "pro Stunde"}
_PER |= {"km": "pro Kilometer", "kWh": "pro Kilowattstunde", "t": "pro Tonne"}
_YEARS = re.compile(
    r"(?<![\w.,:/-])(?P<a>1[1-9]\d\d)(?:/(?P<b>\d\d))?(?![\w%°€$²³/]|[.,:-]\d|\s\d"
    r"|\s(?:km|m|cm|mm|kg|g|l|ml|t|W|kW|V|MB|GB|ha|h|s|min|kcal|hPa|°C|%|€)(?:\b|$))"
)
_NO_YEAR = re.compile(r"(?:PIN|Tel\.|Telefon|Nr\.|Nummer|Code|Konto|Postfach|Artikel|§|Art\.)\s$")
_ONE_MILLION = re.compile(
    r"(?<![\w.,])1\s(?:(?P<a>Mio\b\.?|Million\b)|(?P<b>Mrd\b\.?|Milliarde\b))"
)
_POINTED = re.compile(
    r"\b(?:Kap\.|Kapitel|Abschnitt|Abschn\.|Ziffer|Version|Punkt)\s(?P<a>\d{1,2})\.(?P<b>\d{1,2})(?![\w.])"
)
_DIED = re.compile(r"†\s?(?=\d)")
_FRIDAY = re.compile(r"(?<=[Aa]m\s)Fr\.(?=,|\s(?:um|ab|von|bis|\d))")
_UP_TO_NINETEEN = words("de/below_twenty")
_TENS = words("de/tens")
_HALVES = {
    "einen halben": "TL EL Liter Teelöffel Esslöffel Tag Monat Meter Bund Kilometer Becher",
    "eine halbe": "Stunde Tasse Zwiebel Packung Flasche Seite Million Milliarde Portion Dose",
    "ein halbes": "Kilo Kilogramm Pfund Jahr Glas Dutzend Prozent Jahrhundert Päckchen",
}
_HALF_OF = {noun: half for half, nouns in _HALVES.items() for noun in nouns.split()}
_HALF = re.compile(rf"(?<![\w/.,])(?:1/2|½)(?=\s?(?P<noun>{either(list(_HALF_OF))})(?!\w))")
_ORDINAL_PAIR = re.compile(
    r"(?<![\w.,:])(?P<a>\d{1,2})\.(?P<and>\s(?:und|oder|bis)\s|\s?[-–]\s?)(?P<b>\d{1,2})\."
    r"(?=\s[A-ZÄÖÜ][a-zäöü])"
)
_RULER = re.compile(rf"\b{either(words('de/rulers'))}\s(?P<n>[IVX]{{1,6}})\.")


def _allowed(match: re.Match[str]) -> Reading:
    woman = match[0] != "Fr." or re.match(r"\s[A-ZÄÖÜ]", after(match, 2))
    return "" if woman else None


def _street(match: re.Match[str]) -> Reading:
    return "straße" + ("." if is_last(match) else "")


def _thousands(year: str) -> str:
    """The library reads 2024 as "zwanzig vierundzwanzig", 2.024 as a count."""
    return f"{year[0]}.{year[1:]}" if year.startswith("20") else year


def _year(match: re.Match[str]) -> Reading:
    return _thousands(match[0])


def _date(match: re.Match[str]) -> Reading:
    day, month = int(match["d"]), int(match["m"])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    return f"{day}. {_MONTH_NAMES[month - 1]} {_thousands(match['y'])}"


def _day_range(match: re.Match[str]) -> Reading:
    return f"{_DAYS[match['a']]} bis {_DAYS[match['b']]}"


def _day(match: re.Match[str]) -> Reading:
    return _DAYS[match["a"]]


def _month(match: re.Match[str]) -> Reading:
    return _MONTHS[match["m"]]


def _score(match: re.Match[str]) -> Reading:
    return f"{match['a']} zu {match['b']}"


def _below_hundred(number: int) -> str:
    """`80` is "achtzig", `1` "eins"."""
    if number < 20:
        return "eins" if number == 1 else _UP_TO_NINETEEN[number]
    tens, ones = divmod(number, 10)
    return (f"{_UP_TO_NINETEEN[ones]}und" if ones else "") + _TENS[tens - 2]


def _years(match: re.Match[str]) -> Reading:
    """`1980` and `1994/95`: the library counts thousands where no month stands before."""
    if _NO_YEAR.search(before(match, 10)):
        return None
    century, rest = divmod(int(match["a"]), 100)
    said = f"{_below_hundred(century)}hundert{_below_hundred(rest) if rest else ''}"
    return f"{said} {_below_hundred(int(match['b']))}" if match["b"] else said


def _one_million(match: re.Match[str]) -> Reading:
    said = "eine Million" if match["a"] else "eine Milliarde"
    return said + ("." if match[0].endswith(".") and is_last(match) else "")


def _pointed(match: re.Match[str]) -> Reading:
    return [Edit(match.start("a"), match.end(), f"{match['a']} Punkt {match['b']}")]


def _half(match: re.Match[str]) -> Reading:
    return _HALF_OF[match["noun"]]


def _ordinal_pair(match: re.Match[str]) -> Reading:
    """`5. und 6. Klasse`: of two the library reads only one."""
    a, b = int(match["a"]), int(match["b"])
    if not (0 < a <= len(_ORDINALS) and 0 < b <= len(_ORDINALS)):
        return None
    joined = match["and"] if match["and"].strip().isalpha() else " bis "
    return f"{_ORDINALS[a - 1]}{joined}{_ORDINALS[b - 1]}"


def _ruler(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    if number is None or number > len(_ORDINALS):
        return None
    stop = "." if is_last(match) else ""
    return [Edit(match.start("n"), match.end(), f"der {_ORDINALS[number - 1]}{stop}")]


RULES = (
    versions("Punkt", "eins"),
    prices_per(_PER, "pro"),
    ampersand("und"),
    fine_prices({"$": "Dollar", "€": "Euro", "£": "Pfund"}),
    Rule("years", _YEARS, _years, "1"),
    Rule("million", _ONE_MILLION, _one_million, "M"),
    Rule("section", _POINTED, _pointed, "."),
    Rule("died", _DIED, always("gestorben "), "†"),
    Rule("day", _FRIDAY, always("Freitag"), "F"),
    Rule("half", _HALF, _half, "/½"),
    Rule("ordinals", _ORDINAL_PAIR, _ordinal_pair, "."),
    units(rows("de/units")),
    Rule("date", _DATE, _date, "."),
    Rule("days", _DAY_RANGE, _day_range),
    Rule("day", _DAY, _day),
    Rule("month", _MONTH, _month, "."),
    Rule("ruler", _RULER, _ruler, "IVX"),
    chapters(words("de/chapters")),
    before_figure(pairs("de/before_figure")),
    short_forms(_SHORT, _allowed),
    Rule("street", _STREET, _street, "."),
    Rule("score", _SCORE, _score, ":"),
    Rule("year", _YEAR, _year, "2"),
    *arithmetic("plus", "gleich", "mal", "mal"),
    spelled(words("de/spelled"), {"MwSt": "Mehrwertsteuer"}),
)
