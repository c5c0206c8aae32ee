"""Addresses of houses: `42 Elm Ave.`, `17 W. 35th St.`, `Portland, OR 97232`, `from the NW`."""

from __future__ import annotations

import re

from text.normalise.around import before
from text.normalise.english import numbers
from text.normalise.english.context import ends_sentence
from text.normalise.english.names import STATES
from text.normalise.rules import Reading, Rule, either
from text.normalise.word_lists import pairs, words
from text.spans import Edit

_STREETS = pairs("en/streets")
_DIRECTIONS = {
    "N": "North", "S": "South", "E": "East", "W": "West", "NW": "Northwest", "NE": "Northeast",
    "SW": "Southwest", "SE": "Southeast",
}  # fmt: skip
_NAME = r"(?:[A-Z][a-z']+|\d{1,3}(?:st|nd|rd|th))(?:\s[A-Z][a-z']+){0,2}"
_CORNER = r"(?:NW|NE|SW|SE)"

_HOUSE = re.compile(
    rf"(?<![\w.,/$-])(?P<n>\d{{1,5}}[A-Z]?)\s(?:(?P<d>[NSEW]|{_CORNER})\.?\s)?"
    rf"(?P<name>{_NAME})\s(?P<t>{either(list(_STREETS))})\b(?P<dot>\.)?"
    rf"(?:,?\s(?P<d2>{_CORNER}|[NSEW])\b\.?)?"
)
_STREET = re.compile(
    r"(?<=[a-z]\s)(?P<t>St|Dr|Ave|Av|Blvd|Rd|Ln|Pl|Ct|Hwy|Pkwy)\b(?P<dot>\.)?"
    rf"(?:\s(?P<d2>{_CORNER})\b\.?)?"
)
_STREET_NAME = re.compile(r"(?:^|\s)([A-Z][a-z']+|\d+(?:st|nd|rd|th))\s$")
_NO_NAMES = ("The", "In", "At", "And", "But", "To", "From", "Of", "For")
_BEHIND_HOUSE = re.compile(rf"\d{{1,5}}[A-Z]?\s(?:[NSEW]\.?\s)?{_NAME}\s$")
_ON_STREET = re.compile(r"(?:^|\s)(?:on|at|off|of|to|down|along|near|and)\s[A-Z][a-z']+\s$")
_DIRECTION = re.compile(
    r"(?:(?<=\d\s)|(?<=\bmi\.\s)|(?<=\bkm\s)|(?<=\bmile\s)|(?<=\bmiles\s)|(?<=blocks\s))"
    r"(?P<d>[NSEW])(?=\.?,|\.?\s(?:on|along|past|onto|through|to|toward|towards|from|of|and|exit|until|in)\b|\.?$)"
)
_COMPASS = re.compile(rf"\b(?:from|to|in|of|the)\s(?:the\s)?(?P<d>{_CORNER})\b(?!\s[A-Z\d])")
_STATE = re.compile(
    rf"(?<=[a-z],\s)(?:{either([code for code in STATES if code not in words('en/places')])})"
    r"(?=[,.;:)!?]|$|\s(?:and|or|in|on|for|to|at|is|was|has|with|by|from|who|where|when)\b)"
)
_ZIP = re.compile(
    rf",\s(?P<state>{either(list(STATES))}),?\s(?P<zip>\d{{5}})(?:-(?P<four>\d{{4}}))?(?!\w)"
)


def is_street(match: re.Match[str]) -> bool:
    """ "42 Main St. Boston", "on Elm Dr. Then": a street, not a saint or a doctor."""
    left = before(match, 60)
    if _BEHIND_HOUSE.search(left):
        return True
    return bool(_ON_STREET.search(left)) and ends_sentence(match.string, match.end())


def _house(match: re.Match[str]) -> Reading:
    number, kind = match["n"], match["t"]
    if len(kind) > 2 and len(number) == 4 and number[:2] in ("19", "20") and kind.islower():
        return None
    letter = f" {number[-1]}" if number[-1].isalpha() else ""
    edits = [
        Edit(
            *match.span("n"),
            numbers.label(number.rstrip(number[-1:]) if letter else number) + letter,
        )
    ]
    if match["d"]:
        end = match.end("d") + (match.string[match.end("d")] == ".")
        edits.append(Edit(match.start("d"), end, _DIRECTIONS[match["d"]]))
    if digits := re.match(r"\d+", match["name"]):
        start = match.start("name")
        edits.append(Edit(start, start + digits.end() + 2, numbers.ordinal(int(digits[0]))))
    return [*edits, _street_edit(match), *_direction_edits(match)]


def _street_edit(match: re.Match[str]) -> Edit:
    end = match.end("dot") if match["dot"] else match.end("t")
    ends = match["dot"] and not match["d2"] and ends_sentence(match.string, end)
    return Edit(match.start("t"), end, _STREETS[match["t"]] + ("." if ends else ""))


def _direction_edits(match: re.Match[str]) -> list[Edit]:
    return [_direction_edit(match, "d2")] if match["d2"] else []


def _direction_edit(match: re.Match[str], group: str) -> Edit:
    """The direction with its full stop, unless that ends the sentence."""
    end = match.end(group)
    dot = match.string[end : end + 1] == "." and not ends_sentence(match.string, end + 1)
    return Edit(match.start(group), end + dot, _DIRECTIONS[match[group]])


def _street(match: re.Match[str]) -> Reading:
    """ "Elm Dr. today", "Fifth Ave": the word before is a name."""
    name = _STREET_NAME.search(before(match, 24))
    if name is None or name[1] in _NO_NAMES:
        return None
    end = match.end("dot") if match["dot"] else match.end("t")
    rest = match.string[end : end + 3]
    if not match["dot"] and len(match["t"]) == 2 and not re.match(r"[,;).]|\s[a-z]|$", rest):
        return None
    if match["dot"] and match["t"] in ("St", "Dr"):
        alone = re.match(r"\s?[,;:)!?]|\s[a-z&]|\s*$", rest)
        if not alone and not is_street(match):
            return None
    return [_street_edit(match), *_direction_edits(match)]


def _direction(match: re.Match[str]) -> Reading:
    return [_direction_edit(match, "d")]


def _compass(match: re.Match[str]) -> Reading:
    return [Edit(*match.span("d"), _DIRECTIONS[match["d"]])]


def _state(match: re.Match[str]) -> Reading:
    return STATES[match[0]]


def _zip(match: re.Match[str]) -> Reading:
    four = f", {numbers.digits(match['four'])}" if match["four"] else ""
    return [
        Edit(*match.span("state"), STATES[match["state"]]),
        Edit(match.start("zip"), match.end(), numbers.digits(match["zip"]) + four),
    ]


RULES = [
    Rule("zip", _ZIP, _zip, "0123456789"),
    Rule("state", _STATE, _state, ","),
    Rule("address", _HOUSE, _house, "0123456789"),
    Rule("street", _STREET, _street),
    Rule("direction", _DIRECTION, _direction, "NSEW"),
    Rule("compass", _COMPASS, _compass, "NS"),
]
