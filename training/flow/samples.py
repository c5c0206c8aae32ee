"""Training samples as the worker uses the model: a reference, then new text in the same voice.

A sample is one to five utterances of one speaker with pauses between them, of exactly as many
frames as its bucket, so that a batch needs neither padding nor attention masks.

The speech of a sample is stretched to the text that f5-tts shows (`training.flow.rhythm`).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.arch import MelConfig
from engine.dit.layers import spread_index
from engine.mel import LOG_FLOOR
from training.data.alignment import Spoken
from training.data.corpus import Corpus
from training.data.sounds import SILENCE, SLOTS
from training.flow.ears import NOT_ASKED
from training.flow.rhythm import Mel, evenness, new_times, sources, stretch
from training.flow.velocity import REACH, TextBatch

SPACE = 0  # index of the space in the official vocabulary
BUCKETS = (256, 320, 384, 448, 512, 576, 640, 736, 832, 960, 1152, 1408, 1728)  # frames
_LONG = 960  # frames; longer buckets come in as training goes on
_COMMON = (380, 560)  # frames: the middle of the bucket weights, at first and later
_STEADY_REFERENCE = 0.4  # share of references evened as well: where masked, they are spoken, too
_TAIL = 2  # frames of silence after the last word
_LEFT_OVER = 0.05  # of a bucket, at most, is filled by stretching
_SHORT_TEXT = 10  # characters; the worker gives such texts 3.3 times the room
REFERENCE_REST = 5  # frames (50 ms) of silence that the worker leaves after a reference
SILENT_MEL = math.log(LOG_FLOOR)
_TRIES = 5000  # speakers to try; in the demo's corpus about every third has what fits
_TOKENS_PER_FRAME = 0.24  # more than espeak-ng ever says; sets the width of a bucket's text rows
_SINGLE = 0.15  # share of tries that take one utterance where one fills the sample
_SHORTEST = 60  # frames that have to be left for another utterance
_FIRST_RESTS, _RESTS = (0, 6), (3, 22)  # frames of silence added after the reference, and later


@dataclass
class Batch:
    """Samples of one length.

    `mel` (batch, frames, 100) fp32; `reference` (batch,) frames of the first utterance and its
    rest, 0 where the sample is a single utterance; `sounds` (batch, frames) class of what is heard,
    `token_sounds` (batch, row, SLOTS) the same for the characters.
    """

    mel: Tensor
    text: TextBatch
    reference: Tensor
    sounds: Tensor
    token_sounds: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on `device`; `reference` stays, it is for `objective.draw`."""
        mel, sounds, token_sounds = (
            x.to(device, non_blocking=True) for x in (self.mel, self.sounds, self.token_sounds)
        )
        return Batch(mel, self.text.to(device), self.reference, sounds, token_sounds)


def bucket_weights(progress: float) -> list[float]:
    """How often each bucket is used: mostly 3 to 8 s, long ones more as `progress` nears 1."""
    middle = _COMMON[0] + (_COMMON[1] - _COMMON[0]) * min(1.0, 2.0 * progress)
    weights = []
    for frames in BUCKETS:
        weight = math.exp(-((math.log(frames / middle) / 0.45) ** 2) / 2)
        if frames > _LONG:
            weight = 0.12 * min(1.0, 2.0 * progress)
        weights.append(weight)
    return weights


