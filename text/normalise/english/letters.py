"""Capitals: abbreviations that are spelled, words that are shouted, initials."""

from __future__ import annotations

import re

from text.normalise.around import after, before
from text.normalise.english.context import ends_sentence, starts_sentence
from text.normalise.english.names import COMMON, MIXED_CASE, SAID_AS_WORDS, SPELLED
from text.normalise.rules import Reading, Rule, either
from text.normalise.word_lists import words
from text.spans import Edit

_VOWELS = frozenset("AEIOUY")
_NO_STARTS = frozenset(words("en/no_starts"))
_NO_CLUSTER = re.compile(
    r"[^AEIOUY]{4}|[^AEIOUY]{2}[BDFGJKLMNPQRVWXZ]$|[^AEIOUYLNRST][^AEIOUYLRSTH]$|Q(?!U)"
)
_GIVEN_NAMES = frozenset(name.lower() for name in words("en/given_names"))
_KINDS = frozenset(words("en/kinds"))
_SPELLED_IN_SHOUTING = frozenset(words("en/spelled_in_shouting"))
_LONGEST_SPELLED = 6  # letters; a longer run of capitals is a word

_DOTTED = re.compile(r"(?<![\w.])(?:[A-Z]\.){2,6}(?P<s>'?s\b)?(?![a-z])")
_SMALL_DOTTED = re.compile(r"(?<![\w.])(?:[a-z]\.){2,4}(?![\w])")
_INITIALS = re.compile(r"(?<![\w.'-])(?:[A-Z]\.[ -]?){1,4}(?=[A-Z][a-z'])")
_SHOUT = re.compile(
    r"(?<![\w&@#/])[A-Z][A-Z']{0,40}(?:[-\s,;:]{1,3}(?:[A-Z][A-Z']{0,40}|\d{1,4}|&))+(?![\w&])"
)
_WORD = re.compile(r"[A-Z][A-Z']*")
_FIGURE = re.compile(r"\s?\d")
_NEAR = 24  # characters on either side
_ANY_SMALL = re.compile(r"[a-z]")
_TWO_CAPITALS = re.compile(r"[A-Z]{2,}")
_CAPITALS = re.compile(
    r"(?<![\w&@#'-])(?P<word>[A-Z]{2,24})(?P<s>s(?![a-z])|'[sS]\b)?(?![\w&]|'[a-z])"
)
_JOINED = re.compile(
    r"(?<![\w&@#'])(?P<word>[A-Z]{2,5})(?P<s>s)?(?=[-/]\w)"
    r"|(?<=\w[-/])(?P<after>[A-Z]{2,5})(?P<s2>s)?(?![\w&'])"
)
_AMPERSAND = re.compile(r"(?<![\w&])(?P<a>[A-Z]{1,4})\s?&\s?(?P<b>[A-Z]{1,4})(?P<s>s)?(?![\w&])")
_MIXED = re.compile(rf"(?<![\w-])(?P<word>{either(list(MIXED_CASE))})(?P<s>'s)?(?![\w-])")
_NAMED = re.compile(r"\b(?:M(?:R|RS|S|r|rs|s)|DR|Dr|MISS|SIR|LADY|LORD)\.?\s$")
_IT = re.compile(
    r"\s(?:department|team|support|manager|staff|guy|industry|systems?|infrastructure|services?"
    r"|security|skills|professional|company|director|consultant|sector|job|budget)\b"
)
_WHO = re.compile(r"\s(?:said|says|has|had|declared|recommends|warned|warns|chief|report|official)")


def spell(word: str) -> str:
    """`FBI` is "F B I"."""
    return " ".join(word.upper())


def is_spelled(word: str) -> bool:
    """True when a run of capitals is said letter by letter."""
    if word in SAID_AS_WORDS or word.lower() in COMMON:
        return False
    if len(word) < 4 or word in SPELLED or not _VOWELS.intersection(word):
        return True
    return word[:2] in _NO_STARTS or _NO_CLUSTER.search(word) is not None


def spelled_if_short(word: str) -> str:
    """A piece of an address: `bbc` and `html` are spelled, `example` stays."""
    upper = word.upper()
    unsayable = len(word) < 5 and not _VOWELS.intersection(upper)
    pair = len(word) == 2 and word.lower() not in COMMON | {"io", "co", "re", "un"}
    return spell(word) if len(word) == 1 or unsayable or pair or upper in SPELLED else word


def _dotted(match: re.Match[str]) -> Reading:
    letters = re.sub(r"[^A-Z]", "", match[0])
    if match["s"]:
        return f"{spell(letters)}{match['s']}"
    if after(match, 1).isdecimal():  # S.W.1
        return f"{spell(letters)} "
    return spell(letters) + ("." if ends_sentence(match.string, match.end()) else "")


