"""Roman numerals: chapters, rulers, wars, years."""

from __future__ import annotations

import re

from text.normalise.english import numbers
from text.normalise.english.context import before
from text.normalise.english.names import RULERS
from text.normalise.roman import roman
from text.normalise.rules import Reading, Rule, either
from text.normalise.tables import words
from text.spans import Edit

_NUMERAL = r"[IVXLCDM]{1,15}"

_CHAPTERS = words("en/chapters")
_CHAPTER_WORDS = [
    *_CHAPTERS,
    *(word.lower() for word in _CHAPTERS if word not in ("War", "Bowl", "Mark")),
    *(word.upper() for word in _CHAPTERS),
]
_LETTERS = rf"(?:{_NUMERAL}|[ivxl]{{1,7}})"
_AFTER_WORD = re.compile(
    rf"\b(?P<word>{either(_CHAPTER_WORDS)})\s(?P<n>{_LETTERS})(?P<dash>\s?[-–—]\s?"
    rf"(?P<m>{_LETTERS}))?(?![\w'])"
)
_RULER = re.compile(
    rf"\b(?P<name>{either(sorted(RULERS))})\s(?P<n>[IVXL]{{1,7}})(?P<s>'s)?(?![\w.]\w|[\w])"
)
_TITLED = re.compile(
    r"\b(?:King|Queen|Pope|Emperor|Empress|Tsar|Czar|Sultan|Kaiser|Prince|Shah|Pharaoh"
    r"|Duke)\s(?:[A-Z][a-zé]+\s){1,3}?(?P<n>[IVXL]{1,7})(?P<s>'s)?(?![\w])"
)
_PERSON = re.compile(
    r"\b(?P<first>[A-Z][a-z]+)\s(?:[A-Z]\.?\s)?(?P<last>[A-Z][a-z]+),?\s(?P<n>II|III|IV)"
    r"(?P<s>'s)?(?!\w)"
)
_NAMED = re.compile(r"(?<=[a-z\d]\s)(?P<n>[IVX]{2,6})(?P<s>'s)?(?!\w|\s?\.\w)")
_YEAR = re.compile(r"(?<![\w&])(?P<n>M[MDCLXVI]{2,14})(?!\w)")
_CENTURY = re.compile(
    r"(?<!\w)(?P<n>[IVXL]{1,7})(?:th|st|nd|rd)?(?=\s(?:century|centuries|Century|Olympiad"
    r"|Corps|Legion|Army)\b)"
)
_WW = re.compile(r"\bWW(?P<n>I{1,3}|[123])\b")

_NAMES = words("en/first_names")


def _after_word(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    if number is None or (number > 100 and match["n"] not in ("CC", "CI")) or number > 400:
        return None
    if match["n"] in ("i", "I") and not match["dash"] and match["word"][0].islower():
        return None  # "in this part I think"
    if (
        match["n"] == "I"
        and re.match(r"\s[a-z]", match.string[match.end() : match.end() + 2])
        and match["word"] in ("Day", "Week", "Year", "Note", "Step")
    ):
        return None
    edits = [Edit(*match.span("n"), numbers.cardinal(number))]
    if match["m"] and (last := roman(match["m"])):
        edits += [
            Edit(match.end("n"), match.start("m"), " to "),
            Edit(*match.span("m"), numbers.cardinal(last)),
        ]
    return edits


def _the_nth(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    if number is None:
        return None
    return [Edit(*match.span("n"), f"the {numbers.ordinal(number)}")]


def _ruler(match: re.Match[str]) -> Reading:
    if match["n"] == "X" and match["name"] not in (
        "Leo",
        "Pius",
        "Louis",
        "Charles",
        "Alfonso",
        "Benedict",
    ):
        return None  # Malcolm X
    if match["n"] == "I":
        titled = re.search(
            r"\b(?:King|Queen|Emperor|Tsar|Czar|Pope|Kaiser|Sultan|Empress)\s$", before(match, 10)
        )
        rest = match.string[match.end("n") : match.end("n") + 12]
        if not titled and not re.match(
            r"[,.;:)]|'s|\s(?:of|was|is|and|ruled|reigned|died|became|in)\b|$", rest
        ):
            return None
    return _the_nth(match)


def _person(match: re.Match[str]) -> Reading:
    return _the_nth(match) if match["first"] in _NAMES else None


def _named(match: re.Match[str]) -> Reading:
    word = re.search(r"([\w'.-]+)\s$", before(match))
    if word is None or not word[1][0].isupper() or word[1] in ("An", "The", "In", "On", "A"):
        return None
    number = roman(match["n"])
    return None if number is None else [Edit(*match.span("n"), numbers.cardinal(number))]


def _year(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    return numbers.year(number) if number and 1000 < number < 2100 else None


def _century(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    if number is None:
        return None
    end = match.end()
    return [Edit(match.start(), end, numbers.ordinal(number))]


def _ww(match: re.Match[str]) -> Reading:
    number = len(match["n"]) if match["n"][0] == "I" else int(match["n"])
    return f"World War {numbers.cardinal(number).capitalize()}"


RULES = [
    Rule("world war", _WW, _ww, "W"),
    Rule("ruler", _RULER, _ruler, "IVX"),
    Rule("ruler", _TITLED, _the_nth, "IVX"),
    Rule("person", _PERSON, _person, "I"),
    Rule("chapter", _AFTER_WORD, _after_word, "IVXLCDMivxl"),
    Rule("century", _CENTURY, _century, "IVX"),
    Rule("year", _YEAR, _year, "M"),
    Rule("numbered name", _NAMED, _named, "IVX"),
]