def batch_size(frames: int, frames_per_step: int) -> int:
    """Samples of a bucket in one step."""
    return max(1, frames_per_step // frames)


def row_length(frames: int) -> int:
    """Width of a bucket's text rows, a multiple of 8."""
    return math.ceil((frames * _TOKENS_PER_FRAME + REACH) / 8) * 8


class Sampler:
    """Seeded batches of a corpus; the batch of a step depends on nothing but seed and step."""

    def __init__(
        self,
        corpus: Corpus,
        spoken: list[Spoken],
        *,
        frames_per_step: int,
        seed: int,
    ) -> None:
        """`spoken`: what each utterance says when (`training.data.alignment`)."""
        self._spoken = spoken
        self.sound_classes = 1 + max((int(one.sound.max()) for one in spoken), default=0)
        self.corpus, self.frames_per_step, self.seed = corpus, frames_per_step, seed
        self._groups = [np.array(g) for g in corpus.by_speaker().values() if len(g) >= 2]
        self._frames = np.array([u.frames for u in corpus.utterances])

    def batch(self, step: int, progress: float) -> Batch:
        """The batch of training step `step`; `progress` in [0, 1] of the whole training."""
        rng = random.Random(f"{self.seed}-{step}")
        frames = rng.choices(BUCKETS, bucket_weights(progress))[0]
        size = batch_size(frames, self.frames_per_step)
        return self.of_length(rng, frames, size, evenness(progress))

    def of_length(self, rng: random.Random, frames: int, size: int, even: float = 1.0) -> Batch:
        """`size` samples of `frames` frames each, `even` as `evenness` returns it."""
        width = row_length(frames)
        mel = np.empty((size, frames, MelConfig.n_mels), dtype=np.float32)
        sounds = np.empty((size, frames), dtype=np.int64)
        texts, spread, reference = [], [], []
        for row in range(size):
            parts = self._sample(rng, frames, width - REACH)
            natural, heard, starts, said = self._lay_out(parts)
            as_spoken = [False] * len(parts)
            as_spoken[0] = len(parts) > 1 and rng.random() >= _STEADY_REFERENCE
            times = new_times(starts, said, as_spoken, even, frames)
            if self._is_short(parts):  # such texts get more room than they need
                times = np.arange(len(natural) + 1.0)
            source = sources(times, frames)
            mel[row] = stretch(natural, source)
            sounds[row] = heard[np.rint(source).astype(np.int64)]
            texts.append([index for index, _ in parts])
            spread.append(spread_index(self._token_count(texts[row]), frames))
            reference.append(round(times[starts[1]]) if len(parts) > 1 else 0)
        tokens, token_sounds = self._text_rows(texts, width)
        return Batch(
            torch.from_numpy(mel),
            TextBatch(tokens, torch.stack(spread)),
            torch.tensor(reference),
            torch.from_numpy(sounds),
            token_sounds,
        )

    def rows(self, rng: random.Random, size: int, width: int) -> tuple[Tensor, Tensor]:
        """Text only, for the text encoder: `_text_rows` of as many utterances as fit."""
        texts = []
        for _ in range(size):
            text: list[int] = []
            while self._token_count(text) <= width - REACH:
                text.append(rng.randrange(len(self.corpus)))
            texts.append(text[:-1])
        return self._text_rows(texts, width)

    def _token_count(self, text: list[int]) -> int:
        """Tokens of utterances with a space between them."""
        return sum(len(self.corpus.utterances[i].tokens) for i in text) + max(0, len(text) - 1)

    def _text_rows(self, texts: list[list[int]], width: int) -> tuple[Tensor, Tensor]:
        """Tokens (texts, width), -1 after the last, and what sounds where (texts, width, SLOTS).

        A text is utterances with a space between them.
        """
        tokens = torch.full((len(texts), width), -1)
        token_sounds = torch.full((len(texts), width, SLOTS), NOT_ASKED)
        for row, text in enumerate(texts):
            at = 0
            for index in text:
                if at:
                    tokens[row, at], token_sounds[row, at] = SPACE, SILENCE
                    at += 1
                ids = self.corpus.utterances[index].tokens
                stop = at + len(ids)
                tokens[row, at:stop] = torch.tensor(ids)
                token_sounds[row, at:stop] = torch.from_numpy(self._spoken[index].token_sound)
                at = stop
        return tokens, token_sounds

    def _sample(self, rng: random.Random, frames: int, most_tokens: int) -> list[tuple[int, int]]:
        """Utterances (index, first frame) that fill `frames`."""
        for _ in range(_TRIES):
            parts = self._choose(rng, rng.choice(self._groups), frames)
            if parts and self._token_count([index for index, _ in parts]) <= most_tokens:
                return parts
        raise ValueError(f"the corpus has no utterances that fill {frames} frames")

    def _lay_out(
        self, parts: list[tuple[int, int]]
    ) -> tuple[Mel, NDArray[np.int16], list[int], NDArray[np.float64]]:
        """The parts as spoken, one after the other, and a tail of silence.

        Returns: their log-mel (n, 100) and sounds (n,); each part's first frame and, last, n;
            (n + 1,) the position in the tokens that is said where each frame begins.
        """
        last, start = parts[-1]
        n = start + self.corpus.utterances[last].frames + _TAIL
        mel = np.full((n, MelConfig.n_mels), SILENT_MEL, dtype=np.float32)
        heard = np.full(n, SILENCE, dtype=np.int16)
        said = np.empty(n + 1)
        starts = [first for _, first in parts] + [n]
        token = 0
        for (index, first), after in zip(parts, starts[1:], strict=True):
            utterance = self.corpus.utterances[index]
            stop = first + utterance.frames
            mel[first:stop] = self.corpus.mel(index)
            heard[first:stop] = self._spoken[index].sound
            spoken, count = self._spoken[index].position, len(utterance.tokens)
            final = after == n  # the last character, a full stop, is what the tail says
            said[first:stop] = token + spoken * (count - 0.5) / count if final else token + spoken
            said[stop : after + 1] = np.linspace(
                token + count - 0.5 * final, token + count + (not final), after + 1 - stop
            )
            token += count + 1
        return mel, heard, starts, said

    def _is_short(self, parts: list[tuple[int, int]]) -> bool:
        """Whether the worker would make more room for the last part than its characters need."""
        return len(parts) > 1 and len(self.corpus.utterances[parts[-1][0]].text) < _SHORT_TEXT

    def _choose(
        self, rng: random.Random, group: NDArray[np.int64], frames: int
    ) -> list[tuple[int, int]]:
        """Utterances (index, first frame) that fill `frames`; empty if it did not work out."""
        parts: list[tuple[int, int]] = []
        at, most = 0, 2 if frames <= _LONG - 128 else 5
        left = set(group.tolist())
        while left:
            candidates = np.array(sorted(left))
            room = frames - at - self._frames[candidates]
            last = candidates[(room >= 0) & (room <= self._slack(candidates, frames, bool(parts)))]
            if last.size and (parts or rng.random() < _SINGLE):
                return [*parts, (int(rng.choice(last)), at)]
            more = candidates[room >= _SHORTEST + REFERENCE_REST]
            if not parts:
                more = more[self._frames[more] >= min(160, 0.4 * frames)]
            if len(parts) + 1 >= most or not more.size:
                return []
            index = int(rng.choice(more))
            rest = rng.randint(*(_RESTS if parts else _FIRST_RESTS))
            parts.append((index, at))
            left.remove(index)
            at += int(self._frames[index]) + REFERENCE_REST + rest
        return []

    def _slack(
        self, candidates: NDArray[np.int64], frames: int, follows: bool
    ) -> NDArray[np.float64]:
        """Frames that may be left after each candidate."""
        slack = np.full(len(candidates), _LEFT_OVER * frames)
        if follows:
            for i, index in enumerate(candidates):
                utterance = self.corpus.utterances[index]
                if len(utterance.text) < _SHORT_TEXT:
                    slack[i] = 2.5 * utterance.frames
        return slack
