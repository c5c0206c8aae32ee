"""Versions: `v1.2.3`, `Python 3.11`, `2.0-beta`, `C++`, `.NET`."""

from __future__ import annotations

import re

from text.normalise.around import before
from text.normalise.english import numbers
from text.normalise.rules import Reading, Rule, always, either
from text.normalise.word_lists import words
from text.spans import Edit

_VERSION = re.compile(
    r"(?<![\w.,/-])(?P<v>[vV]\.?\s?)?(?P<n>\d{1,6}(?:\.\d{1,6}){2,5})"
    r"(?:[-.]?(?P<stage>alpha|beta|rc|dev|post|a|b)\.?(?P<m>\d{0,4}))?(?!\w|\.\d)"
)
_SHORT = re.compile(
    r"(?<![\w.])(?P<v>[vV]\.?\s?)(?P<n>\d{1,4}(?:\.\d{1,4})?)(?P<x>\.x)?(?!\w|\.\d)"
)
_NAMED = re.compile(
    rf"\b{either(words('en/versioned'))}(?:[\s/-]|\s?[<>=~!]=?\s?)?(?P<n>\d{{1,4}}\.\d{{1,4}})(?P<x>\.x)?(?!\w|\.\d)"
)
_LANGUAGE = re.compile(r"(?<!\w)(?P<a>C|F|A|Notepad|g)(?P<sign>\+\+|#)(?!\w)")
_PHONE = re.compile(r"\d{3}\.\d{3}\.\d{4}")
_NET = re.compile(r"(?<!\w)\.NET\b")


def _parts(text: str) -> str:
    return " point ".join(numbers.number(part) for part in text.split("."))


def _named_before(match: re.Match[str]) -> str:
    """ "version" for a v, unless the word is there already."""
    return "version " if match["v"] and not before(match, 8).lower().endswith("version ") else ""


def _version(match: re.Match[str]) -> Reading:
    if _PHONE.fullmatch(match[0]):
        return None
    stage = f" {match['stage']} {numbers.digits(match['m'])}".rstrip() if match["stage"] else ""
    return f"{_named_before(match)}{_parts(match['n'])}{stage}"


def _short(match: re.Match[str]) -> Reading:
    if match["v"] == "V" and "." not in match["n"] and not match["x"]:
        return f"V {numbers.label(match['n'])}"  # an engine, a rocket
    return f"{_named_before(match)}{_parts(match['n'])}{' point X' if match['x'] else ''}"


def _named(match: re.Match[str]) -> Reading:
    start = match.start("n")
    gap = "" if match.string[start - 1] in " -/" else " "
    return [
        Edit(start, match.end(), f"{gap}{_parts(match['n'])}{' point X' if match['x'] else ''}")
    ]


def _language(match: re.Match[str]) -> Reading:
    return f"{match['a']} {'plus plus' if match['sign'] == '++' else 'sharp'}"


RULES = [
    Rule("version", _VERSION, _version, "."),
    Rule("version", _NAMED, _named, "."),
    Rule("version", _SHORT, _short, "vV"),
    Rule("language", _LANGUAGE, _language, "+#"),
    Rule("language", _NET, always("dot net"), "."),
]
