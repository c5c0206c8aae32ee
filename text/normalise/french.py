"""French: what the library leaves, rewritten so that it reads it right."""

from __future__ import annotations

import re

from text.normalise.around import after
from text.normalise.common import (
    ampersand,
    arithmetic,
    before_figure,
    chapters,
    days_of_months,
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

_RULER = re.compile(
    rf"\b{either(words('fr/rulers'))}\s(?P<n>Ier|Iᵉʳ|1er|[IVX]{{2,6}}|[VX])(?![\w.]\w|\w)"
)
_PER = {"m²": "par mètre carré", "kg": "par kilogramme", "l": "par litre", "h": "par heure"}
_PER |= {"km": "par kilomètre", "kWh": "par kilowattheure", "t": "par tonne"}
_CODE = re.compile(r"(?<![\w-])(?P<a>[A-Z]{1,3})(?P<n>\d{1,3})(?![\w²³]|[.,]\d)")
_ROMAN_ORDINAL = re.compile(r"(?<!\w)(?P<n>[IVX]{1,6})(?P<e>er|ère|e|ème|ᵉ)(?!\w)")
_HOURS = re.compile(r"(?<=\dh)[-–](?=\d{1,2}h)|(?<=\dh\d\d)[-–](?=\d{1,2}h)")
_HALF_LITRE = re.compile(r"(?<=\d/\d)\s?l\b")
_CAPITAL = re.compile(r"\s[A-ZÀ-Ý]")
_STREET_NAME = re.compile(r"\s(?:[A-ZÀ-Ý]|d[eu']|des)")
_FIGURE = re.compile(r"\s\d")


def _allowed(match: re.Match[str]) -> Reading:
    """Titles before a name, streets before one, "max." before a figure."""
    word, rest = match[0], after(match, 4)
    if word in ("M.", "Me", "St", "Ste", "Pr", "Dr"):
        return "" if _CAPITAL.match(rest) else None
    if word in ("av.", "bd", "bd.", "Bd"):
        return "" if _STREET_NAME.match(rest) else None
    if word in ("max.", "min."):
        return "" if _FIGURE.match(rest) else None
    return "" if not rest or not (rest[0].isalnum() or rest[0] in "'’-") else None


def _code(match: re.Match[str]) -> Reading:
    """`A7`, `TF1`: letters by their names, figures for the library."""
    return f"{' '.join(match['a'])} {match['n']}"


def _roman_ordinal(match: re.Match[str]) -> Reading:
    """`XIXe` in figures, which the library reads wherever they stand."""
    number = roman(match["n"])
    if number is None or (number == 1) != (match["e"] in ("er", "ère")):
        return None
    return f"{number}{'e' if number > 1 else match['e']}"


def _ruler(match: re.Match[str]) -> Reading:
    if match["n"][-1] in "rʳ":
        return [Edit(*match.span("n"), "premier")]
    number = roman(match["n"])
    return None if number is None else [Edit(*match.span("n"), str(number))]


RULES = (
    versions("point", "un"),
    prices_per(_PER, "par"),
    ampersand("et"),
    fine_prices({"$": "dollars", "€": "euros", "£": "livres"}),
    days_of_months(("le", "les", "du", "au", "et", "dès le"), words("fr/months"), ""),
    Rule("code", _CODE, _code),
    units(rows("fr/units")),
    Rule("ordinal", _ROMAN_ORDINAL, _roman_ordinal, "IVX"),
    Rule("hours", _HOURS, always(" à "), "h"),
    Rule("litre", _HALF_LITRE, always(" litre"), "l"),
    Rule("ruler", _RULER, _ruler, "IVX1"),
    chapters(words("fr/chapters")),
    before_figure(pairs("fr/before_figure")),
    short_forms(pairs("fr/short_forms"), _allowed),
    *arithmetic("plus", "égale", "fois", "fois"),
    spelled(words("fr/spelled")),
)
