"""Short forms with a full stop: titles, `e.g.`, `No. 5`, `Inc.`, street addresses."""

from __future__ import annotations

import re

from text.normalise.english import numbers
from text.normalise.english.context import after, before, ends_sentence, stop
from text.normalise.rules import Reading, Rule, either
from text.normalise.tables import pairs, words
from text.spans import Edit

_TITLES = pairs("en/titles")  # before a name
_BARE_TITLES = words("en/bare_titles")
_ALWAYS = pairs("en/short_forms")
_BEFORE_FIGURE = pairs("en/before_figure")  # or a numeral
_STREETS = pairs("en/streets")
_DIRECTIONS = {
    "N": "North", "S": "South", "E": "East", "W": "West", "NW": "Northwest", "NE": "Northeast",
    "SW": "Southwest", "SE": "Southeast",
}  # fmt: skip

_TITLE = re.compile(
    rf"\b(?P<word>{either(list(_TITLES))})\.(?=\s?(?:(?:and|&)\s(?:Mrs|Mr|Dr|Ms)|[A-Z\"']|\d"
    r"(?:st|nd|rd)\b))"
)
_BARE_TITLE = re.compile(rf"\b(?P<word>{either(_BARE_TITLES)})(?=\s[A-Z][a-z'.])")
_FIXED = re.compile(rf"(?<![\w.])(?P<word>{either(list(_ALWAYS))})(?!\w)")
_FIGURE = re.compile(
    rf"(?<![\w.'])(?P<word>{either(list(_BEFORE_FIGURE))})\.\s?(?P<n>(?=\d|\(\d|#|"
    rf"[IVXL]{2, 6}\b|[ivxl]{2, 6}\b|[IVX][,.;)]))"
)
_COMPANY = re.compile(r"(?<=[\w.])(?P<gap>,?\s(?:&\s)?)(?P<word>Co|Dist|Mfg)\.(?!\w)")
_VERSUS = re.compile(
    r"(?<=[\w.)]\s)(?:vs|VS)(?=\s[\w(])|(?<=[A-Z][a-z]{2}\s)v\.?(?=\s[A-Z])|(?<="
    r"[a-z]{3}\s)v\.?(?=\s[A-Z][a-z]{2})"
)
_AND_OR = re.compile(
    r"\b(?P<a>and|he|she|him|his|her|hers|himself|yes|his)/(?P<b>or|she|he|her|hers|herself"
    r"|him|his|no)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\b(?:fax|phone|telephone|tel|mobile|account|model|serial|reference|registration|invoice|order"
    r"|card|flight|house|part|licence|license|passport|ID|ref|reg|policy|item)\s(?P<n>no\.)"
    r"(?=\s(?:is|was|and|on|or)\b|:)"
)
_EDITION = re.compile(r"(?<=\d(?:st|nd|rd|th)\s)ed\.")
_BARE = re.compile(r"(?<![\w.'-])(?P<word>pcm|aka|AKA|Utd|approx|incl|vs)(?![\w.'-])")
_COMPASS = re.compile(r"\b(?:from|to|in|of|the)\s(?:the\s)?(?P<d>NW|NE|SW|SE)\b(?!\s[A-Z\d])")
_WITH = re.compile(r"(?<![\w/])(?P<word>w/o|w/|b/c|c/o|n/a|N/A|a/c|A/C)(?![/])")
_FEATURING = re.compile(r"(?<=[\w)]\s)(?:\(?)(?:ft|feat)\.?(?=\s[A-Z])")
_HOUSE = re.compile(
    rf"(?<![\w.,/$-])(?P<n>\d{{1,5}})(?P<l>[A-Z])?\s(?:(?P<d>[NSEW]|NW|NE|SW|SE)\.?\s)?"
    r"(?P<name>(?:[A-Z][a-z']+|\d{1,3}(?:st|nd|rd|th))(?:\s[A-Z][a-z']+){0,2})\s"
    rf"(?P<t>{either(list(_STREETS))})\b(?P<dot>\.)?(?:,?\s(?P<d2>NW|NE|SW|SE|[NSEW])\b\.?)?"
)
_STREET = re.compile(
    r"(?<=[a-z]\s)(?P<t>St|Dr|Ave|Av|Blvd|Rd|Ln|Pl|Ct|Hwy|Pkwy)\b(?P<dot>\.)?(?:\s(?P<d2>NW"
    r"|NE|SW|SE)\b\.?)?"
)
_DIRECTION = re.compile(
    r"(?<=[\d]\s)(?P<d>[NSEW])(?=\.?,|\.?\s(?:to|toward|towards|from|of|and|exit|until|in)\b|\.?$)"
)
_IN_SHORT = re.compile(r"\b(?P<word>Jr|Sr)(?=[,\s]|$)(?<=[A-Z][a-z]\b)")


