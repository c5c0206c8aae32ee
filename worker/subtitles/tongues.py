"""Warnings of subtitles in two languages at once: a recording has only one of them.

The two stand in the lines of each cue, or in cues of the same time. They are told by their letters
or, where both have Latin ones, by words that one language has and others have not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from worker.subtitles.notes import Cue, Notes

_SCRIPTS = tuple(
    re.compile(f"[{letters}]")
    for letters in (
        "A-Za-z\u00c0-\u024f",
        "\u0370-\u03ff",
        "\u0400-\u04ff",
        "\u0590-\u05ff",
        "\u0600-\u06ff",
        "\u0900-\u0dff",
        "\u0e00-\u0e7f",
        "\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3",
    )
)
_TELLING = {
    "English": "the and is are was were you your with this that not have it my of hello",
    "German": "der das und ist nicht ich du sie wir mit ein eine mein dein auf es hallo",
    "French": "le les et est pas je tu vous nous avec une mon ton des que bonjour il elle",
    "Spanish": "el los y es usted yo con una mi tu que por para hola muy como está",
    "Italian": "il gli è non io con una mio che per ciao sono questo della molto",
    "Portuguese": "o os é não eu você com uma meu que para olá muito isso da do",
    "Polish": "i jest nie się ty z to że na jak cześć mój ja co tak",
    "Dutch": "de het een en is niet ik jij je met mijn dat op hallo van",
}
_WORDS = {name: frozenset(words.split()) for name, words in _TELLING.items()}
_WORD = re.compile(r"[^\W\d_]+")
_LEAST = 2  # telling words on each side, more than any other language has there


def note_two(cues: Sequence[Cue], notes: Notes) -> None:
    """Notes cues, in time order, that seem to say all in two languages."""
    found = [cue for cue in cues if "\n" in cue.text and _differ(*cue.text.split("\n", 1))]
    for cue in found:
        notes.add("has lines that seem to be two languages; both count as said", cue.line)
    for before, cue in pairwise(cues):
        if cue.start == before.start and (cue.end == before.end or before.end == before.start):
            what = "begins and ends with the one before it; both count as said"
            notes.add(what, cue.line)


def _differ(first: str, second: str) -> bool:
    scripts = [_script(part) for part in (first, second)]
    if None in scripts:
        return False
    if scripts[0] != scripts[1]:
        return True
    tongues = [_tongue(part) for part in (first, second)]
    return "" not in tongues and tongues[0] != tongues[1]


def _script(text: str) -> int | None:
    """Which letters `text` has most of; None for fewer than two."""
    counts = [len(script.findall(text)) for script in _SCRIPTS]
    most = max(counts)
    return counts.index(most) if most > 1 else None


def _tongue(text: str) -> str:
    """The language whose words `text` has, "" where it may be several."""
    words = set(_WORD.findall(text.lower()))
    ranked = sorted(((len(words & own), name) for name, own in _WORDS.items()), reverse=True)
    return ranked[0][1] if ranked[0][0] >= _LEAST and ranked[0][0] > ranked[1][0] else ""
