"""A tiny architecture and a corpus of made-up mels, so that training can be tested in seconds."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from engine.arch import Arch
from engine.demo import random_state
from tools.demo.corpus import Corpus, Utterance
from tools.demo.samples import Sampler

ARCH = Arch(
    dim=64,
    depth=2,
    heads=2,
    dim_head=32,
    ff_mult=2,
    text_dim=32,
    conv_layers=2,
    average_upsampling=True,
)
VOCAB_SIZE = 2545


def official_state(seed: int = 1) -> dict[str, Tensor]:
    """Random weights by f5-tts's names, without the EMA prefix."""
    state = random_state(ARCH, VOCAB_SIZE, seed=seed)
    return {name.removeprefix("ema_model.transformer."): value for name, value in state.items()}


def corpus(speakers: int = 4, utterances: int = 12) -> Corpus:
    """Mels that slowly move through the bands: a speaker has a level, a token has a band."""
    rng = np.random.default_rng(0)
    made = Corpus()
    for speaker in range(speakers):
        for _ in range(utterances):
            tokens = rng.integers(1, 40, rng.integers(12, 80)).tolist()
            frames = 6 * len(tokens)
            bands = np.arange(100)[None] - 2.5 * np.repeat(tokens, 6)[:, None]
            mel = (-4 + speaker + 3 * np.exp(-((bands / 6) ** 2))).astype(np.float16)
            wave = np.zeros(256 * (frames - 1), dtype=np.int16)
            one = Utterance("x" * len(tokens), tokens, f"v{speaker}", 50, 165, frames, len(wave))
            made.add(one, mel, wave)
    return made


def sampler(frames_a_step: int = 600) -> Sampler:
    """Small batches of the synthetic corpus."""
    made = corpus()
    said = [np.linspace(0, len(u.tokens), u.frames, endpoint=False) for u in made.utterances]
    return Sampler(made, said, frames_a_step=frames_a_step, seed=3)


def inputs(size: int, frames: int) -> tuple[Tensor, Tensor, Tensor]:
    """Noisy mel, reference mel (size, frames, 100) and times (size,)."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(size, frames, 100, generator=generator)
    cond = torch.randn(size, frames, 100, generator=generator)
    cond[:, frames // 3 :] = 0.0
    return x, cond, torch.linspace(0.1, 0.9, size) if size > 1 else torch.tensor([math.pi / 4])