def _title(match: re.Match[str]) -> Reading:
    word = match["word"]
    if word in ("St", "Dr", "Ft", "Pt") and _street_before(match):
        return None
    if word in (
        "Gen",
        "Col",
        "Rep",
        "Rev",
        "Sr",
        "Br",
        "Dir",
        "Fr",
        "Hon",
        "Pt",
        "Det",
    ) and re.match(r"\s(?:[A-Z]{2}|Z\b)", after(match, 4)):
        return None
    if (
        word == "Sr"
        and re.search(r"[a-z],?\s$", before(match, 4))
        and before(match, 24).rstrip(", ").split(" ")[-1][:1].isupper()
    ):
        return "Senior" + ("." if ends_sentence(match.string, match.end()) else "")
    return _TITLES[word]


def _street_before(match: re.Match[str]) -> bool:
    """ "42 Main St. Boston", "Elm Dr. Then": a street, not a saint or a doctor."""
    left = before(match, 60)
    if re.search(
        r"\d{1,5}[A-Z]?\s(?:[NSEW]\.?\s)?(?:[A-Z]?[a-z']+|\d{1,3}(?:st|nd|rd|th))(?:\s[A-Z]"
        r"[a-z']+){0,2}\s$",
        left,
    ):
        return True
    return bool(
        re.search(r"(?:^|\s)(?:on|at|off|of|to|down|along|near|and)\s[A-Z][a-z']+\s$", left)
    ) and ends_sentence(match.string, match.end())


def _bare_title(match: re.Match[str]) -> Reading:
    if (
        match["word"] in ("St", "Dr")
        and re.search(r"[A-Z][a-z']+\s$", before(match, 12))
        and _street_before(match)
    ):
        return None
    if match["word"] in ("Gen", "Col", "Prof", "Mt") and re.match(r"\sZ\b", after(match, 4)):
        return None
    return _TITLES[match["word"]]


def _fixed(match: re.Match[str]) -> Reading:
    word = match["word"]
    if word in ("Max.", "Art.") and not re.match(r"\s?\d|\s[a-z]", after(match, 3)):
        return None  # a name
    if word in ("ca.", "max.", "temp.", "Temp.") and not re.match(r"\s", after(match, 1)):
        return None
    in_names = word[0].isupper()
    return _ALWAYS[word] + stop(match, in_names=in_names)


def _figure(match: re.Match[str]) -> Reading:
    word = match["word"]
    if word in (
        "no",
        "art",
        "ed",
        "min",
        "sec",
        "tab",
        "App",
        "reg",
        "est",
        "c",
        "p",
        "l",
        "P",
    ) and not re.match(r"\d|\(\d|[IVXL]", match.string[match.end() : match.end() + 2]):
        return None
    if word in ("min", "sec") and re.search(r"\d\s?$", before(match, 3)):
        return None  # 5 min. 30
    name = _BEFORE_FIGURE[word]
    if word[0].isupper() and (match.start() == 0 or re.search(r"[.!?\n]\s*$", before(match, 3))):
        name = name.capitalize()
    return f"{name} "


def _company(match: re.Match[str]) -> Reading:
    word = {"Co": "Company", "Dist": "District", "Mfg": "Manufacturing"}[match["word"]]
    return match["gap"].replace("&", "and") + word + stop(match, in_names=True)


def _versus(match: re.Match[str]) -> Reading:
    return "versus"


def _and_or(match: re.Match[str]) -> Reading:
    join = " " if match["a"].lower() == "and" else " or "
    return f"{match['a']}{join}{match['b']}"


def _with(match: re.Match[str]) -> Reading:
    word = match["word"]
    if word == "w/":
        return "with" if after(match, 1) in (" ", "") else "with "
    return {"w/o": "without", "b/c": "because", "c/o": "care of", "a/c": "A C", "A/C": "A C"}.get(
        word, "N A"
    )


def _featuring(match: re.Match[str]) -> Reading:
    return match[0].replace(match[0].lstrip("("), "featuring")


def _direction(text: str) -> str:
    return _DIRECTIONS[text]


