"""The normalisers of others, each behind one function from text to text.

They are imported when first used, get pieces of a few hundred characters (their time grows faster
than the text), and may fail: then the piece stays as it is written.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from errors import ConfigError

Library: TypeAlias = Callable[[str], str]

LONGEST_PIECE = 400
_PACKAGES = {
    "de": "damga",
    "fr": "damga",
    "es": "damga",
    "it": "damga",
    "ru": "damga",
    "zh": "wetext",
    "ja": "wetext",
}
_WORD = re.compile(r"\S{1,400}")
_FULL_STOP = re.compile(r"[a-zäöüßéèñ]{4}\.[\"')»”]?$")
_CONTEXT = 3  # words on either side that may decide how a figure is read
_NEEDS = re.compile(r"[\d%‰€$£¥₽°§&@+=²³½¼¾/№#−]")


def package(language: str) -> str | None:
    """The package that reads `language`, or None when no library is needed or known."""
    return _PACKAGES.get(language)


def is_installed(language: str) -> bool:
    """True when nothing is missing to read `language`."""
    name = package(language)
    return name is None or importlib.util.find_spec(name) is not None


@cache
def library(language: str) -> Library:
    """The normaliser of `language`, loaded once.

    Raises:
        ConfigError: its package is not installed.
    """
    name = _PACKAGES[language]
    try:
        module: Any = importlib.import_module(name)
    except ImportError as exc:
        raise ConfigError(
            f"Figures in language {language} are read by the package {name}, which is missing.",
            "Run pip install -r requirements/text.txt.",
        ) from exc
    try:
        if name == "damga":
            normalizer = module.TextNormalizer(lang=language)
        else:
            normalizer = module.Normalizer(lang=language, operator="tn")
    except Exception as exc:  # whatever its makers raise
        raise ConfigError(
            f"Figures in language {language} are read by {name}, which does not start: {exc}.",
            "Install it anew with pip install --force-reinstall -r requirements/text.txt.",
        ) from exc
    read: Library = normalizer.normalize
    return read


def pieces(text: str) -> list[tuple[int, int]]:
    """Where in `text` there is something for a library to read, with a few words around it.

    A library's time grows with what it is given, and plain words are none of its business.
    """
    words = [(match.start(), match.end()) for match in _WORD.finditer(text)]
    found: list[tuple[int, int]] = []
    for number, (start, end) in enumerate(words):
        if not _NEEDS.search(text, start, end):
            continue
        low = _reach(text, words, number, -1)
        high = _reach(text, words, number, +1)
        start, end = words[low][0], words[high][1]
        if found and start <= found[-1][1] and end - found[-1][0] <= LONGEST_PIECE:
            found[-1] = (found[-1][0], end)
        else:
            found.append((max(start, found[-1][1]) if found else start, end))
    return [(start, end) for start, end in found if start < end]


def _reach(text: str, words: list[tuple[int, int]], number: int, step: int) -> int:
    """The furthest word, up to `_CONTEXT` away, that is in the same sentence."""
    for _ in range(_CONTEXT):
        following = number + step
        if not 0 <= following < len(words):
            break
        first = words[min(number, following)]
        if text[first[1] - 1] in "!?;。！？" or _FULL_STOP.search(text, first[0], first[1]):
            break
        number = following
    return number