def _small_dotted(match: re.Match[str]) -> Reading:
    """`b.i.d.`: short forms that no table has."""
    return spell(match[0].replace(".", "")) + (
        "." if ends_sentence(match.string, match.end()) else ""
    )


def _initials(match: re.Match[str]) -> Reading:
    """The initials of a name, not the end of "Plan B. Then"."""
    found = re.search(r"(\w+)\W{0,2}$", before(match))
    previous = found[1] if found else ""
    if match[0].count(".") == 1:
        ends = previous in _KINDS or ends_sentence(match.string, match.start() + 2)
        if ends or (previous.islower() and match[0][0] in "AI"):
            return None
    return spell(re.sub(r"[^A-Z]", "", match[0])) + " "


def _shout(match: re.Match[str]) -> Reading:
    """Several words in capitals are said as words, except for what is spelled anyway."""
    long = [word for word in _WORD.findall(match[0]) if len(word) > 1]
    known = [word for word in long if word.replace("'", "").lower() in COMMON]
    if len(long) < 2 or not known or 2 * len(known) + sum(len(w) > 5 for w in long) < len(long):
        return None
    return [
        Edit(match.start() + found.start(), match.start() + found.end(), _lowered(match, found))
        for found in _WORD.finditer(match[0])
    ]


def _lowered(match: re.Match[str], found: re.Match[str]) -> str:
    """One word of a shouted run."""
    word = found[0]
    certain = word in SPELLED | _SPELLED_IN_SHOUTING or not _VOWELS.intersection(word)
    code = len(word) == 2 and _FIGURE.match(match.string, found.end()) is not None
    if word == "I" or ((certain or code) and is_spelled(word)):
        return spell(word)
    if word in SAID_AS_WORDS:
        return word
    if word.lower() in _GIVEN_NAMES:
        return word.capitalize()
    low = f"I{word[1:].lower()}" if word.startswith("I'") else word.lower()
    return low.capitalize() if found.start() == 0 and starts_sentence(match) else low


def _capitals(match: re.Match[str]) -> Reading:
    word, tail = match["word"], (match["s"] or "").lower()
    low = word.capitalize() if starts_sentence(match) else word.lower()
    if word.lower() in COMMON and not _is_abbreviation(match, word):
        return None if word == "OK" else low + tail
    if len(word) > _LONGEST_SPELLED and word not in SPELLED and _VOWELS.intersection(word):
        return (word.capitalize() if word in SAID_AS_WORDS else low) + tail
    if word in SAID_AS_WORDS or word.lower() in COMMON:
        return None if word in SAID_AS_WORDS else spell(word) + tail
    if word.lower() in _GIVEN_NAMES and word not in SPELLED:
        return word.capitalize() + tail
    if is_spelled(word):
        return spell(word) + tail
    if _NAMED.search(before(match, 12)) or (starts_sentence(match) and after(match, 1) == ":"):
        return word.capitalize() + tail  # a speaker of a play
    return low + tail if _is_shouted(match) else None


def _is_shouted(match: re.Match[str]) -> bool:
    """True where the words around are in capitals as well."""
    around = f"{before(match, _NEAR)} {after(match, _NEAR)}"
    return _ANY_SMALL.search(around) is None and len(_TWO_CAPITALS.findall(around)) > 1


def _is_abbreviation(match: re.Match[str], word: str) -> bool:
    """The few words that are abbreviations as well: the WHO, the IT team, the US."""
    left, right = before(match, 6), after(match)
    if word == "WHO":
        return left.endswith(("the ", "The ", "'s ")) or _WHO.match(right) is not None
    if word == "IT":
        return _IT.match(right) is not None
    if word in ("SAT", "ACT", "GRE", "ICE", "PIN"):
        return left.endswith(("the ", "The ", "an ", "his ", "her ", "my ")) and word != "PIN"
    return word in ("US", "AD") or (word == "AM" and not left.endswith("I "))


def _joined(match: re.Match[str]) -> Reading:
    word, tail = match["word"] or match["after"], match["s"] or match["s2"] or ""
    return f"{spell(word)}{tail}" if is_spelled(word) or word in ("US", "IT") else None


def _ampersand(match: re.Match[str]) -> Reading:
    return f"{spell(match['a'])} and {spell(match['b'])}{match['s'] or ''}"


def _mixed(match: re.Match[str]) -> Reading:
    return MIXED_CASE[match["word"]] + (match["s"] or "")


RULES = [
    Rule("initialism", _DOTTED, _dotted, "."),
    Rule("initialism", _SMALL_DOTTED, _small_dotted, "."),
    Rule("initials", _INITIALS, _initials, "."),
    Rule("mixed case", _MIXED, _mixed),
    Rule("ampersand", _AMPERSAND, _ampersand, "&"),
    Rule("shouting", _SHOUT, _shout, apart=True),
    Rule("acronym", _CAPITALS, _capitals),
    Rule("acronym", _JOINED, _joined, "-/"),
]
