"""Spanish: what the library gets wrong or leaves, rewritten so that it reads it right."""

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
from text.normalise.rules import Reading, Rule, either
from text.normalise.word_lists import pairs, rows, words
from text.spans import Edit

_SHORT = pairs("es/short_forms")
_ORDINALS = words("es/ordinals")
_HUNDREDS = words("es/hundreds")
_PER = {"m²": "por metro cuadrado", "kg": "por kilo", "l": "por litro", "h": "por hora"}
_PER |= {"km": "por kilómetro", "kWh": "por kilovatio hora", "t": "por tonelada"}
_PER |= {"mes": "al mes", "año": "al año", "día": "al día"}
_QUEENS = ("Isabel", "Catalina")

_RULER = re.compile(
    rf"\b(?P<name>{either(words('es/rulers'))})\s(?P<n>[IVX]{{1,6}})(?![\w.]\w|\w|\s[a-z]\b)"
)
_WAR = re.compile(r"\b(?P<n>I{1,2})(?=\sGuerra\s[Mm]undial)")
_FEMININE = re.compile(rf"(?<![\w.,])(?P<n>[2-9]\d\d)(?=\s{either(words('es/feminine'))}(?!\w))")


def _allowed(match: re.Match[str]) -> Reading:
    """ "D." and the like before a name only; "C/Mayor" gets its blank."""
    word, rest = match[0], after(match, 2)
    if word not in ("D.", "S.", "Pl.", "C/", "c/"):
        return ""
    if not re.match(r"\s?[A-ZÁÉÍÓÚÑ]", rest):
        return None
    return f"{_SHORT[word]} " if word.endswith("/") and not rest.startswith(" ") else ""


def _ruler(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    if number is None:
        return None
    if number > len(_ORDINALS):
        return [Edit(*match.span("n"), str(number))]
    said = _ORDINALS[number - 1]
    return [Edit(*match.span("n"), f"{said[:-1]}a" if match["name"] in _QUEENS else said)]


def _war(match: re.Match[str]) -> Reading:
    return "Primera" if match["n"] == "I" else "Segunda"


def _feminine(match: re.Match[str]) -> Reading:
    """The library counts pages as if they were masculine: "trescientos páginas"."""
    hundreds, rest = divmod(int(match["n"]), 100)
    return _HUNDREDS[hundreds - 2] + (f" {rest}" if rest else "")


RULES = (
    versions("punto", "uno"),
    prices_per(_PER, "por"),
    ampersand("y"),
    fine_prices({"$": "dólares", "€": "euros", "£": "libras"}),
    days_of_months(("el", "del", "al", "los", "y"), words("es/months"), "de "),
    units(rows("es/units")),
    Rule("ruler", _RULER, _ruler, "IVX"),
    chapters(words("es/chapters")),
    Rule("war", _WAR, _war, "I"),
    before_figure(pairs("es/before_figure")),
    Rule("feminine", _FEMININE, _feminine, "23456789"),
    short_forms(_SHORT, _allowed),
    *arithmetic("más", "igual a", "por", "veces"),
    spelled(words("es/spelled"), {"ONG": "o ene ge"}),
)
