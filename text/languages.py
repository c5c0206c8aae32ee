"""Which language a text is in: by its script, its commonest words, its letters, else by py3langid.

One to three words may be any language and get the default. A text full of the default language's
commonest words is settled by them, so that py3langid is loaded for foreign texts only.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from text.normalise.word_lists import words

NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "zh": "Chinese",
    "it": "Italian", "pt": "Portuguese", "nl": "Dutch", "ru": "Russian", "ja": "Japanese",
    "ko": "Korean", "pl": "Polish", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian",
    "ar": "Arabic", "he": "Hebrew", "el": "Greek", "hi": "Hindi", "th": "Thai", "vi": "Vietnamese",
    "cs": "Czech", "da": "Danish", "no": "Norwegian", "fi": "Finnish", "hu": "Hungarian",
    "ro": "Romanian", "id": "Indonesian",
}  # fmt: skip

_SCRIPTS = {
    "ja": "[\u3041-\u30ff]", "ko": "[\uac00-\ud7a3]", "zh": "[\u4e00-\u9fff]",
    "ru": "[\u0400-\u04ff]", "el": "[\u0370-\u03ff]", "he": "[\u0590-\u05ff]",
    "ar": "[\u0600-\u06ff]", "hi": "[\u0900-\u097f]", "th": "[\u0e00-\u0e3e\u0e40-\u0e7f]",
}  # fmt: skip
# Letters that no language of `_TOLD_BY_WORDS` has.
_LETTERS = {
    "pl": "ąćęłńśźż", "cs": "čďěňřšťůž", "hu": "őű", "tr": "ğışİ", "ro": "ășțţ", "sv": "å",
    "da": "øæ", "vi": "ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
}  # fmt: skip
_FEWEST_WITH_LETTERS, _SHARE_WITH_LETTERS = 2, 0.1  # words: one may be a name
_TOLD_BY_WORDS = ("en", "de", "fr", "es", "it", "pt", "nl")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LONGEST = 4000  # characters looked at
_FEWEST = 4  # words, below which nothing can be told
_SURE = 2.0  # words of its own that settle a language
_NAME_JOINERS = frozenset(
    ["and", "or", "und", "et", "y", "e", "van", "von", "der", "den", "de", "di", "da", "del", "la"]
)
_LATIN = re.compile(r"(?:us|um|ae|is|ii|ix|ex|or)$")  # endings that Latin names have
_LATIN_TOO = re.compile(r"(?:a|i|o|os|es|on|ns)$")  # and those that others have as well
_PROBABLE = 0.6  # below it the default is likelier: measured on the sentences of the tables


def detect(text: str, default: str = "en") -> str:
    """The code of the language `text` is most likely in; `default` where it cannot be told."""
    sample = text[:_LONGEST]
    letters = sum(character.isalpha() for character in sample) or 1
    for code, pattern in _SCRIPTS.items():
        if len(re.findall(pattern, sample)) / letters > (0.1 if code == "ja" else 0.3):
            return code
    written_words = _WORD.findall(sample)
    found_words = [word.casefold().replace("’", "'") for word in written_words]
    if len(found_words) < _FEWEST:
        return default
    scores = {code: _score(code, set(found_words)) for code in _TOLD_BY_WORDS}
    best = max(scores, key=lambda code: (scores[code], code == default))
    if scores[best] >= _SURE and scores[best] >= 2 * sorted(scores.values())[-2]:
        return best
    if scores[best] < _SURE and _are_names(written_words):
        return default
    if scores[best] < _SURE and (foreign := _by_letters(found_words)):
        return foreign
    identify = _identifier()
    if identify is None:
        return best if scores[best] >= 2 and scores[best] > scores.get(default, 0.0) else default
    found, probability = identify(sample.lower())
    return found if probability > _PROBABLE else default


def _by_letters(words: list[str]) -> str | None:
    """The language whose letters most of the words with foreign letters have; None for few."""
    counts = {
        code: sum(any(letter in word for letter in letters) for word in words)
        for code, letters in _LETTERS.items()
    }
    code = max(counts, key=lambda each: counts[each])
    enough = max(_FEWEST_WITH_LETTERS, _SHARE_WITH_LETTERS * len(words))
    return code if counts[code] >= enough else None


def _are_names(written: list[str]) -> bool:
    """True for a list of people, places or of Latin names: these tell no language."""
    own = [word for word in written if word.casefold() not in _NAME_JOINERS]
    if len(own) > 2 and all(word[0].isupper() for word in own):
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


@cache
def _identifier() -> Callable[[str], tuple[str, float]] | None:
    """py3langid among the languages told by words, or None if it is not installed."""
    try:
        langid: Any = importlib.import_module("py3langid.langid")
    except ImportError:
        return None
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(_TOLD_BY_WORDS))
    classify: Callable[[str], tuple[str, float]] = identifier.classify
    return classify


def base(code: str) -> str:
    """`en` of `en-GB`."""
    return code.replace("_", "-").partition("-")[0].lower()


def canonical(code: str) -> str:
    """`en-GB` of `en_gb`."""
    language, _, region = code.strip().replace("_", "-").partition("-")
    region = region.partition("-")[0]
    return f"{language.lower()}-{region.upper()}" if region else language.lower()
