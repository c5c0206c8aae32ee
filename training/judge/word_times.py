"""How far word times are off: against the library of espeak-ng, which tells when it says each word.

The same texts for every method: single sentences and pairs that the demo checkpoint was not trained
on, in one voice. An error is how far a word's start (or end) lies from the true one, in
milliseconds; a word ends where the next one or a pause begins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from typing import TypeAlias

import numpy as np

from errors import ConfigError
from training import Samples
from training.data import espeak, sentences, timing
from worker.subtitles.align import Aligner, aligner
from worker.subtitles.anchors import Span, sounds
from worker.subtitles.words import Word, estimate_words, said_words, split_words, spoken_letters

VOICE, PITCH, SPEED = "en-us", 45, 172
SINGLES, PAIRS = 30, 10
SEED = 408  # anchors.py was tuned on other seeds

Method: TypeAlias = Callable[[str, Samples], list[Span] | None]


@dataclass(frozen=True)
class Utterance:
    """A text as espeak-ng says it, with the true times of its words in seconds, nan if unknown."""

    text: str
    samples: Samples
    words: list[Span]


def run() -> str:
    """A table: one row for each method."""
    spoken = utterances(SEED)
    words = sum(len(one.words) for one in spoken)
    seconds = sum(len(one.samples) for one in spoken) / espeak.SAMPLE_RATE
    lines = [
        f"{len(spoken)} texts, {words} words, {seconds:.0f} s of {VOICE}",
        "| method | words | start: mean | 95 % | within 50 ms | within 100 ms | middle | end: mean "
        "| times real time |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(row(name, method, spoken) for name, method in methods().items())])


def methods() -> dict[str, Method]:
    """Every way to get word times that there is here."""
    found: dict[str, Method] = {
        "letters and usual pauses": even,
        "the same, last words longer": without_pauses,
        "estimated (letters, last words longer, pauses heard)": estimate,
    }
    try:
        found["aligned (pocketsphinx)"] = aligned(aligner("align"))
    except ConfigError as missing:
        found[f"aligned: {missing.message}"] = lambda text, samples: None
    return found


def aligned(chosen: Aligner | None) -> Method:
    """As the worker aligns."""

    def method(text: str, samples: Samples) -> list[Span] | None:
        words = [word.spoken for word in said_words(_whole(text, samples))]
        return chosen.align(samples, espeak.SAMPLE_RATE, words, "en") if chosen else None

    return method


def row(name: str, method: Method, spoken: Sequence[Utterance]) -> str:
    """One line of the table."""
    starts: list[float] = []
    ends: list[float] = []
    taken = seconds = 0.0
    for one in spoken:
        begun = time.perf_counter()
        found = method(one.text, one.samples)
        taken += time.perf_counter() - begun
        seconds += len(one.samples) / espeak.SAMPLE_RATE
        for said, true in zip(found or [], one.words if found else [], strict=True):
            starts.append(1000 * (said[0] - true[0]))
            ends.append(1000 * (said[1] - true[1]))
    if not starts:
        return f"| {name} | 0 | | | | | | | |"
    off, middle = np.abs(starts), np.nanmedian(starts)
    off = off[np.isfinite(off)]
    return (
        f"| {name} | {len(off)} | {off.mean():.0f} ms | {np.quantile(off, 0.95):.0f} ms "
        f"| {np.mean(off <= 50):.0%} | {np.mean(off <= 100):.0%} | {middle:+.0f} ms "
        f"| {np.nanmean(np.abs(ends)):.0f} ms | {seconds / taken:,.0f} |"
    )


def utterances(seed: int) -> list[Utterance]:
    """Sentences and pairs of them as espeak-ng says them, those whose words it tells apart."""
    texts = sentences.held_out(SINGLES + 2 * PAIRS, seed)
    pairs = [" ".join(texts[i : i + 2]) for i in range(SINGLES, len(texts), 2)]
    return [utterance(text) for text in texts[:SINGLES] + pairs]


def utterance(text: str) -> Utterance:
    """A text with its true times; nan where espeak-ng says two words as one, as "of the"."""
    events = timing.events(text, VOICE, PITCH, SPEED)
    starts = dict(reversed(events.words))  # of "twenty-one" the first part
    samples = espeak.speak(text, VOICE, PITCH, SPEED)
    places: list[int] = []
    for word in split_words(text):
        places.append(text.index(word, places[-1] + 1 if places else 0))
    begins = [starts.get(place, nan) for place in places]
    silences = [seconds for name, seconds in events.sounds if name.startswith("_")]
    limits = [*begins[1:], len(samples) / espeak.SAMPLE_RATE]
    ends = [
        min([limit, *(seconds for seconds in silences if begin < seconds < limit)])
        for begin, limit in zip(begins, limits, strict=True)
    ]
    return Utterance(text, samples, list(zip(begins, ends, strict=True)))


def estimate(text: str, samples: Samples) -> list[Span]:
    """As the worker estimates."""
    words = estimate_words([_whole(text, samples)], samples, espeak.SAMPLE_RATE)
    return [(word.start, word.end) for word in words]


def without_pauses(text: str, samples: Samples) -> list[Span]:
    """As the worker estimates where it does not look for pauses."""
    start, end = _heard(samples)
    return [(word.start, word.end) for word in estimate_words([Word(text, start, end)])]


def even(text: str, samples: Samples) -> list[Span]:
    """The simplest estimate: letters, and a pause of usual length at each full stop and comma."""
    start, end = _heard(samples)
    words = split_words(text)
    letters = [1.0 + spoken_letters(word) for word in words]
    pauses = [5.0 if word[-1] in ".?!" else 2.5 if word[-1] in ",;:" else 0.0 for word in words]
    scale = (end - start) / (sum(letters) + sum(pauses[:-1]))
    begins = start + scale * np.cumsum([0.0, *np.add(letters, pauses)[:-1]])
    return [(float(at), float(at) + scale * size) for at, size in zip(begins, letters, strict=True)]


def _heard(samples: Samples) -> Span:
    found = sounds(samples, espeak.SAMPLE_RATE, 0.0, len(samples) / espeak.SAMPLE_RATE)
    return found[0][0], found[-1][1]


def _whole(text: str, samples: Samples) -> Word:
    return Word(text, 0.0, len(samples) / espeak.SAMPLE_RATE)
