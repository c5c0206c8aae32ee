"""How long a text takes to say, at the pace of a reference voice.

Two rules. `by_bytes` is f5-tts's: as many frames for each UTF-8 byte. `by_letters` is for spoken
text, in which nothing is left to be read: letters, words and the pauses between them. What is off
in both, against a speech synthesiser, is measured by `python -m training durations`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

Seconds: TypeAlias = Callable[[str], float]

_SHORT_TEXT_BYTES = 10  # f5-tts speaks shorter texts at speed 0.3, or they come out cut
_SHORT_TEXT_SPEED = 0.3

# Of one letter's time. Fitted on half of those texts, the error is that of the other half.
_WIDE_LETTER = 3.0  # a Chinese or Japanese character is a syllable
_WORD = 1.0
_INITIAL = 1.5  # a single capital is said by its name
_PAUSE = 5.0
_TEXT = 2.0  # beginning and end

SPARE = 1.1  # of the time it takes: with too little, words are lost; with too much, nothing is

WIDE = re.compile("[\u2e80-\u2fff\u3005-\u3007\u3021-\u9fff\uf900-\ufaff]")
_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_PAUSES = re.compile(
    r"[.,!?;:…—–]+['\"»”’)\]]*(?=\s)|[，。！？；：、]+"
)  # not that of the last word


def by_bytes(ref_text: str, ref_frames: int, text: str, speed: float) -> int:
    """Frames of `text` as f5-tts plans them (`infer_process`).

    Args:
        ref_text: what the reference says, with the blank that f5-tts puts behind it.
    """
    if len(text.encode()) < _SHORT_TEXT_BYTES:
        speed = _SHORT_TEXT_SPEED
    return int(ref_frames / len(ref_text.encode()) * len(text.encode()) / speed)


def by_letters(ref_text: str, ref_seconds: float, speed: float) -> Seconds:
    """Seconds of any text at the pace of a reference of `ref_seconds` that says `ref_text`, with
    `SPARE`.

    Of two texts joined they are at most the sum of both, where the first keeps its last blank.
    """
    pace = SPARE * ref_seconds / max(letters(ref_text.strip()), 1.0) / speed
    return lambda text: pace * letters(text)


def letters(text: str) -> float:
    """The time a spoken text takes, in letters."""
    total = _TEXT + _PAUSE * len(_PAUSES.findall(text))
    for word in _WORDS.findall(text):
        wide = len(WIDE.findall(word))
        total += _WIDE_LETTER * wide + (len(word) - wide)
        if wide < len(word):
            total += _WORD
        if len(word) == 1 and word.isupper():
            total += _INITIAL
    return total
