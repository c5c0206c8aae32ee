"""Spanish: what the library leaves, rewritten so that it reads it right."""

from __future__ import annotations

import re

from text.normalise.capitals import spelled_rule
from text.normalise.roman import roman
from text.normalise.rules import Reading, Rule, either
from text.normalise.tables import pairs, words
from text.spans import Edit

_WORDS = pairs("es/short_forms")
_BEFORE_FIGURE = pairs("es/before_figure")
_RULERS = words("es/rulers")  # fmt: skip
_ORDINALS = words("es/ordinals")
_FEMININE = ("Isabel", "Catalina")
_COUNTED = words("es/chapters")

_FIXED = re.compile(rf"(?<![\w.]){either(list(_WORDS))}(?!\w)")
_FIGURE = re.compile(rf"(?<![\w.]){either(list(_BEFORE_FIGURE))}\s?(?=\d|[IVX]+\b)")
_PAGES = re.compile(r"(?<=\d\s)págs\.")
_RULER = re.compile(rf"\b(?P<name>{either(_RULERS)})\s(?P<n>[IVX]{{1,6}})(?![\w.]\w|\w)")
_CHAPTER = re.compile(rf"\b(?:{either(_COUNTED)})\s(?P<n>[IVXL]{{1,7}})\b")
_WAR = re.compile(r"\b(?P<n>I{1,2})(?=\sGuerra\s[Mm]undial)")
_TIMES = re.compile(r"(?<![\w.,])(?P<n>\d{1,3})\s?x(?=\s)")
_SUM = re.compile(r"(?<=\d)\s(?P<s>[+=×x*])\s(?=\d)")
_FEMININE_HUNDREDS = re.compile(
    r"(?<![\w.,])(?P<n>[2-9]\d\d)(?=\s(?:págs\.|páginas|personas|chicas|mujeres|veces|horas"
    r"|libras|toneladas|casas|familias|empresas|palabras|pesetas|plantas|líneas|millas)"
    r"(?!\w))"
)
_HUNDREDS = "_ _ doscientas trescientas cuatrocientas quinientas seiscientas setecientas ochocientas novecientas".split()


def _fixed(match: re.Match[str]) -> Reading:
    word, rest = match[0], match.string[match.end() :]
    if word in ("D.", "S.", "Pl.", "C/", "c/") and not re.match(r"\s?[A-ZÁÉÍÓÚÑ]", rest[:2]):
        return None
    gap = " " if word in ("C/", "c/") and not rest.startswith(" ") else ""
    return _WORDS[word] + ("." if word.endswith(".") and not rest.strip() else "") + gap


def _figure(match: re.Match[str]) -> Reading:
    return f"{_BEFORE_FIGURE[match[0].strip()]} "


def _ruler(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    if number is None or (
        match["n"] in ("I", "V", "X") and re.match(r"\s[a-z]\b", match.string[match.end() :][:3])
    ):
        return None
    if number > len(_ORDINALS):
        return [Edit(*match.span("n"), str(number))]
    word = _ORDINALS[number - 1]
    return [Edit(*match.span("n"), f"{word[:-1]}a" if match["name"] in _FEMININE else word)]


def _chapter(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    return None if number is None else [Edit(*match.span("n"), str(number))]


def _war(match: re.Match[str]) -> Reading:
    return "Primera" if match["n"] == "I" else "Segunda"


def _times(match: re.Match[str]) -> Reading:
    return f"{match['n']} veces"


def _sum(match: re.Match[str]) -> Reading:
    return {"+": " más ", "=": " igual a "}.get(match["s"], " por ")


def _feminine(match: re.Match[str]) -> Reading:
    """The library counts pages and people as if they were masculine: "trescientos páginas"."""
    hundreds, rest = divmod(int(match["n"]), 100)
    return f"{_HUNDREDS[hundreds]} {rest}" if rest else _HUNDREDS[hundreds]


RULES = (
    Rule("ruler", _RULER, _ruler, "IVX"),
    Rule("chapter", _CHAPTER, _chapter, "IVXL"),
    Rule("war", _WAR, _war, "I"),
    Rule("before a figure", _FIGURE, _figure, ".º§"),
    Rule("feminine", _FEMININE_HUNDREDS, _feminine, "23456789"),
    Rule("short form", _FIXED, _fixed),
    Rule("times", _TIMES, _times, "x"),
    Rule("sum", _SUM, _sum, "+=×x*"),
    spelled_rule(
        words("es/spelled"),
        said={
            "ONG": "o ene ge",
            "PSOE": "PSOE",
            "IVA": "IVA",
            "RAE": "RAE",
            "AVE": "AVE",
            "PYME": "PYME",
            "ESO": "ESO",
            "PIB": "PIB",
        },
    ),
)
