"""Capitals: abbreviations that are spelled, words that are shouted, initials."""

from __future__ import annotations

import re

from text.normalise.english.context import after, before, ends_sentence
from text.normalise.english.names import COMMON, MIXED_CASE, RULERS, SAID_AS_WORDS, SPELLED
from text.normalise.rules import Reading, Rule, either
from text.normalise.tables import words
from text.spans import Edit

_VOWELS = frozenset("AEIOUY")
_BAD_STARTS = frozenset(words("en/no_starts"))
_CLUSTER = re.compile(r"[^AEIOUY]{4}|[^AEIOUYLNRST][^AEIOUYLRSTH]$|Q(?!U)")
_KINDS = frozenset(words("en/kinds"))
_DOTTED = re.compile(r"(?<![\w.])(?:[A-Z]\.){2,6}(?P<s>'?s\b)?(?![a-z])")
_SPACED_INITIALS = re.compile(r"(?<![\w.'-])(?:[A-Z]\.[ -]?){1,4}(?=[A-Z][a-z'])")
_SHOUT = re.compile(
    r"(?<![\w&@#/])[A-Z][A-Z']*(?:[-\s,;:]{1,3}(?:[A-Z][A-Z']*|\d{1,4}|&))+(?![\w&])"
)
_WORD = re.compile(r"[A-Z][A-Z']*")
_CAPITALS = re.compile(
    r"(?<![\w&@#'-])(?P<word>[A-Z]{2,24})(?P<s>s(?![a-z])|'s\b|'S\b)?(?![\w&]|'[a-z])"
)
_JOINED = re.compile(
    r"(?<![\w&@#'])(?P<word>[A-Z]{2,5})(?P<s>s)?(?=[-/][\w])|(?<=[\w][-/])(?P<after>"
    r"[A-Z]{2,5})(?P<s2>s)?(?![\w&'])"
)
_AMPERSAND = re.compile(r"(?<![\w&])(?P<a>[A-Z]{1,4})\s?&\s?(?P<b>[A-Z]{1,4}s?)(?![\w&])")
_MIXED = re.compile(rf"(?<![\w-])(?P<word>{either(list(MIXED_CASE))})(?P<s>'s)?(?![\w-])")


def spell(word: str) -> str:
    """`FBI` is "F B I"."""
    return " ".join(word.upper())


def is_spelled(word: str) -> bool:
    """True when a run of capitals is said letter by letter."""
    if word in SAID_AS_WORDS or word.lower() in COMMON:
        return False
    if len(word) < 4 or word in SPELLED or not _VOWELS.intersection(word):
        return True
    return word[:2] in _BAD_STARTS or _CLUSTER.search(word) is not None


def spelled_if_short(word: str) -> str:
    """A piece of an address: `bbc` and `html` are spelled, `example` stays."""
    upper = word.upper()
    if len(word) == 1:
        return upper
    short = len(word) < 5 and not _VOWELS.intersection(upper)
    if (
        short
        or upper in SPELLED
        or upper == "WWW"
        or (
            len(word) == 2
            and word.lower() not in COMMON
            and word.lower() not in ("io", "co", "my", "re", "un")
        )
    ):
        return spell(word)
    return word


def _dotted(match: re.Match[str]) -> Reading:
    letters = match[0].replace(".", "").removesuffix("s").removesuffix("'")
    words = spell(letters)
    if match["s"]:
        return f"{words}{match['s']}"
    end = match.end()
    if letters.upper() in ("AM", "PM") and not ends_sentence(match.string, end):
        return words
    return words + ("." if ends_sentence(match.string, end) else "")


def _initials(match: re.Match[str]) -> Reading:
    """The initials of a name, not the end of "Plan B. Then"."""
    word = re.search(r"(\w+)\W{0,2}$", before(match))
    previous = word[1] if word else ""
    single = match[0].count(".") == 1
    if single and (
        previous in _KINDS
        or ends_sentence(match.string, match.start() + 2)
        or previous.islower()
        and match[0][0] in "AI"
    ):
        return None
    letters = re.sub(r"[^A-Z]", "", match[0])
    return spell(letters) + " "


def _starts_sentence(match: re.Match[str]) -> bool:
    return re.search(r"(?:^|[.!?:\n]\s*[\"'(]?)$", before(match, 4)) is not None


