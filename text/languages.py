"""Which language a text is in: by its script, its commonest words, else by py3langid.

One to three words may be any language and get the default. A text full of the default language's
commonest words is settled by them, so that py3langid is loaded for foreign texts only.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache
from typing import Any

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
    "ar": "[\u0600-\u06ff]", "hi": "[\u0900-\u097f]", "th": "[\u0e00-\u0e7f]",
}  # fmt: skip
_WORDS = {
    "en": "the and of to in is was that it for with as on you he she his her they this are be at "
    "by not have from "
    "or had but we were which there their been has would what will can if when who an my "
    "your all no so do "
    "said into them then some could out up about its only our me over than how any these "
    "did just after i "
    "it's don't i'm where here now get how please visit call read open see",
    "de": "der die das und ist nicht ein eine zu mit sich des auf für im dem den von auch es sie "
    "er ich wir ihr "
    "als an werden aus hat dass nach bei um am sind noch wie einem über einen so zum war "
    "haben nur oder aber "
    "vor zur bis mehr durch man sein wurde wenn kann schon doch sehr ihre seine wird vom "
    "uns mich dich mir "
    "dir kein keine lesen kostet wohnt beim unter",
    "fr": "le la les de des du et est un une dans que qui pour pas sur au aux par plus avec ce "
    "il elle ne se je "
    "nous vous ils elles sont mais ou où cette ces son sa ses leur leurs était être avoir "
    "fait comme tout "
    "très bien aussi on en y ont a à mon ma mes votre notre si sans même quand c'est n'est "
    "d'une qu'il lisez",
    "es": "el la los las de del y que en un una es no se por con para su al lo como más pero sus "
    "le ya o este sí "
    "porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo "
    "nos durante todos uno "
    "les ni contra otros ese eso ante ellos e esto mí antes algunos qué unos yo otro otras "
    "fue era está son "
    "tiene muy vive viven lea sale cuesta a las",
    "it": "il lo la gli le di che e è un una per non con sono del della dei delle nel nella si "
    "da al alla ma come "
    "anche più questo questa ho ha hanno era essere suo sua loro io lui lei noi voi se "
    "molto quando dove",
    "pt": "o a os as de do da dos das e que em um uma é não se por com para seu sua ao no na nos "
    "nas mais mas como "
    "foi ele ela eles são está muito também já você eu nós isso este esta quando onde tem "
    "havia ou à",
    "nl": "de het een en van ik te dat die in is niet zijn op aan met als voor er maar om hem "
    "dan zou of wat mijn "
    "dit zo door over ze bij ook tot je mij uit der daar haar naar heb hoe heeft hebben "
    "deze worden wordt",
}
_SETS = {code: frozenset(words.split()) for code, words in _WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LONGEST = 4000  # characters looked at
_FEWEST = 4  # words, below which nothing can be told
_SURE = 2.0  # words of its own that settle a language
_PROBABLE = 0.6  # below it the default is likelier: measured on the sentences of the tables


def detect(text: str, default: str = "en") -> str:
    """The code of the language `text` is most likely in; `default` where it cannot be told."""
    sample = text[:_LONGEST]
    letters = sum(character.isalpha() for character in sample) or 1
    for code, pattern in _SCRIPTS.items():
        if len(re.findall(pattern, sample)) / letters > (0.1 if code == "ja" else 0.3):
            return code
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(sample)]
    if len(words) < _FEWEST:
        return default
    scores = {code: _score(code, set(words)) for code in _SETS}
    best = max(scores, key=lambda code: (scores[code], code == default))
    if scores[best] >= _SURE and scores[best] >= 2 * sorted(scores.values())[-2]:
        return best
    identify = _identifier()
    if identify is None:
        return best if scores[best] >= 2 and scores[best] > scores.get(default, 0.0) else default
    found, probability = identify(sample.lower())
    return found if probability > _PROBABLE else default


def _score(code: str, words: set[str]) -> float:
    """How many different words are the language's own; those of several languages count less."""
    shared = words & _SETS[code]
    return sum(1.0 / sum(word in other for other in _SETS.values()) for word in shared)


@cache
def _identifier() -> Callable[[str], tuple[str, float]] | None:
    """py3langid among the languages in `_WORDS`, or None if it is not installed."""
    try:
        langid: Any = importlib.import_module("py3langid.langid")
    except ImportError:
        return None
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(_WORDS))
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
