"""Tiny models and a corpus of made-up mels, so that training can be tested in seconds."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from engine.arch import Arch
from standins.random_weights import random_state
from tests.training.sounds import vowels
from training.data.alignment import Spoken
from training.data.corpus import Corpus, Utterance
from training.flow.options import FlowPlan
from training.flow.samples import Sampler
from training.flow.train import FlowTraining
from training.vocoder.options import VocoderPlan, VocosSize
from training.vocoder.stretches import Stretches
from training.vocoder.train import VocoderTraining

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
    """A speaker has a level, a token has a band and, by its number, 4, 6 or 8 frames."""
    rng = np.random.default_rng(0)
    made = Corpus()
    for speaker in range(speakers):
        for _ in range(utterances):
            tokens = rng.integers(1, 40, rng.integers(12, 80)).tolist()
            pace = [frames_of(token) for token in tokens]
            frames = sum(pace)
            bands = np.arange(100)[None] - 2.5 * np.repeat(tokens, pace)[:, None]
            mel = (-4 + speaker + 3 * np.exp(-((bands / 6) ** 2))).astype(np.float16)
            wave = np.zeros(256 * (frames - 1), dtype=np.int16)
            one = Utterance("x" * len(tokens), tokens, f"v{speaker}", 50, 165, frames, len(wave))
            made.add(one, mel, wave)
    return made


def frames_of(token: int) -> int:
    """How long a token sounds: the first half of them shorter than the second."""
    return 4 if token < 15 else 6 if token < 25 else 8


def _said(one: Utterance) -> Spoken:
    pace = [frames_of(token) for token in one.tokens]
    ends = np.cumsum(pace)
    position = np.interp(np.arange(one.frames), [0, *ends], np.arange(len(ends) + 1))
    return Spoken.of(position, np.repeat(one.tokens, pace).astype(np.int16), len(one.tokens))


def sampler(frames_per_step: int = 600) -> Sampler:
    """Small batches of the synthetic corpus."""
    made = corpus()
    return Sampler(
        made, [_said(u) for u in made.utterances], frames_per_step=frames_per_step, seed=3
    )


def flow_training(steps: int) -> FlowTraining:
    """A run of `steps` on the synthetic corpus; it wants the fixture `small_buckets`."""
    plan = FlowPlan(
        steps=steps, learning_rate=2e-3, warmup=2, reading_steps=2, seed=3, ema_decay=0.9
    )
    return FlowTraining(ARCH, VOCAB_SIZE, sampler(), plan, torch.device("cpu"))


def vocoder_training(steps: int) -> VocoderTraining:
    """A run of `steps` of a tiny vocoder; one of its waveforms is shorter than a stretch."""
    size = VocosSize(32, 2)
    plan = VocoderPlan(steps=steps, batch=3, frames=20, rate=4e-3, warm_up=5, size=size)
    waves = [vowels(seed, pitch) for seed, pitch in enumerate((90.0, 130.0, 200.0))]
    waves.append(waves[0][:3000])
    stretches = Stretches(waves.__getitem__, [len(wave) for wave in waves], plan)
    return VocoderTraining(stretches, plan, torch.device("cpu"))


def inputs(size: int, frames: int) -> tuple[Tensor, Tensor, Tensor]:
    """Noisy mel, reference mel (size, frames, 100) and times (size,)."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(size, frames, 100, generator=generator)
    cond = torch.randn(size, frames, 100, generator=generator)
    cond[:, frames // 3 :] = 0.0
    return x, cond, torch.linspace(0.1, 0.9, size) if size > 1 else torch.tensor([math.pi / 4])
