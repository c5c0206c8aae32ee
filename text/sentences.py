"""Where sentences end: what the splitter says, except after short forms and initials."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

# A full stop after these ends no sentence, whatever the splitter says.
_NO_END = re.compile(
    r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|No|Nr|ca|bzw|usw|M|MM|Sra|Dra|Fig|Vol|Mt|Lt|Col|Gen)\.$"
)
_WINDOW, _OVERLAP = 4000, 400  # characters given to the splitter; of these looked at again


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """The sentences of `text`, from end to end."""
    spans: list[tuple[int, int]] = []
    for end in _sentence_ends(text, language):
        start = spans[-1][1] if spans else 0
        if end > start and text[start:end].strip():
            spans.append((start, end))
    if spans and spans[-1][1] < len(text):
        spans[-1] = (spans[-1][0], len(text))
    return spans or [(0, len(text))]


@cache
def _splitter() -> Any:
    return importlib.import_module("sentencex")  # a compiled module without types


def _sentence_ends(text: str, language: str) -> Iterator[int]:
    """Ends of sentences, found in windows: the splitter's time grows faster than the text."""
    split = _splitter().get_sentence_boundaries
    code, start = language.partition("-")[0], 0
    while start < len(text):
        window = text[start : start + _WINDOW]
        last = start + len(window) >= len(text)
        known = len(window) if last else _WINDOW - _OVERLAP
        found = [int(each["end_index"]) for each in split(code, window)]
        found = [end for end in found if end <= known]
        for end in found:
            before = text[max(0, start + end - 8) : start + end].rstrip()
            if not _NO_END.search(before) or start + end >= len(text):
                yield start + end
        start += len(window) if last else (found[-1] if found else known)
    yield len(text)
