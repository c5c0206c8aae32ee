"""Words without times laid over a long recording: by its pauses, and only where that is sure.

Sentences are spoken at about one rate and end in pauses. Where one way alone of ending them at
pauses gives every sentence its length, that way is taken; where two do, or none, nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from text.sentences import sentences
from worker.audio.stretches import PAUSE_S, pauses
from worker.audio.traits import Traits
from worker.subtitles.notes import Cue
from worker.subtitles.words import spoken_letters

_LETTERS_PER_S = 8.0, 22.0  # of all of it; outside of this, words are missing or were never said
_APART = 0.3  # share by which a sentence's length may differ from its letters'
_SLACK_S = 0.25  # and seconds, for the shortest ones
_ALIKE = 0.6  # a pause of this share of another's length may be meant as well
_MOST = 400  # sentences, and pieces between pauses

_Piece = tuple[float, float]  # seconds


def fitted(text: str, traits: Traits, language: str = "en") -> tuple[Cue, ...]:
    """The sentences of `text` with their times in the recording; none where it is not sure.

    Args:
        text: what is said in all of the recording.
    """
    said = [text[start:end].strip() for start, end in sentences(text, language)]
    breaks = pauses(traits)
    pieces = [(left[1], right[0]) for left, right in pairwise(breaks) if right[0] > left[1]]
    letters = [spoken_letters(each) for each in said]
    sounding = sum(end - start for start, end in pieces)
    if not 2 <= len(said) <= len(pieces) <= _MOST or not all(letters) or not sounding:
        return ()
    rate = sum(letters) / sounding
    if not _LETTERS_PER_S[0] <= rate <= _LETTERS_PER_S[1]:
        return ()
    fit = _Fit(pieces, [each / rate for each in letters])
    ends = fit.ends()
    if not ends or not fit.sure(ends):
        return ()
    firsts = [0, *(end + 1 for end in ends[:-1])]
    return tuple(
        Cue(pieces[first][0], pieces[last][1], each)
        for first, last, each in zip(firsts, ends, said, strict=True)
    )


class _Fit:
    """`pieces` of sound between pauses, and how many seconds each sentence `wants`."""

    def __init__(self, pieces: Sequence[_Piece], wants: Sequence[float]) -> None:
        self._pieces, self._wants = pieces, wants
        self._before = [0.0]
        for start, end in pieces:
            self._before.append(self._before[-1] + end - start)

    def ends(self) -> list[int]:
        """The piece with which each sentence ends, so that their lengths fit best; empty if no way
        fits."""
        best: list[dict[int, tuple[float, list[int]]]] = [{-1: (0.0, [])}]
        for wanted in self._wants:
            row: dict[int, tuple[float, list[int]]] = {}
            for before, (cost, path) in best[-1].items():
                for last in range(before + 1, len(self._pieces)):
                    seconds = self._seconds(before + 1, last)
                    if self._fits(seconds, wanted):
                        own = cost + ((seconds - wanted) / wanted) ** 2 - 0.1 * self._pause(last)
                        if last not in row or own < row[last][0]:
                            row[last] = own, [*path, last]
                    elif seconds > wanted:
                        break
            best.append(row)
        return best[-1].get(len(self._pieces) - 1, (0.0, []))[1]

    def sure(self, ends: Sequence[int]) -> bool:
        """True if no sentence could as well end at another pause that is about as long."""
        firsts = [0, *(end + 1 for end in ends[:-1])]
        for i, end in enumerate(ends[:-1]):
            if self._pause(end) < PAUSE_S:
                return False
            for other in range(firsts[i], ends[i + 1]):
                alike = other != end and self._pause(other) >= _ALIKE * self._pause(end)
                both = ((firsts[i], other, i), (other + 1, ends[i + 1], i + 1))
                if alike and all(
                    self._fits(self._seconds(first, last), self._wants[which])
                    for first, last, which in both
                ):
                    return False
        return True

    def _seconds(self, first: int, last: int) -> float:
        return self._before[last + 1] - self._before[first]

    def _pause(self, last: int) -> float:
        """How long it pauses after a piece."""
        after = last + 1
        return self._pieces[after][0] - self._pieces[last][1] if after < len(self._pieces) else 1.0

    @staticmethod
    def _fits(seconds: float, wanted: float) -> bool:
        return abs(seconds - wanted) <= _APART * wanted + _SLACK_S
