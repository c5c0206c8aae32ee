"""Words without times laid over a long recording: by its pauses, and only where that is sure.

Sentences are spoken at about one rate and end in pauses. Where the longest pauses are as many as
the sentences need, clearly longer than all others, and give every sentence its length, sentences
end there; else nothing is known.
"""

from __future__ import annotations

from itertools import pairwise

from text.sentences import sentences
from worker.audio.stretches import pauses
from worker.audio.traits import Traits
from worker.subtitles.notes import Cue
from worker.subtitles.words import spoken_letters

_LETTERS_PER_S = 8.0, 22.0  # of all of it; outside of this, words are missing or were never said
_APART = 0.3  # share by which a sentence's length may differ from its letters'
_SLACK_S = 0.25  # and seconds, for the shortest ones
_CLEARLY = 1.25  # how much longer the pauses after sentences are than those within


def fitted(text: str, traits: Traits, language: str = "en") -> tuple[Cue, ...]:
    """The sentences of `text` with their times in the recording; none where it is not sure.

    Args:
        text: what is said in all of the recording.
    """
    said = [text[start:end].strip() for start, end in sentences(text, language)]
    breaks = pauses(traits)
    pieces = [(left[1], right[0]) for left, right in pairwise(breaks) if right[0] > left[1]]
    between = [right[0] - left[1] for left, right in pairwise(pieces)]
    letters = [spoken_letters(each) for each in said]
    sounding = sum(end - start for start, end in pieces)
    if not 2 <= len(said) <= len(pieces) or not all(letters):
        return ()
    longest = sorted(between, reverse=True)
    ends_long, rest = longest[: len(said) - 1], longest[len(said) - 1 :]
    rate = sum(letters) / sounding
    fits = _LETTERS_PER_S[0] <= rate <= _LETTERS_PER_S[1]
    if not fits or (rest and ends_long[-1] < _CLEARLY * rest[0]):
        return ()
    ends = [i for i, pause in enumerate(between) if pause >= ends_long[-1]]
    firsts = [0, *(end + 1 for end in ends)]
    cues = []
    for first, last, text, count in zip(
        firsts, [*ends, len(pieces) - 1], said, letters, strict=True
    ):
        seconds = sum(end - start for start, end in pieces[first : last + 1])
        if abs(seconds - count / rate) > _APART * count / rate + _SLACK_S:
            return ()
        cues.append(Cue(pieces[first][0], pieces[last][1], text))
    return tuple(cues)