def _house(match: re.Match[str]) -> Reading:
    kind, dot = match["t"], match["dot"]
    if (
        kind in ("Way", "Place", "Court", "Square", "Drive")
        and len(match["n"]) == 4
        and match["n"][:2] in ("19", "20")
    ):
        return None
    number = numbers.label(match["n"]) + (f" {match['l']}" if match["l"] else "")
    edits = [Edit(match.start("n"), match.end("l") if match["l"] else match.end("n"), number)]
    if match["d"]:
        end = match.end("d") + (match.string[match.end("d")] == ".")
        edits.append(Edit(match.start("d"), end, _direction(match["d"])))
    if match["name"][0].isdigit():
        digits = re.match(r"\d+", match["name"])
        assert digits is not None
        edits.append(
            Edit(
                match.start("name"),
                match.start("name") + digits.end() + 2,
                numbers.ordinal(int(digits[0])),
            )
        )
    edits.append(_street_edit(match))
    return edits + _direction_after(match)


def _street_edit(match: re.Match[str]) -> Edit:
    end = match.end("dot") if match["dot"] else match.end("t")
    ends = match["dot"] and not match["d2"] and ends_sentence(match.string, end)
    return Edit(match.start("t"), end, _STREETS[match["t"]] + ("." if ends else ""))


def _direction_after(match: re.Match[str]) -> list[Edit]:
    if not match["d2"]:
        return []
    end = match.end("d2")
    dot = match.string[end : end + 1] == "." and not ends_sentence(match.string, end + 1)
    return [Edit(match.start("d2"), end + dot, _direction(match["d2"]))]


def _street(match: re.Match[str]) -> Reading:
    """ "Elm Dr. today", "Fifth Ave": the word before is a name."""
    word = re.search(r"(?:^|\s)([A-Z][a-z']+|\d+(?:st|nd|rd|th))\s$", before(match, 24))
    if word is None or word[1] in ("The", "In", "At", "And", "But", "To", "From", "Of", "For"):
        return None
    kind = match["t"]
    end = match.end("dot") if match["dot"] else match.end("t")
    if (
        kind in ("St", "Dr", "Pl", "Ct", "Av")
        and not match["dot"]
        and not re.match(r"[,;)]|\s[a-z]|$|\.", match.string[end : end + 2])
    ):
        return None
    if (
        kind in ("St", "Dr")
        and match["dot"]
        and not (
            re.match(r"\s?[,;:)!?]|\s[a-z]|\s*$", match.string[end : end + 3])
            or _street_before(match)
        )
    ):
        return None
    return [_street_edit(match), *_direction_after(match)]


def _direction_alone(match: re.Match[str]) -> Reading:
    end = match.end()
    dot = match.string[end : end + 1] == "." and not ends_sentence(match.string, end + 1)
    return [Edit(match.start(), end + dot, _DIRECTIONS[match["d"]])]


_BARE_WORDS = {"pcm": "per calendar month", "aka": "also known as", "AKA": "also known as", "Utd": "United",
               "approx": "approximately", "incl": "including", "vs": "versus"}  # fmt: skip


def _bare(match: re.Match[str]) -> Reading:
    return _BARE_WORDS[match["word"]]


def _number_word(match: re.Match[str]) -> Reading:
    return [Edit(*match.span("n"), "number")]


def _edition(match: re.Match[str]) -> Reading:
    return "edition" + stop(match)


def _compass(match: re.Match[str]) -> Reading:
    return [Edit(*match.span("d"), _DIRECTIONS[match["d"]])]


ADDRESSES = [
    Rule("address", _HOUSE, _house, "0123456789"),
    Rule("street", _STREET, _street),
]
RULES = [
    Rule("title", _TITLE, _title, "."),
    Rule("title", _BARE_TITLE, _bare_title),
    Rule("before a figure", _FIGURE, _figure, "."),
    Rule("short form", _FIXED, _fixed, "."),
    Rule("number", _NUMBER, _number_word, "."),
    Rule("edition", _EDITION, _edition, "."),
    Rule("bare short form", _BARE, _bare),
    Rule("compass", _COMPASS, _compass, "NS"),
    Rule("company", _COMPANY, _company, "."),
    Rule("versus", _VERSUS, _versus, "vV"),
    Rule("and or", _AND_OR, _and_or, "/"),
    Rule("with", _WITH, _with, "/"),
    Rule("featuring", _FEATURING, _featuring),
    Rule("direction", _DIRECTION, _direction_alone, "NSEW"),
]
