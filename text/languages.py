"""Which language a text is in: by its script, its commonest words, else by py3langid.

One to three words may be any language and get the default. A text full of the default language's
commonest words is settled by them, so that py3langid is loaded for foreign texts only.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from text.normalise.word_lists import words

NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "zh": "Chinese",
    "it": "Italian", "pt": "Portuguese", "nl": "Dutch", "ru": "Russian", "ja": "Japanese",
    "ko": "Korean", "pl": "Polish", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian",
    "ar": "Arabic", "he": "Hebrew", "el": "Greek", "hi": "Hindi", "th": "Thai", "vi": "Vietnamese",
    "cs": "Czech", "da": "Danish", "no": "Norwegian", "fi": "Finnish", "hu": "Hungarian",
    "ro": "Romanian", "id": "Indonesian", "sk": "Slovak", "sl": "Slovenian", "hr": "Croatian",
    "et": "Estonian", "lv": "Latvian", "lt": "Lithuanian", "is": "Icelandic", "ca": "Catalan",
    "bg": "Bulgarian", "sr": "Serbian", "mk": "Macedonian", "be": "Belarusian", "kk": "Kazakh",
    "fa": "Persian", "ur": "Urdu", "mr": "Marathi", "ne": "Nepali",
}  # fmt: skip

_SCRIPTS = {
    "ja": "[\u3041-\u30ff]", "ko": "[\uac00-\ud7a3]", "zh": "[\u4e00-\u9fff]",
    "ru": "[\u0400-\u04ff]", "el": "[\u0370-\u03ff]", "he": "[\u0590-\u05ff]",
    "ar": "[\u0600-\u06ff]", "hi": "[\u0900-\u097f]", "th": "[\u0e00-\u0e3e\u0e40-\u0e7f]",
}  # fmt: skip
_TOLD_BY_WORDS = ("en", "de", "fr", "es", "it", "pt", "nl")
# py3langid tells the rest. Bosnian and Serbian are left to Croatian, Malay to Indonesian: it cannot
# tell these apart.
_LATIN_SCRIPT = (
    *_TOLD_BY_WORDS,
    *("pl", "cs", "sk", "sl", "hr", "hu", "tr", "ro", "sv", "da", "no", "fi", "et", "lv", "lt"),
    *("vi", "id", "is", "ca"),
)
_SHARED_SCRIPTS = {
    "ru": ("uk", "be", "bg", "sr", "mk", "kk"), "ar": ("fa", "ur"), "hi": ("mr", "ne"),
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LONGEST = 4000  # characters looked at
# Of fewer words nothing can be told; of fewer than the second none of the languages that py3langid
# tells alone.
_FEWEST, _FEWEST_FOREIGN = 4, 5
_SURE, _SHARE = 2.0, 0.25  # a language's own words that settle it: their number, their share of all
_NAME_JOINERS = frozenset(
    ["and", "or", "und", "et", "y", "e", "van", "von", "der", "den", "de", "di", "da", "del", "la"]
)
_LATIN = re.compile(r"(?:us|um|ae|is|ii|ix|ex|or)$")  # endings that Latin names have
_LATIN_TOO = re.compile(r"(?:a|i|o|os|es|on|ns)$")  # and those that others have as well
# Below these probabilities the default is likelier, measured on the sentences of the tables: of one
# of `_TOLD_BY_WORDS` among these; of one of all; of `_TOLD_BY_WORDS` together among all.
_PROBABLE, _FOREIGN, _AT_ALL = 0.6, 0.75, 0.25


def detect(text: str, default: str = "en") -> str:
    """The code of the language `text` is most likely in; `default` where it cannot be told."""
    sample = text[:_LONGEST]
    letters = sum(character.isalpha() for character in sample) or 1
    written_words = _WORD.findall(sample)
    for code, pattern in _SCRIPTS.items():
        if len(re.findall(pattern, sample)) / letters > (0.1 if code == "ja" else 0.3):
            return _of_script(code, sample, len(written_words))
    found_words = {word.casefold().replace("’", "'") for word in written_words}
    if len(written_words) < _FEWEST:
        return default
    scores = {code: _score(code, found_words) for code in _TOLD_BY_WORDS}
    best = max(scores, key=lambda code: (scores[code], code == default))
    enough = max(_SURE, _SHARE * len(found_words))
    if scores[best] >= enough and scores[best] >= 2 * sorted(scores.values())[-2]:
        return best
    if scores[best] < _SURE and _are_names(written_words):
        return default
    likely = _identified(sample)
    if not likely:
        return best if scores[best] >= 2 and scores[best] > scores.get(default, 0.0) else default
    if len(written_words) >= _FEWEST_FOREIGN:
        foreign = _surest(likely, _LATIN_SCRIPT, _FOREIGN)
        if foreign:
            return foreign
    if _sum(likely, _TOLD_BY_WORDS) < _AT_ALL * _sum(likely, _LATIN_SCRIPT):
        return default
    return _surest(likely, _TOLD_BY_WORDS, _PROBABLE) or default


def _of_script(code: str, text: str, words: int) -> str:
    """Which of the languages that share the script of `code`; that one where it cannot be told."""
    sharing = _SHARED_SCRIPTS.get(code)
    likely = _identified(text) if sharing and words >= _FEWEST else {}
    return _surest(likely, (code, *(sharing or ())), _FOREIGN) or code


def _are_names(written: list[str]) -> bool:
    """True for a list of people, places or of Latin names: these tell no language."""
    own = [word for word in written if word.casefold() not in _NAME_JOINERS]
    loud = sum(map(str.isupper, own)) > len(own) / 2  # capitals throughout tell no names
    if len(own) > 2 and not loud and all(word[0].isupper() for word in own):
        return True
    latin = sum(_LATIN.search(word) is not None for word in own)
    similar = sum(_LATIN_TOO.search(word) is not None for word in own)
    return latin >= 0.35 * len(own) and latin + similar >= 0.75 * len(own)


def _score(code: str, words: set[str]) -> float:
    """How many different words are the language's own; those of several languages count less."""
    shared = words & _commonest()[code]
    return sum(1.0 / sum(word in other for other in _commonest().values()) for word in shared)


@cache
def _commonest() -> dict[str, frozenset[str]]:
    return {code: frozenset(words(f"{code}/commonest")) for code in _TOLD_BY_WORDS}


def _identified(text: str) -> Mapping[str, float]:
    """Each language's probability, of all that py3langid knows; none if it is not installed."""
    rank = _ranking()
    return dict(rank(text.lower())) if rank else {}


def _surest(likely: Mapping[str, float], among: tuple[str, ...], least: float) -> str | None:
    """The likeliest of some languages, if it is so by more than `least` of them together."""
    code = max(among, key=lambda each: likely.get(each, 0.0))
    return code if likely.get(code, 0.0) > least * _sum(likely, among) else None


def _sum(likely: Mapping[str, float], among: tuple[str, ...]) -> float:
    return sum(likely.get(code, 0.0) for code in among)


@cache
def _ranking() -> Callable[[str], list[tuple[str, float]]] | None:
    try:
        langid: Any = importlib.import_module("py3langid.langid")
    except ImportError:
        return None
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    rank: Callable[[str], list[tuple[str, float]]] = identifier.rank
    return rank


def base(code: str) -> str:
    """`en` of `en-GB`."""
    return code.replace("_", "-").partition("-")[0].lower()


def canonical(code: str) -> str:
    """`en-GB` of `en_gb`."""
    language, _, region = code.strip().replace("_", "-").partition("-")
    region = region.partition("-")[0]
    return f"{language.lower()}-{region.upper()}" if region else language.lower()
