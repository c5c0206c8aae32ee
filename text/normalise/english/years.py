"""Years, ranges of years, decades, eras and centuries."""

from __future__ import annotations

import re

from text.normalise.english import numbers
from text.normalise.english.dates import SHORT_YEAR, YEAR
from text.normalise.rules import Reading, Rule
from text.normalise.word_lists import words
from text.spans import Edit

_DIGITS = "0123456789"

_RANGE = re.compile(
    rf"(?<![\w.,:/-])(?P<fy>FY)?(?P<a>{YEAR})(?P<dash>\s?[-–—]\s?|/|\sto\s)(?P<b>{YEAR}|\d\d|{SHORT_YEAR})"
    r"(?![\w%/-]|[.,:]\d)"
)
_DECADE = re.compile(r"(?<![\w.,])(?P<y>(?:1\d|20|21)\d0)'?s\b")
_SHORT_DECADE = re.compile(
    r"""(?:(?<!\w)'|\b(?:[Tt]he|early|late|mid|his|her|their|my|our|your|into|in|In|of)[\s-]'?)
    (?P<y>[1-9]0)'?s\b
    |(?<=0s\sand\s)'?(?P<x>[2-9]0)s\b|(?<=0s\sor\s)'?(?P<w>[2-9]0)s\b
    |(?<![\w.,])(?P<z>[2-9]0)s(?=\s(?:music|fashion|styles?|kids?|pop|rock|movies?|films?|era|hits?|
    nostalgia|part(?:y|ies)|themed?|classics?|sitcoms?|disco|and\s(?:early|[2-9]0s))\b)""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"(?<!\w)'(?P<y>\d\d)(?=[\s.,;:!?)–-]|'s|$)")
_QUARTER = re.compile(r"(?<=\b[QH][1-4])'(?P<y>\d\d)(?!\w)")
_ERA = re.compile(
    r"(?<![\w.,:/-])(?P<n>\d{1,3},\d{3}|\d{1,5})(?=\s?(?:BCE?|AD|CE|B\.C\.|A\.D\.|C\.E\.)(?!\w))"
    r"|\b(?:AD|A\.D\.)\s(?P<m>\d{1,4})(?!\w|[.,:]\d)"
)
_NAMED = re.compile(
    r"""\b(?:[Ii]n|IN|[Ss]ince|SINCE|[Bb]y|[Uu]ntil|[Tt]ill|[Ff]rom|[Bb]efore|[Aa]fter|[Cc]irca|
    [Dd]uring|[Aa]round|[Ss]ummer|[Ss]pring|[Aa]utumn|[Ff]all|[Ww]inter|[Yy]ear|[Cc]lass\sof|
    [Cc]opyright|[Ee]arly|[Ll]ate|[Mm]id|born|died|est\.|[Ee]stablished|c\.|ca\.|(?<=\()[bd]\.|(?<=;\s)[bd]\.)[\s-]
    (?:of\s|the\s|early[\s-]|late[\s-]|mid-|about\s)?(?P<y>1\d{3})(?![\w%°]|[.,:]\d|-\d)
    |\((?:c\.\s|ca\.\s|in\s)?(?P<z>1\d{3})(?=[),;])""",
    re.VERBOSE,
)
_BARE = re.compile(r"(?<![\w.,:/$£€#-])(?P<y>19\d\d|20\d\d)(?![\w%°:/]|[.,]\d|-\d)")

_COUNTED = frozenset(words("en/counted"))


_WORD = re.compile(r"\s([a-z]{1,20})\b")


def is_counted(text: str, position: int) -> bool:
    """True when the word after `position` says that something is counted ("2000 people")."""
    word = _WORD.match(text, position)
    return word is not None and word[1] in _COUNTED


def _year(digits: str) -> str:
    return numbers.year(int(digits)) if len(digits) > 2 else numbers.short_year(int(digits))


def _range(match: re.Match[str]) -> Reading:
    first, last = match["a"], match["b"].lstrip("'")
    if int(last) <= int(first[-len(last) :]):
        return None
    join = " " if match["dash"] == "/" else " to "
    fiscal = [Edit(*match.span("fy"), "F Y ")] if match["fy"] else []
    return [
        *fiscal,
        Edit(*match.span("a"), _year(first)),
        Edit(*match.span("dash"), join),
        Edit(*match.span("b"), _year(last)),
    ]


def _decade(match: re.Match[str]) -> Reading:
    return numbers.plural(numbers.year(int(match["y"])))


def _short_decade(match: re.Match[str]) -> Reading:
    group = match.lastgroup or "y"
    start = match.start(group)
    if match.string[start - 1 : start] == "'":
        start -= 1
    return [Edit(start, match.end(), numbers.plural(numbers.cardinal(int(match[group]))))]


def _quoted(match: re.Match[str]) -> Reading:
    return numbers.short_year(int(match["y"]))


def _quarter(match: re.Match[str]) -> Reading:
    return f" {numbers.short_year(int(match['y']))}"


def _era(match: re.Match[str]) -> Reading:
    group = match.lastgroup or "n"
    text = match[group]
    words = numbers.year(int(text)) if len(text) == 4 and int(text) < 2100 else numbers.number(text)
    return [Edit(*match.span(group), words)]


def _named(match: re.Match[str]) -> Reading:
    if is_counted(match.string, match.end()):
        return None
    group = match.lastgroup or "y"
    return [Edit(*match.span(group), numbers.year(int(match[group])))]


def _bare(match: re.Match[str]) -> Reading:
    return None if is_counted(match.string, match.end()) else numbers.year(int(match["y"]))


RULES = [
    Rule("years", _RANGE, _range, _DIGITS),
    Rule("decade", _DECADE, _decade, _DIGITS),
    Rule("decade", _SHORT_DECADE, _short_decade, _DIGITS),
    Rule("year", _QUOTED, _quoted, "'"),
    Rule("quarter", _QUARTER, _quarter, "'"),
    Rule("era", _ERA, _era, _DIGITS),
    Rule("year", _NAMED, _named, _DIGITS),
]
BARE = [Rule("year", _BARE, _bare, _DIGITS)]
"""After everything else: four figures that look like a year and are nothing else."""
