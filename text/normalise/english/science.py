"""Units of one capital that are told by what stands around them: `5 A`, `300 K`, `0.1 M NaOH`."""

from __future__ import annotations

import re

from text.normalise.around import after, before
from text.normalise.english.amounts import AMOUNT, is_one, value
from text.normalise.english.context import describes
from text.normalise.rules import Reading, Rule

_START = r"(?<![\w.,:/$£€-])"
_MOLAR = re.compile(
    rf"{_START}(?P<n>{AMOUNT})\s?M(?=\s(?:(?![A-Z]{{3}}\b)(?:[A-Z][a-z]?\d?){{2,8}}\b|solutions?\b"
    r"|(?:sodium|potassium|calcium|magnesium|hydrochloric|sulfuric|sulphuric|nitric|acetic|glucose"
    r"|urea|tris|ammonium)\b))"
)
_PRESSURE = re.compile(
    r"(?<![\w.,/])(?P<a>\d{2,3})/(?P<b>\d{2,3})(?:(?P<unit>\s?mm\s?Hg)\b)?(?![\w/]|[.,]\d)"
)
_MEASURED = re.compile(r"\b(?:BP|[Pp]ressure)(?:\s(?:was|is|of|at|reading|rose|fell|to)){0,3}:?\s$")
_CAPITAL = re.compile(rf"{_START}(?P<n>{AMOUNT})(?P<gap>\s?)(?P<unit>[AKNJ])(?![\w'&-])")
_UNITS = {
    "A": ("amp", "amps"), "K": ("kelvin", "kelvin"), "N": ("newton", "newtons"),
    "J": ("joule", "joules"),
}  # fmt: skip
_AROUND = {
    "A": r"\d\s?k?[VW]\b|volt|watt|fuse|circuit|current|charg|breaker|\bamp|draw|batter|socket",
    "K": r"temperature|kelvin|°C|cool|helium|superconduct|absolute zero|melt|boil|\bstar\b",
    "N": r"force|newton|\bpush|\bpull|friction|tension|\bload\b",
    "J": r"energy|joule|\bheat|\bkJ\b|\bwork\b",
}
_NEAR = {unit: re.compile(pattern, re.IGNORECASE) for unit, pattern in _AROUND.items()}


def _molar(match: re.Match[str]) -> Reading:
    return f"{value(match['n'])} molar"


def _pressure(match: re.Match[str]) -> Reading:
    if not match["unit"] and not _MEASURED.search(before(match, 30)):
        return None
    unit = " millimeters of mercury" if match["unit"] else ""
    return f"{value(match['a'])} over {value(match['b'])}{unit}"


def _capital(match: re.Match[str]) -> Reading:
    around = f"{before(match, 60)} | {after(match, 40)}"
    thousands = match["unit"] == "K" and not match["gap"]
    if thousands or not _NEAR[match["unit"]].search(around):
        return None
    one, many = _UNITS[match["unit"]]
    return f"{value(match['n'])} {one if is_one(match['n']) or describes(match) else many}"


RULES = [
    Rule("blood pressure", _PRESSURE, _pressure, "/"),
    Rule("molar", _MOLAR, _molar, "M"),
    Rule("units", _CAPITAL, _capital, "AKNJ"),
]
