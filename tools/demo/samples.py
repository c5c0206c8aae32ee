"""Training samples as the worker uses the model: a reference, then new text in the same voice.

A sample is one to five utterances of one speaker with pauses between them, of exactly as many
frames as its bucket, so that a batch needs neither padding nor attention masks. What is left over
at the end (at most 5 %) is silence: at inference the length is only estimated, so a little room
after the last word has to look normal. Utterances of one speaker differ in speed by 10 %, so how
fast the new text is spoken follows from the room it is given, not from the reference.

Training goes from easy to hard. At first every frame shows the character that is spoken in it, so
the model learns within minutes what characters sound like; then the characters move, sample by
sample at another pace, to f5-tts's even spread over all frames, which is all there is at inference.
Meanwhile the samples get longer.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.mel import LOG_FLOOR
from tools.demo.corpus import Corpus
from tools.demo.velocity import REACH, TextBatch, spread_index

SPACE = 0  # index of the space in the official vocabulary
BUCKETS = (256, 320, 384, 448, 512, 576, 640, 736, 832, 960, 1152, 1408, 1728)  # frames
_LONG = 960  # frames; longer buckets come in as training goes on
_COMMON = (380, 560)  # frames: where the bucket weights have their middle, at first and later
_EVEN = (0.12, 0.6)  # the progress at which characters begin to move, and have all moved
_PACE = 0.3  # how far ahead or behind the others a sample's characters may be
_LEFT_OVER = 0.05  # of a bucket, at most, is silence at the end
_SHORT_TEXT = 10  # characters; the worker gives such texts 3.3 times the room
_REFERENCE_REST = 5  # frames (50 ms) of silence that the worker leaves after a reference
_SILENCE = math.log(LOG_FLOOR)
_TRIES = 5000  # speakers to try; with the demo's corpus every third or so has what fits
_TOKENS_A_FRAME = 0.24  # more than espeak-ng ever says; the width of a bucket's text rows


@dataclass
class Batch:
    """Samples of one length.

    `mel` (batch, frames, 100) fp32; `reference` (batch,) frames of the first utterance and its
    rest, 0 where the sample is a single utterance.
    """

    mel: Tensor
    text: TextBatch
    reference: Tensor


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


def evenness(progress: float) -> float:
    """0 while frames show what they say, 1 when characters are spread evenly."""
    start, end = _EVEN
    return min(1.0, max(0.0, (progress - start) / (end - start)))


def batch_size(frames: int, frames_a_step: int) -> int:
    """Samples of a bucket in one step."""
    return max(1, frames_a_step // frames)


def row_length(frames: int) -> int:
    """Width of a bucket's text rows, a multiple of 8."""
    return math.ceil((frames * _TOKENS_A_FRAME + REACH) / 8) * 8


class Sampler:
    """Seeded batches of a corpus; the batch of a step depends on nothing but seed and step."""

    def __init__(
        self,
        corpus: Corpus,
        spoken: list[NDArray[np.float64]],
        *,
        frames_a_step: int,
        seed: int,
    ) -> None:
        """`spoken`: what each frame of each utterance says (`tools.demo.alignment`)."""
        self._spoken = spoken
        self.corpus, self.frames_a_step, self.seed = corpus, frames_a_step, seed
        self._groups = [np.array(g) for g in corpus.by_speaker().values() if len(g) >= 2]
        self._frames = np.array([u.frames for u in corpus.utterances])

    def batch(self, step: int, progress: float) -> Batch:
        """The batch of training step `step`; `progress` in [0, 1] of the whole training."""
        rng = random.Random(f"{self.seed}-{step}")
        frames = rng.choices(BUCKETS, bucket_weights(progress))[0]
        size = batch_size(frames, self.frames_a_step)
        return self.of_length(rng, frames, size, evenness(progress))

    def of_length(self, rng: random.Random, frames: int, size: int, even: float = 1.0) -> Batch:
        """`size` samples of `frames` frames, their characters as far as `even` from spoken."""
        width = row_length(frames)
        mel = np.full((size, frames, 100), _SILENCE, dtype=np.float32)
        tokens = torch.full((size, width), -1)
        spread, reference = [], []
        for row in range(size):
            ids, first, said = self._sample(rng, frames, width - REACH, mel[row])
            tokens[row, : len(ids)] = torch.tensor(ids)
            own = min(1.0, max(0.0, even + rng.uniform(-_PACE, _PACE))) if 0 < even < 1 else even
            shown = (1 - own) * said + own * (spread_index(len(ids), frames).numpy() + 0.5)
            spread.append(torch.from_numpy(shown.astype(np.int64).clip(0, len(ids) - 1)))
            reference.append(first)
        return Batch(
            torch.from_numpy(mel), TextBatch(tokens, torch.stack(spread)), torch.tensor(reference)
        )

    def _sample(
        self, rng: random.Random, frames: int, most_tokens: int, mel: NDArray[np.float32]
    ) -> tuple[list[int], int, NDArray[np.float64]]:
        """Writes one sample into `mel`.

        Returns: its tokens, the frames of its reference, and (frames,) which token each says.
        """
        for _ in range(_TRIES):
            parts = self._choose(rng, rng.choice(self._groups), frames)
            utterances = [self.corpus.utterances[index] for index, _ in parts]
            ids: list[int] = []
            for utterance in utterances:
                ids += ([SPACE] if ids else []) + utterance.tokens
            if parts and len(ids) <= most_tokens:
                break
        else:
            raise ValueError(f"the corpus has no utterances that fill {frames} frames")
        said = np.full(frames, np.nan)
        before = 0  # tokens
        for (index, start), utterance in zip(parts, utterances, strict=True):
            rows = slice(start, start + utterance.frames)
            mel[rows], said[rows] = self.corpus.mel(index), before + self._spoken[index]
            said[rows.stop :] = before + len(utterance.tokens)  # the space after it
            before += len(utterance.tokens) + 1
        return ids, utterances[0].frames + _REFERENCE_REST if len(parts) > 1 else 0, said

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
            if last.size and (parts or rng.random() < 0.15):
                return [*parts, (int(rng.choice(last)), at)]
            shortest = 60
            more = candidates[room >= shortest + _REFERENCE_REST]
            if not parts:
                more = more[self._frames[more] >= min(160, 0.4 * frames)]
            if len(parts) + 1 >= most or not more.size:
                return []
            index = int(rng.choice(more))
            rest = rng.randint(0, 6) if not parts else rng.randint(3, 22)
            parts.append((index, at))
            left.remove(index)
            at += int(self._frames[index]) + _REFERENCE_REST + rest
        return []

    def _slack(
        self, candidates: NDArray[np.int64], frames: int, follows: bool
    ) -> NDArray[np.float64]:
        """Frames of silence allowed after each candidate."""
        slack = np.full(len(candidates), _LEFT_OVER * frames)
        if follows:
            for i, index in enumerate(candidates):
                utterance = self.corpus.utterances[index]
                if len(utterance.text) < _SHORT_TEXT:
                    slack[i] = 2.5 * utterance.frames
        return slack
