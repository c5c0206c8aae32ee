"""The best clip of a long recording: the stretch to clone from, by its sound and its words' times.

Chosen by signal alone and the same every time: of all stretches of 5 to 10 s between two pauses, or
where the words' times are known between two sentences, that with the least to improve. f5-tts takes
the first 12 s instead (`worker/audio/clip.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from worker.audio.recording import Recording
from worker.audio.stretches import (
    MAX_S,
    MIN_S,
    Judged,
    judge,
    length_cost,
    pauses,
    spans,
    unlike,
)
from worker.audio.traits import Traits, frame_of, measure
from worker.subtitles.notes import Cue, one_line
from worker.subtitles.words import spoken_letters
from worker.voices.advice import advice

_ENDS = (".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f", "\u0964", "\u061f")
_CLOSING = "\"')]}\u00bb\u201d\u2019\u300d\u300f "
_LETTERS_PER_S = 6.0, 20.0  # more or fewer: these words are not those of this sound
_REACH_S = 0.2  # sound of a cue that its times may leave out
_NEAR_S = 0.1  # before an end: what sounds there
_PAUSE_S, _PAUSE_WITHIN_S = 0.2, 2.0  # a pause that times may have missed, and how far from it
_QUIETER_DB = 10.0  # than speech: a pause, or noise in it


@dataclass(frozen=True)
class Choice:
    """The stretch from `start` to `end` of a recording, seconds.

    `words`: what is said in it, empty where no times were known; `reason`: why it was taken;
    `doubts`: what is wrong with it nevertheless, sentences; `in_sound`: it begins or ends where
    somebody speaks.
    """

    start: float
    end: float
    words: str
    reason: str
    doubts: tuple[str, ...]
    in_sound: bool = False


@dataclass(frozen=True)
class _Candidate:
    start: float
    end: float
    cost: float  # of where it is cut and of what is known of its words
    whole: bool  # sentences
    words: str = ""


def traits_of(recording: Recording) -> Traits:
    """A recording's traits; it is decoded again where it is long."""
    return measure(recording.mono(), recording.sample_rate, recording.peak)


def best_clip(traits: Traits, cues: Sequence[Cue] = ()) -> Choice | None:
    """The stretch to clone from; None if there is none of 5 to 10 s between pauses or sentences.

    Args:
        cues: its words in order of time; where there are any, their ends are where it is cut.
    """
    candidates = list(_of_cues(traits, cues) if cues else _of_pauses(traits))
    if not candidates:
        return None
    judged = [judge(traits.between(one.start, one.end)) for one in candidates]
    costs = [
        found.cost + one.cost + length_cost(one.end - one.start)
        for one, found in zip(candidates, judged, strict=True)
    ]
    best = min(range(len(candidates)), key=lambda i: (round(costs[i], 3), candidates[i].start))
    chosen, found = candidates[best], judged[best]
    return Choice(
        chosen.start,
        chosen.end,
        chosen.words,
        _reason(chosen, found),
        tuple(each.what for each in advice(found)),
        any(_speaks(traits, at, found.speech_db) for at in (chosen.start, chosen.end)),
    )


def _speaks(traits: Traits, at: float, speech_db: float) -> bool:
    """Whether somebody speaks right before that second, and pauses near it; behind it the next line
    may begin. Where no pause is near, as in noise and hurried speech, times cannot be told by it.
    """
    if not _NEAR_S < at < traits.seconds:
        return False
    powers = 10 ** (traits.level_db / 10)
    quiet = 10 ** ((speech_db - _QUIETER_DB) / 10)
    here = frame_of(at)
    if powers[here - frame_of(_NEAR_S) : here].mean() <= quiet:
        return False
    reach, pause = frame_of(_PAUSE_WITHIN_S), frame_of(_PAUSE_S)
    near = powers[max(0, here - reach) : here + reach]
    means = np.convolve(near, np.full(pause, 1 / pause), "valid")
    return bool(means.min(initial=np.inf) <= quiet)


def _of_pauses(traits: Traits) -> Iterator[_Candidate]:
    for start, end, cost in spans(pauses(traits)):
        yield _Candidate(max(0.0, start - _REACH_S / 2), end + _REACH_S / 2, cost, cost == 0)


def _of_cues(traits: Traits, cues: Sequence[Cue]) -> Iterator[_Candidate]:
    """Runs of whole cues; those that begin or end within a sentence cost more."""
    usual = any(_ends_sentence(cue.text) for cue in cues)
    for first, cue in enumerate(cues):
        begins = first == 0 or not usual or _ends_sentence(cues[first - 1].text)
        for last in range(first, len(cues)):
            seconds = cues[last].end - cue.start
            if seconds > MAX_S or cues[last].start >= traits.seconds:
                break
            if seconds < MIN_S:
                continue
            run = cues[first : last + 1]
            ends = not usual or _ends_sentence(run[-1].text)
            cost = 1.5 * (not begins) + 1.5 * (not ends) + _words_cost(traits, run)
            start, end = _reaching(cues, first, last, traits.seconds)
            words = one_line(" ".join(each.text for each in run))
            yield _Candidate(start, end, cost, begins and ends, words)


def _reaching(cues: Sequence[Cue], first: int, last: int, seconds: float) -> tuple[float, float]:
    """The ends of a run, with a little of the pauses around it, but nothing of its neighbours."""
    start, end = cues[first].start, cues[last].end
    before = cues[first - 1].end if first else 0.0
    after = cues[last + 1].start if last + 1 < len(cues) else seconds
    if after > cues[last].start:  # a line that stays on the screen while the next is said
        end = min(end, after)
    return (
        start - min(_REACH_S, max(0.0, start - before) / 2),
        min(seconds, end + min(_REACH_S, max(0.0, after - end) / 2)),
    )


def _words_cost(traits: Traits, run: Sequence[Cue]) -> float:
    """What speaks against a run's words being those of its sound."""
    start, end = run[0].start, run[-1].end
    letters = sum(spoken_letters(cue.text) for cue in run) / max(0.1, end - start)
    least, most = _LETTERS_PER_S
    wrong_rate = max(0.0, least - letters) + max(0.0, letters - most) / 2
    inside = [(cue.start - start, cue.end - start) for cue in run]
    unsaid = unlike(traits.between(start, end), inside)
    return min(4.0, wrong_rate) + 10 * max(0.0, unsaid - 0.05)


def _ends_sentence(text: str) -> bool:
    return text.rstrip(_CLOSING).endswith(_ENDS)


def _reason(chosen: _Candidate, found: Judged) -> str:
    cut = "whole sentences" if chosen.whole else "cut at pauses"
    background = "silent" if found.background_db > 60 else f"{found.background_db:.0f} dB below it"
    return (
        f"The best part: {cut}, "
        f"{found.speech_share:.0%} speech, its level steady within {found.spread_db:.1f} dB, the "
        f"background {background}."
    )
