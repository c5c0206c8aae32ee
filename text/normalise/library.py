"""The normalisers of others, each behind one function from text to text.

They are imported when first used, get pieces of a few hundred characters (their time grows faster
than the text), and may fail: then the piece stays as it is written.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeAlias

from errors import ConfigError

Library: TypeAlias = Callable[[str], str]

LONGEST_PIECE = 400
_PACKAGES = {"de": "damga", "fr": "damga", "es": "damga", "it": "damga", "ru": "damga", "zh": "wetext", "ja": "wetext"}
_CUT = re.compile(r"(?<=[.!?…。！？;:])[\"')\]»]{0,2}\s+|(?<=[。！？；])|\n")
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
            "Install requirements/text.txt.",
        ) from exc
    if name == "damga":
        normalizer = module.TextNormalizer(lang=language)
    else:
        normalizer = module.Normalizer(lang=language, operator="tn")
    read: Library = normalizer.normalize
    return read


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where `text` may be cut for a library: at sentence ends, else at blanks, else anywhere."""
    start = 0
    while start < len(text):
        limit = start + LONGEST_PIECE
        if limit >= len(text):
            yield start, len(text)
            return
        ends = [match.end() for match in _CUT.finditer(text, start, limit)]
        end = ends[-1] if ends else text.rfind(" ", start + 1, limit) + 1
        end = end if end > start else limit
        yield start, end
        start = end


def has_something_to_read(text: str) -> bool:
    """False for a text of plain words, which a library must not touch."""
    return _NEEDS.search(text) is not None
