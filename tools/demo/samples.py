"""Training samples as the worker uses the model: a reference, then new text in the same voice.

A sample is one to five utterances of one speaker with pauses between them, of exactly as many
frames as its bucket, so that a batch needs neither padding nor attention masks.

f5-tts spreads the characters evenly over all frames, and finding out what is really spoken where
takes a model longer than anything else. So here the speech goes to the text: every utterance is
stretched to the room that its share of the characters gets at inference, and within it the words
move towards their characters (`evenness`). Log-mels can be stretched frame by frame without a
trace; what is heard is a steady reader. (f5-tts gives what remains of the division to the later
characters, so the text still runs a few characters ahead of the speech, smoothly.) As training goes
on the rhythm becomes more natural and the samples longer.
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

Mel = NDArray[np.float32]

SPACE = 0  # index of the space in the official vocabulary
BUCKETS = (256, 320, 384, 448, 512, 576, 640, 736, 832, 960, 1152, 1408, 1728)  # frames
_LONG = 960  # frames; longer buckets come in as training goes on
_COMMON = (380, 560)  # frames: where the bucket weights have their middle, at first and later
_NATURAL = (0.4, 0.85)  # the progress between which the rhythm becomes more natural
_LEAST_EVEN = 0.75  # how even the rhythm still is at the end
_STEADY_REFERENCE = 0.4  # of the references are evened too: also they are spoken where masked
_TAIL = 2  # frames of silence after the last word
_LEFT_OVER = 0.05  # of a bucket, at most, is filled by stretching
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
    """1 where every word has the room of its characters, 0 where it is as long as spoken."""
    start, end = _NATURAL
    done = min(1.0, max(0.0, (progress - start) / (end - start)))
    return 1.0 - (1.0 - _LEAST_EVEN) * done


def batch_size(frames: int, frames_a_step: int) -> int:
    """Samples of a bucket in one step."""
    return max(1, frames_a_step // frames)


def row_length(frames: int) -> int:
    """Width of a bucket's text rows, a multiple of 8."""
    return math.ceil((frames * _TOKENS_A_FRAME + REACH) / 8) * 8


def new_times(
    starts: list[int], said: NDArray[np.float64], even: list[float], frames: int
) -> NDArray[np.float64]:
    """When each frame of a sample as spoken begins once it is stretched: (n + 1,), 0 to `frames`.

    Each part begins where the even spread of the characters has it; within it the new time is
    between the old one, scaled, and the even spread.

    Args:
        starts: first frame of each part, and n.
        said: (n + 1,) position in the tokens of what is said at the beginning of each frame.
        even: of each part, 0 natural to 1 even.
    """
    spread = said / said[-1] * frames
    times = spread.copy()
    for begin, end, share in zip(starts, starts[1:], even, strict=False):
        scaled = np.linspace(spread[begin], spread[end], end - begin + 1)
        times[begin : end + 1] += (1 - share) * (scaled - spread[begin : end + 1])
    return times


def stretch(mel: Mel, times: NDArray[np.float64], frames: int) -> Mel:
    """(n, 100) log-mel whose frames begin at `times` (n + 1,), ascending, as (frames, 100)."""
    source = np.interp(np.arange(frames) + 0.5, times, np.arange(len(times))) - 0.5
    source = source.clip(0, len(mel) - 1)
    before = source.astype(np.int64)
    after = np.minimum(before + 1, len(mel) - 1)
    weight = (source - before).astype(np.float32)[:, None]
    return mel[before] * (1 - weight) + mel[after] * weight


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
        """`spoken`: which token each utterance says where each frame begins (`alignment`)."""
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
        """`size` samples of `frames` frames with the rhythm of `evenness`."""
        width = row_length(frames)
        mel = np.empty((size, frames, 100), dtype=np.float32)
        tokens = torch.full((size, width), -1)
        spread, reference = [], []
        for row in range(size):
            parts, ids = self._sample(rng, frames, width - REACH)
            natural, starts, said = self._lay_out(parts)
            steady = [even] * len(parts)
            if len(parts) > 1 and rng.random() >= _STEADY_REFERENCE:
                steady[0] = 0.0
            times = new_times(starts, said, steady, frames)
            if self._is_short(parts):  # such texts get more room than they need
                times = np.arange(len(natural) + 1.0)
            mel[row] = stretch(natural, times, frames)
            tokens[row, : len(ids)] = torch.tensor(ids)
            spread.append(spread_index(len(ids), frames))
            reference.append(round(times[starts[1]]) if len(parts) > 1 else 0)
        return Batch(
            torch.from_numpy(mel), TextBatch(tokens, torch.stack(spread)), torch.tensor(reference)
        )

    def _sample(
        self, rng: random.Random, frames: int, most_tokens: int
    ) -> tuple[list[tuple[int, int]], list[int]]:
        """Utterances (index, first frame) that fill `frames`, and their tokens with spaces."""
        for _ in range(_TRIES):
            parts = self._choose(rng, rng.choice(self._groups), frames)
            ids: list[int] = []
            for index, _ in parts:
                ids += ([SPACE] if ids else []) + self.corpus.utterances[index].tokens
            if parts and len(ids) <= most_tokens:
                return parts, ids
        raise ValueError(f"the corpus has no utterances that fill {frames} frames")

    def _lay_out(self, parts: list[tuple[int, int]]) -> tuple[Mel, list[int], NDArray[np.float64]]:
        """The parts as spoken, one after the other, and a tail of silence.

        Returns: their log-mel (n, 100); each part's first frame and, last, n; (n + 1,) the position
            in the tokens that is said where each frame begins.
        """
        last, start = parts[-1]
        n = start + self.corpus.utterances[last].frames + _TAIL
        mel = np.full((n, 100), _SILENCE, dtype=np.float32)
        said = np.empty(n + 1)
        starts = [first for _, first in parts] + [n]
        token = 0
        for (index, first), after in zip(parts, starts[1:], strict=True):
            utterance = self.corpus.utterances[index]
            stop = first + utterance.frames
            mel[first:stop] = self.corpus.mel(index)
            spoken, count = self._spoken[index], len(utterance.tokens)
            final = after == n  # the last character, a full stop, is what the tail says
            said[first:stop] = token + spoken * (count - 0.5) / count if final else token + spoken
            said[stop : after + 1] = np.linspace(
                token + count - 0.5 * final, token + count + (not final), after + 1 - stop
            )
            token += count + 1
        return mel, starts, said

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
        """Frames that may be left after each candidate."""
        slack = np.full(len(candidates), _LEFT_OVER * frames)
        if follows:
            for i, index in enumerate(candidates):
                utterance = self.corpus.utterances[index]
                if len(utterance.text) < _SHORT_TEXT:
                    slack[i] = 2.5 * utterance.frames
        return slack
