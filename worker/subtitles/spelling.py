"""How an English word that is in no dictionary may sound: rough, but good enough to be aligned.

Sounds are those of the CMU pronouncing dictionary.
"""

from __future__ import annotations

import re
import unicodedata

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*")
# The longest spelling that fits is taken; "" is silent.
_SOUNDS: dict[str, str] = {
    "a": "AE", "ai": "EY", "au": "AO", "aw": "AO", "ay": "EY", "ar": "AA R", "air": "EH R",
    "all": "AO L", "ation": "EY SH AH N", "b": "B", "bb": "B", "c": "K", "cc": "K", "ce": "S",
    "ch": "CH", "ci": "S IH", "cial": "SH AH L", "ck": "K", "cy": "S IY", "d": "D", "dd": "D",
    "dge": "JH", "e": "EH", "ea": "IY", "ear": "IH R", "ee": "IY", "ei": "EY", "er": "ER",
    "eu": "Y UW", "ew": "UW", "ey": "IY", "f": "F", "ff": "F", "g": "G", "ge": "JH", "gg": "G",
    "gh": "", "h": "HH", "i": "IH", "ie": "IY", "igh": "AY", "ing": "IH NG", "ir": "ER",
    "j": "JH", "k": "K", "kk": "K", "kn": "N", "l": "L", "le": "AH L", "ll": "L", "m": "M",
    "mm": "M", "n": "N", "ng": "NG", "nn": "N", "o": "AA", "oa": "OW", "oi": "OY", "oo": "UW",
    "or": "AO R", "ou": "AW", "ough": "AO", "ow": "OW", "oy": "OY", "p": "P", "ph": "F", "pp": "P",
    "q": "K", "qu": "K W", "r": "R", "rr": "R", "s": "S", "sch": "SH", "sh": "SH", 
    "sion": "ZH AH N",
    "ss": "S", "t": "T", "tch": "CH", "th": "TH", "tion": "SH AH N", "tt": "T", "u": "AH",
    "ur": "ER", "v": "V", "w": "W", "wh": "W", "wr": "R", "x": "K S", "y": "IY", "z": "Z",
    "zz": "Z",
}  # fmt: skip
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}  # before a consonant and a mute e
_MUTE_E = re.compile(r"([a-z]*)([aeiou])([bcdfgklmnpstvz])e")
_ENDINGS = {"s": "Z", "ll": "AH L", "re": "ER", "ve": "V", "d": "D", "t": "T", "m": "M"}
_LONGEST = max(map(len, _SOUNDS))


def tokens(word: str) -> list[str] | None:
    """What a dictionary may hold of a spoken word: lower-case letters, parts of compounds.

    Returns: empty for what is not spoken, as a dash; None where there is a digit or a letter of
        another alphabet in it: nobody can say how it is read.
    """
    plain = unicodedata.normalize("NFKD", word.lower().replace("\u2019", "'"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    if any(char.isalnum() and not "a" <= char <= "z" for char in plain):
        return None
    return _TOKEN.findall(plain)


def sounds_of(token: str) -> str:
    """Sounds of one token, with blanks between them; at least one."""
    stem, _, ending = token.partition("'")
    if match := _MUTE_E.fullmatch(stem):
        before, vowel, consonant = match.groups()
        found = [*_spelled(before), _LONG[vowel], *_spelled(consonant)]
    else:
        found = _spelled(stem)
    if ending:
        found += [_ENDINGS[ending]] if ending in _ENDINGS else _spelled(ending.replace("'", ""))
    return " ".join(filter(None, found)) or "AH"


def _spelled(letters: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(letters):
        sizes = range(min(_LONGEST, len(letters) - at), 0, -1)
        size = next(size for size in sizes if letters[at : at + size] in _SOUNDS)
        found.append(_SOUNDS[letters[at : at + size]])
        at += size
    return found
