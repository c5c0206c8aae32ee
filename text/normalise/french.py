"""French: what the library leaves, rewritten so that it reads it right."""

from __future__ import annotations

import re

from text.normalise.capitals import spelled_rule
from text.normalise.roman import roman
from text.normalise.rules import Reading, Rule, either
from text.normalise.tables import pairs, words
from text.spans import Edit

_WORDS = pairs("fr/short_forms")
_BEFORE_FIGURE = pairs("fr/before_figure")
_RULERS = words("fr/rulers")  # fmt: skip
_COUNTED = words("fr/chapters")

_FIXED = re.compile(rf"(?<![\w.'’-]){either(list(_WORDS))}(?![\w'’-])(?=\s|[,;:!?)]|$)")
_FIGURE = re.compile(rf"(?<![\w.]){either(list(_BEFORE_FIGURE))}\s?(?=\d|[IVX]+\b)")
_RULER = re.compile(
    rf"\b(?P<name>{either(_RULERS)})\s(?P<n>I(?:er|ᵉʳ)|Ier|1er|[IVX]{{2,6}}|[VX])(?![\w.]\w|\w)"
)
_CHAPTER = re.compile(rf"\b(?:{either(_COUNTED)})\s(?P<n>[IVXL]{{1,7}})\b")
_WAR = re.compile(r"\b(?P<n>I{1,2})(?=(?:re|de|e|ère|ᵉ)\s(?:Guerre|guerre))")
_TIMES = re.compile(r"(?<![\w.,])(?P<n>\d{1,3})\s?x(?=\s)")
_SUM = re.compile(r"(?<=\d)\s(?P<s>[+=×x*])\s(?=\d)")


def _fixed(match: re.Match[str]) -> Reading:
    word, rest = match[0], match.string[match.end() :]
    if word in ("M.", "Me", "St", "Ste", "Pr", "Dr") and not re.match(r"\s[A-ZÀ-Ý]", rest[:2]):
        return None
    if word in ("av.", "bd", "bd.", "Bd") and not re.match(r"\s(?:[A-ZÀ-Ý]|d[eu']|des)", rest[:4]):
        return None
    if word in ("max.", "min.") and not re.match(r"\s\d", rest[:2]):
        return None
    return _WORDS[word] + ("." if word.endswith(".") and not rest.strip() else "")


def _figure(match: re.Match[str]) -> Reading:
    return f"{_BEFORE_FIGURE[match[0].strip()]} "


def _ruler(match: re.Match[str]) -> Reading:
    if match["n"] in ("Ier", "1er", "Iᵉʳ"):
        return [Edit(*match.span("n"), "premier")]
    number = roman(match["n"])
    return None if number is None else [Edit(*match.span("n"), str(number))]


def _chapter(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    return None if number is None else [Edit(*match.span("n"), str(number))]


def _times(match: re.Match[str]) -> Reading:
    return f"{match['n']} fois"


def _sum(match: re.Match[str]) -> Reading:
    return {"+": " plus ", "=": " égale "}.get(match["s"], " fois ")


RULES = (
    Rule("ruler", _RULER, _ruler, "IVX1"),
    Rule("chapter", _CHAPTER, _chapter, "IVXL"),
    Rule("before a figure", _FIGURE, _figure, ".°º§"),
    Rule("short form", _FIXED, _fixed),
    Rule("times", _TIMES, _times, "x"),
    Rule("sum", _SUM, _sum, "+=×x*"),
    spelled_rule(
        words("fr/spelled"),
    ),
)
