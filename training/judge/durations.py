"""How far planned lengths are off: both rules of `engine.duration` against espeak-ng's own lengths.

A reference says some sentences in a voice; how long the same voice takes for other texts is
foretold from it and compared with what it takes. espeak-ng (`apt-get install espeak-ng`) is a
machine with its own rhythm, no person: figures count beside each other only.

    python -m training durations
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TypeAlias

import numpy as np

from engine.duration import SPARE, by_bytes, by_letters
from standins.text_tables import rows
from text.front import TextOptions, prepare
from training.data import espeak, sentences

VOICES = ("en-us+m5", "en-us+john", "en-us+steph")  # the demo has not learned from them
PITCH, SPEED = 45, 172
REFERENCES = 4
SEED = 97
_FRAMES = 24_000 / 256  # a second
_ENOUGH = 0.8  # of the time that a text takes

_SHORT = (
    "Yes.", "No.", "Hi.", "Thank you.", "Good night.", "Please.", "Wait.", "Never.", "Of course.",
    "Come in.", "Sit down.", "Who is there?", "Not today.", "See you soon.", "I don't know.",
    "Why not?", "All right.", "Over here.", "Nobody came.", "It was dark.",
)  # fmt: skip
SENTENCES = FIGURES = 40


class Pair(NamedTuple):
    """A text as it is written, and as it is spoken."""

    written: str
    spoken: str


Rule: TypeAlias = Callable[[str, float, Pair], float]


def _bytes_of(text: str, ref_text: str, ref_s: float) -> float:
    return by_bytes(f"{ref_text} ", round(ref_s * _FRAMES), text, 1.0) / _FRAMES


def _letters_of(pair: Pair, ref_text: str, ref_s: float) -> float:
    return by_letters(ref_text, ref_s, 1.0)(pair.spoken)


RULES: Mapping[str, Rule] = {
    "f5-tts: bytes as written": lambda ref, ref_s, pair: _bytes_of(pair.written, ref, ref_s),
    "bytes as spoken": lambda ref, ref_s, pair: _bytes_of(pair.spoken, ref, ref_s),
    "letters as spoken": lambda ref, ref_s, pair: _letters_of(pair, ref, ref_s) / SPARE,
    "the same with the worker's spare time": lambda ref, ref_s, pair: _letters_of(pair, ref, ref_s),
}


def run() -> str:
    """A table: for each kind of text the mean error of each rule, and who gets far too little."""
    lines = [
        f"{REFERENCES} references in each of {', '.join(VOICES)}: mean error, and in brackets how "
        f"many texts get under {_ENOUGH:.0%} of their time",
        "| texts | " + " | ".join(RULES) + " |",
        "|---|" + "---|" * len(RULES),
    ]
    for name, pairs in texts().items():
        ratios = _ratios(pairs)
        cells = (f"{abs(r - 1).mean():.0%} ({(r < _ENOUGH).mean():.0%})" for r in ratios)
        lines.append(f"| {name} ({len(pairs)}) | {' | '.join(cells)} |")
    return "\n".join(lines)


def texts() -> dict[str, list[Pair]]:
    """What is to be said, by kind."""
    figures = [row.written for row in rows("sentences_en", "en")][:FIGURES]
    plain = sentences.held_out(SENTENCES, SEED + 1)
    return {
        "up to three words": [Pair(text, text) for text in _SHORT],
        "sentences in plain words": [Pair(text, text) for text in plain],
        "sentences with figures": [Pair(text, _spoken(text)) for text in figures],
    }


def _spoken(text: str) -> str:
    return prepare(text, TextOptions(language="en")).spoken


def _ratios(pairs: Sequence[Pair]) -> list[np.ndarray]:
    """For each rule, foretold over true lengths of every text with every reference."""
    found: list[list[float]] = [[] for _ in RULES]
    for voice in VOICES:
        true = [_seconds(pair.spoken, voice) for pair in pairs]
        for ref_text in _references():
            ref_s = _seconds(ref_text, voice)
            for ratios, rule in zip(found, RULES.values(), strict=True):
                ratios += [
                    rule(ref_text, ref_s, pair) / takes
                    for pair, takes in zip(pairs, true, strict=True)
                ]
    return [np.array(ratios) for ratios in found]


def _references() -> list[str]:
    """Two sentences each, about six seconds."""
    said = iter(sentences.held_out(2 * REFERENCES, SEED))
    return [" ".join(islice(said, 2)) for _ in range(REFERENCES)]


def _seconds(text: str, voice: str) -> float:
    return len(espeak.speak(text, voice, PITCH, SPEED)) / espeak.SAMPLE_RATE
