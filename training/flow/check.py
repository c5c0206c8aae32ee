"""A quick look at a DiT in training: is what it says nearest to the right sentence?

A dozen unseen sentences are spoken from references of training voices at unheard pitches; each
result is compared with espeak-ng saying each of the dozen in that voice
(`training.judge.retrieval`).
"""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.arch import Arch, MelConfig
from engine.dit.model import DiT
from engine.mel import LogMel
from engine.sampler import Schedule
from engine.tokens import read_vocab, token_ids, tokenize
from engine.weights.checkpoint import load_dit
from standins.sampling import sample
from training import CFG_STRENGTH
from training.data import espeak, sentences
from training.flow.export import WEIGHTS, official_vocab, write_checkpoint
from training.flow.samples import REFERENCE_REST, SILENT_MEL
from training.judge.retrieval import match

_STEPS = 16  # sampling steps, half of the worker's
_TEXTS = 12


@dataclass(frozen=True)
class Retrieval:
    """How many of `tries` were nearest to their own sentence, and by what mean margin."""

    right: int
    tries: int
    margin: float

    def __str__(self) -> str:
        return f"{self.right} of {self.tries} nearest, margin {self.margin:+.1%}"


def retrieval(state: dict[str, Tensor], arch: Arch, *, tries: int = 8, seed: int = 5) -> Retrieval:
    """Speaks `tries` of a dozen unseen sentences and compares each with all of them."""
    vocab = read_vocab(official_vocab())
    with tempfile.TemporaryDirectory() as folder:
        path = write_checkpoint(Path(folder), state, arch, "check") / WEIGHTS
        cpu = torch.device("cpu")
        dit = load_dit(path, arch, len(vocab), device=cpu, dtype=torch.bfloat16)
    log_mel = LogMel(MelConfig(), torch.device("cpu"))
    texts = [t for t in sentences.held_out(200, seed) if 25 <= len(t) <= 70][:_TEXTS]
    references = [t for t in sentences.held_out(200, seed + 1) if 35 <= len(t) <= 60]
    rng = random.Random(seed)
    right, margins = 0, []
    for index in range(tries):
        voice = rng.choice((*espeak.TRAIN_VOICES, *espeak.HELD_OUT_VOICES))
        pitch = voice.pitch + rng.choice((-11, -5, 1, 7))
        spoken = [
            log_mel(torch.from_numpy(espeak.speak(text, voice.name, pitch)))
            for text in (references[index], *texts)
        ]
        made = speak(dit, vocab, references[index], spoken[0], texts[index], seed=index)
        found = match(made.numpy(), [mel.numpy() for mel in spoken[1:]])
        right += found.nearest == index
        margins.append(found.margin(index))
    return Retrieval(right, tries, float(np.mean(margins)))


def speak(
    dit: DiT, vocab: dict[str, int], ref_text: str, ref_mel: Tensor, text: str, *, seed: int
) -> Tensor:
    """(frames, 100) log-mel of `text` alone, as the worker would make it with few steps."""
    tokens = torch.tensor(token_ids(tokenize(f"{ref_text} {text}"), vocab))
    rest = torch.full((REFERENCE_REST, ref_mel.shape[1]), SILENT_MEL)
    reference = torch.cat((ref_mel, rest))
    start = reference.shape[0]
    frames = start + int(start / (len(ref_text) + 1) * len(text))
    schedule = Schedule(_STEPS)
    mel = sample(dit, reference, tokens, frames, schedule, seed=seed, cfg_strength=CFG_STRENGTH)
    return mel[start:]
