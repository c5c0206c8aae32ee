"""English words found by pocketsphinx (BSD; its acoustic model and dictionary are in the wheel)."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.subtitles.anchors import Span
from worker.subtitles.spelling import sounds_of, tokens

_FRAMES_PER_S = 100
_WINDOW_S = 0.025625  # of its analysis
_LOWEST_RATE = 16000  # Hz, of its model; what is recorded at more may stay so
_FEWEST_FRAMES = 3  # of a sound, by its model
# Words that are not in the sound get as little of it as may be. Of the sounds of 80 texts of
# espeak-ng at most 10 % were in words as short as that; where half of a text was not spoken, 12 %
# or more, in 19 of 20 such texts above 15 %.
_MOST_SQUEEZED = 0.15
_MOST_NEW_WORDS = 5000  # put into a dictionary before it is loaded anew


class Sphinx:
    """Forced alignment by pocketsphinx: one text at a time, some 40 times real time on a core."""

    name = "pocketsphinx"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        self._lock = Lock()
        self._decoder: Any = None
        self._rate = 0
        self._new_words = 0

    def align(
        self, samples: NDArray[np.floating], rate: int, words: Sequence[str], language: str
    ) -> list[Span] | None:
        """As `Aligner.align`. Words that its dictionary lacks are spelled by rule."""
        found = [tokens(word) for word in words]
        parts = [part for part in found if part is not None]
        wanted = [token for part in parts for token in part]
        if len(parts) < len(words) or not wanted or language not in self.languages:
            return None
        if rate < _LOWEST_RATE or not len(samples):
            return None
        pcm = (np.clip(np.nan_to_num(samples), -1, 1) * 32767).astype("<i2").tobytes()
        with self._lock:
            try:
                heard = self._heard(pcm, rate, wanted)
            except RuntimeError:  # all that pocketsphinx raises: it cannot, and does not say why
                return None
        return None if heard is None else _by_word(parts, heard)

    def _heard(self, pcm: bytes, rate: int, wanted: Sequence[str]) -> list[Span] | None:
        decoder = self._loaded(rate)
        for token in wanted:
            if decoder.lookup_word(token) is None:
                decoder.add_word(token, sounds_of(token), True)
                self._new_words += 1
        decoder.set_align_text(" ".join(wanted))
        decoder.start_utt()
        try:
            decoder.process_raw(pcm, full_utt=True)
        finally:
            decoder.end_utt()
        spoken = [one for one in decoder.seg() or () if one.word[0] not in "<[("]
        if [one.word.partition("(")[0] for one in spoken] != list(wanted):
            return None  # the sound ended before the words did
        frames = [one.end_frame + 1 - one.start_frame for one in spoken]
        sounds = [len(decoder.lookup_word(token).split()) for token in wanted]
        least = [n for n, taken in zip(sounds, frames, strict=True) if taken <= _FEWEST_FRAMES * n]
        if sum(least) > _MOST_SQUEEZED * sum(sounds):
            return None
        return [(s.start_frame / _FRAMES_PER_S, (s.end_frame + 1) / _FRAMES_PER_S) for s in spoken]

    def _loaded(self, rate: int) -> Any:
        if self._decoder is None or rate != self._rate or self._new_words > _MOST_NEW_WORDS:
            from pocketsphinx import Decoder  # an optional part

            # Without pruning: its usual beams lose the last words of most texts. And without the
            # search for a best path, which in an alignment finds silence only.
            self._decoder = Decoder(
                samprate=rate,
                nfft=1 << int(np.ceil(np.log2(_WINDOW_S * rate))),
                lm=None,
                beam=0.0,
                wbeam=0.0,
                pbeam=0.0,
                bestpath=False,
                loglevel="FATAL",
            )
            self._rate, self._new_words = rate, 0
        return self._decoder


def _by_word(words: Sequence[Sequence[str]], heard: Sequence[Span]) -> list[Span]:
    """From the first token of each word to its last; what has none takes no time."""
    spans: list[Span] = []
    at, end = 0, heard[0][0]
    for tokens_of_word in words:
        begin = heard[at][0] if tokens_of_word else end
        at += len(tokens_of_word)
        end = heard[at - 1][1] if tokens_of_word else end
        spans.append((begin, end))
    return spans