def _shout(match: re.Match[str]) -> Reading:
    """Several words in capitals are said as words, except for what is spelled anyway."""
    words = _WORD.findall(match[0])
    long = [word for word in words if len(word) > 1]
    known = [word for word in long if word.replace("'", "").lower() in COMMON]
    if len(long) < 2 or not known or 2 * len(known) + sum(len(w) > 5 for w in long) < len(long):
        return None
    first = _starts_sentence(match)
    edits: list[Edit] = []
    for found in _WORD.finditer(match[0]):
        word = found[0]
        start = match.start() + found.start()
        if word == "I" or (is_spelled(word) and _certain(word)):
            edits.append(Edit(start, start + len(word), spell(word)))
            continue
        low = word.lower() if not word.startswith("I'") else "I" + word[1:].lower()
        if word in SAID_AS_WORDS:
            low = word
        edits.append(
            Edit(
                start,
                start + len(word),
                low.capitalize() if first and not found.start() and low != word else low,
            )
        )
    return edits


def _certain(word: str) -> bool:
    """Spelled even among capitals: known so, or unpronounceable."""
    return word in _KNOWN or word in SPELLED or not _VOWELS.intersection(word)


_KNOWN = frozenset(
    "FBI CIA USA UK EU UN BBC CNN NBC CBS ABC IBM CEO CFO CTO COO VIP DNA RNA GPS USB PDF "
    "ATM DIY AI PC TV DVD"
    " UFO NHS IRS FAA FDA NFL NBA NHL MLB MIT UCL LA NYC DC HIV API URL ID SUV ETA FAQ".split()  # noqa: SIM905
)


def _capitals(match: re.Match[str]) -> Reading:
    word, tail = match["word"], match["s"] or ""
    if tail == "'S":
        tail = "'s"
    lower = word.lower()
    if lower in COMMON and not _meant_as_letters(match, word):
        if word == "OK":
            return None
        return f"{lower.capitalize() if _starts_sentence(match) else lower}{tail}"
    if len(word) > 6 and word not in SPELLED and _VOWELS.intersection(word):
        return f"{word.capitalize() if _starts_sentence(match) or word in SAID_AS_WORDS else lower}{tail}"
    if word in SAID_AS_WORDS or not (is_spelled(word) or lower in COMMON):
        return None
    return f"{spell(word)}{tail}"


_LETTERS = {
    "US": r"(?!\s(?:ALL|BOTH|TOO)\b)", "IT": r"(?=\s(?:department|team|support|manager|staff|guy|industry|systems?|"
    r"infrastructure|services?|security|skills|professional|company|director|consultant"
r"|sector|job|budget)\b)",
    "WHO": "", "AM": "", "AD": "", "OR": r"(?=\s\d)", "IN": r"(?=\s\d{5})", "ME": r"(?=\s\d{5})",
}  # fmt: skip


def _meant_as_letters(match: re.Match[str], word: str) -> bool:
    """The few words that are abbreviations as well: the WHO, the IT team, the US."""
    if word not in _LETTERS:
        return False
    left = before(match, 6)
    if word == "WHO":
        said = re.match(
            r"\s(?:said|says|has|had|declared|recommends|warned|warns|chief|report|official)",
            after(match),
        )
        return left.endswith(("the ", "The ", "'s ")) or said is not None
    if word == "AM":
        return not left.endswith("I ")
    if word == "US":
        return True
    following = after(match, 20)
    return bool(_LETTERS[word]) and re.match(_LETTERS[word], following) is not None or word == "AD"


def _joined(match: re.Match[str]) -> Reading:
    word = match["word"] or match["after"]
    tail = match["s"] or match["s2"] or ""
    if word.lower() in COMMON and word not in ("US", "IT"):
        return None
    return f"{spell(word)}{tail}" if is_spelled(word) or word in ("US", "IT") else None


def _ampersand(match: re.Match[str]) -> Reading:
    return f"{spell(match['a'])} and {spell(match['b'].rstrip('s'))}{'s' if match['b'].endswith('s') else ''}"


def _mixed(match: re.Match[str]) -> Reading:
    return MIXED_CASE[match["word"]] + (match["s"] or "")


RULES = [
    Rule("initialism", _DOTTED, _dotted, "."),
    Rule("initials", _SPACED_INITIALS, _initials, "."),
    Rule("mixed case", _MIXED, _mixed),
    Rule("ampersand", _AMPERSAND, _ampersand, "&"),
    Rule("shouting", _SHOUT, _shout),
    Rule("acronym", _CAPITALS, _capitals),
    Rule("acronym", _JOINED, _joined, "-/"),
]
