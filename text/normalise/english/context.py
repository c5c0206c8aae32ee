"""What stands around a short form: does its full stop end the sentence?"""

from __future__ import annotations

import re

from text.normalise.around import after, before
from text.normalise.word_lists import words

_STARTERS = words("en/sentence_starts")
# "It took 5 min. NASA was late", and not "8 oz. NY strip".
_CAPITALS_START = (
    r"\s+[\"'(]?(?:[A-Z]{2,8}(?:'s)?\s(?:is|was|are|were|has|had|have|will|would|can|could|says|said|does|did"
    r"|do|needs?|wants?|plans?|must|may|might|should|rose|fell|and|or)\b|OK\b)"
)
_END = re.compile(
    r"""["')\]]{0,2}(?:\s*$|\s*\n|\s+["'(\[]{0,2}(?:"""
    + "|".join(_STARTERS)
    + r")(?!\w|')|"
    + _CAPITALS_START
    + ")"
)


_CAPITAL = re.compile(r"""\s+["'(]?[A-Z][a-z]""")


def ends_sentence(text: str, position: int) -> bool:
    """True when the full stop of a short form before `position` also ends the sentence."""
    return _END.match(text, position) is not None


def stop(match: re.Match[str], *, in_names: bool = False) -> str:
    """The full stop to keep after a short form that ended in one.

    Short forms that stand in names (`in_names`: Inc., U.S.) are often followed by a capital
    within a sentence; a unit or a weekday before a capital ends one.
    """
    if not match[0].endswith("."):
        return ""
    text, end = match.string, match.end()
    ends = ends_sentence(text, end) or (not in_names and _CAPITAL.match(text, end) is not None)
    return "." if ends else ""


_SENTENCE_START = re.compile(r"(?:^|[.!?:\n]\s*[\"'(]?)$")


def starts_sentence(match: re.Match[str]) -> bool:
    """True when a sentence begins with the match."""
    return _SENTENCE_START.search(before(match, 4)) is not None


_ARTICLE = re.compile(r"\b[Aa]n?\s$")
_OWN = re.compile(r"\b(?:[Tt]he|[Tt]his|[Tt]hat|[Mm]y|[Oo]ur|[Hh]is|[Hh]er|[Yy]our)\s$")
_HAPPENED = re.compile(r"\s\w+ed\b")  # "the $500 raised"
_NOUN = re.compile(
    rf"\s(?:[\dA-Z]{{1,5}}\s)?(?:(?:TV|LCD|LED|OLED)\b|(?!(?:{'|'.join(words('en/no_nouns'))})\b)[a-z]{{3}})"
)


def describes(match: re.Match[str]) -> bool:
    """True in "a 5 km run", where it is one kilometer, since it describes the run."""
    if not _NOUN.match(after(match, 16)):
        return False
    left = before(match, 7)
    return bool(
        _ARTICLE.search(left) or (_OWN.search(left) and not _HAPPENED.match(after(match, 20)))
    )
