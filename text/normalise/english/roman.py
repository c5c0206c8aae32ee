"""Roman numerals: chapters, rulers, wars, years."""

from __future__ import annotations

import re

from text.normalise.around import after, before
from text.normalise.english import numbers
from text.normalise.english.names import RULERS
from text.normalise.roman import roman
from text.normalise.rules import Reading, Rule, either
from text.normalise.word_lists import words
from text.spans import Edit

_LETTERS = r"(?:[IVXLCDM]{1,15}|[ivxl]{1,7})"
_LARGEST = 400  # larger ones are words and units, as MM and DC
_CHAPTERS = words("en/chapters")
_CHAPTER_WORDS = [
    *_CHAPTERS,
    *(word.lower() for word in _CHAPTERS if word not in ("War", "Bowl", "Mark")),
    *(word.upper() for word in _CHAPTERS),
]
_FIRST_NAMES = words("en/first_names")
_TENTHS = ("Leo", "Pius", "Louis", "Charles", "Alfonso", "Benedict")
_TITLES = "King|Queen|Pope|Emperor|Empress|Tsar|Czar|Sultan|Kaiser|Prince|Shah|Pharaoh|Duke"

_CHAPTER = re.compile(
    rf"\b(?P<word>{either(_CHAPTER_WORDS)})\s(?P<n>{_LETTERS})"
    rf"(?P<dash>\s?[-–—]\s?(?P<m>{_LETTERS}))?(?![\w'])"
)
_RULER = re.compile(
    rf"\b(?P<name>{either(sorted(RULERS))})\s(?P<n>[IVXL]{{1,7}})"
    r"(?:\s&\s(?P<m>[IVX]{1,4}))?(?![\w.]\w|\w)"
)
_AFTER_FIRST = re.compile(r"[,.;:)]|'s|\s(?:of|was|is|and|ruled|reigned|died|became|in)\b|$")
_TITLED = re.compile(rf"\b(?:{_TITLES})\s(?:[A-Z][a-zé]+\s){{1,3}}?(?P<n>[IVXL]{{1,7}})(?!\w)")
_TITLE = re.compile(rf"\b(?:{_TITLES})\s$")
_PERSON = re.compile(
    r"\b(?P<first>[A-Z][a-z]+)\s(?:[A-Z]\.?\s)?[A-Z][a-z]+,?\s(?P<n>II|III|IV)(?!\w)"
)
_NAMED = re.compile(r"(?<=[a-z\d]\s)(?P<n>[IVX]{2,6})(?!\w|\s?\.\w)")
_NO_NAMES = ("An", "The", "In", "On", "A")
_YEAR = re.compile(r"(?<![\w&])M[MDCLXVI]{2,14}(?!\w)")
_CENTURY = re.compile(
    r"(?<!\w)(?P<n>[IVXL]{1,7})(?:th|st|nd|rd)?"
    r"(?=\s(?:century|centuries|Century|Olympiad|Corps|Legion|Army)\b)"
)
_WAR = re.compile(r"\bWW(?P<n>I{1,3}|[123])\b")


def _chapter(match: re.Match[str]) -> Reading:
    number, text = roman(match["n"]), match["n"]
    if number is None or number > _LARGEST or (number > 100 and text not in ("CC", "CI")):
        return None
    if text == "I" and not match["dash"] and match["word"][0].islower():
        return None  # "in this part I think"
    if len(text) == 1 and text.islower():
        return None
    edits = [Edit(*match.span("n"), numbers.cardinal(number))]
    if match["m"] and (last := roman(match["m"])):
        edits.append(Edit(match.end("n"), match.start("m"), " to "))
        edits.append(Edit(*match.span("m"), numbers.cardinal(last)))
    return edits


def _the_nth(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    if number is None:
        return None
    edits = [Edit(*match.span("n"), f"the {numbers.ordinal(number)}")]
    also = match.groupdict().get("m")
    if also and (second := roman(also)):  # James VI & I
        edits.append(Edit(match.end("n"), match.start("m"), " and "))
        edits.append(Edit(*match.span("m"), f"the {numbers.ordinal(second)}"))
    return edits


def _ruler(match: re.Match[str]) -> Reading:
    if match["n"] == "X" and match["name"] not in _TENTHS:
        return None  # Malcolm X
    if match["n"] == "I" and not _TITLE.search(before(match)):
        return _the_nth(match) if _AFTER_FIRST.match(after(match)) else None
    return _the_nth(match)


def _person(match: re.Match[str]) -> Reading:
    return _the_nth(match) if match["first"] in _FIRST_NAMES else None


def _named(match: re.Match[str]) -> Reading:
    word = re.search(r"([\w'.-]+)\s$", before(match))
    if word is None or not word[1][0].isupper() or word[1] in _NO_NAMES:
        return None
    number = roman(match["n"])
    return None if number is None else numbers.cardinal(number)


def _year(match: re.Match[str]) -> Reading:
    number = roman(match[0])
    return numbers.year(number) if number and 1000 < number < 2100 else None


def _century(match: re.Match[str]) -> Reading:
    number = roman(match["n"])
    return None if number is None else numbers.ordinal(number)


def _war(match: re.Match[str]) -> Reading:
    number = len(match["n"]) if match["n"][0] == "I" else int(match["n"])
    return f"World War {numbers.cardinal(number).capitalize()}"


RULES = [
    Rule("world war", _WAR, _war, "W"),
    Rule("ruler", _RULER, _ruler, "IVX"),
    Rule("ruler", _TITLED, _the_nth, "IVX"),
    Rule("person", _PERSON, _person, "I"),
    Rule("chapter", _CHAPTER, _chapter, "IVXLCDMivxl"),
    Rule("century", _CENTURY, _century, "IVX"),
    Rule("year", _YEAR, _year, "M"),
    Rule("numbered name", _NAMED, _named, "IVX"),
]
