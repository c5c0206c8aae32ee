"""The same text spoken by this engine and by f5-tts: same weights, same noise, same steps."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.arch import MelConfig
from engine.chunk import Chunk, SpeechParameters
from engine.dit import attention
from engine.dit.model import DiT
from engine.mel import LogMel
from engine.sampler import Schedule
from engine.tokens import read_vocab, token_ids, tokenize
from engine.weights.checkpoint import load_dit
from engine.weights.config import read_config
from standins.checkpoints import TinyCheckpoint
from standins.oracle import f5

ENGLISH = "The quick brown fox; it jumps over “lazy” dogs. "
CHINESE = "我们去银行, 今天 is a good day 吗？"
# A second of a noisy tone at 24 kHz, (24000,).
REFERENCE = (
    torch.sin(torch.arange(24000) * 0.05) * 0.1
    + torch.randn(24000, generator=torch.Generator().manual_seed(1)) * 0.02
)
_one_at_a_time = threading.Lock()  # torch.manual_seed is global; f5-tts samples from a thread pool


def our_model(
    checkpoint: TinyCheckpoint, weights: Path | None = None, dtype: torch.dtype = torch.float32
) -> tuple[DiT, dict[str, int]]:
    """The checkpoint as this engine loads it on a CPU, and its vocabulary."""
    vocab = read_vocab(checkpoint.vocab)
    model = load_dit(
        weights or checkpoint.weights,
        read_config(checkpoint.config)[0],
        len(vocab),
        device=torch.device("cpu"),
        dtype=dtype,
    )
    model.use_attention(attention.pick("auto", torch.device("cpu"), dtype)[1])
    return model, vocab


def given(text: str, vocab: dict[str, int], frames: int) -> tuple[Tensor, Tensor, int]:
    """What the sampler needs to say `text` after `REFERENCE`: the mel of that, tokens, frames."""
    tokens = torch.tensor(token_ids(tokenize(text), vocab))
    return LogMel(MelConfig(), torch.device("cpu"))(REFERENCE), tokens, frames


def their_mel(
    checkpoint: TinyCheckpoint, text: str, frames: int, seed: int, cfg: float, schedule: Schedule
) -> Tensor:
    """What f5-tts makes of the same as is `given`: (frames, 100)."""
    mel, _ = checkpoint.oracle.sample(
        cond=REFERENCE[None],
        text=f5().utils.convert_char_to_pinyin([text]),
        duration=frames,
        steps=schedule.nfe,
        cfg_strength=cfg,
        sway_sampling_coef=schedule.sway,
        seed=seed,
        use_epss=schedule.epss,
    )
    found: Tensor = mel[0]
    return found


def relative_error(actual: Tensor, expected: Tensor) -> float:
    """The L2 norm of the difference, as a share of the expected one's."""
    return float((actual - expected).norm() / expected.norm())


def their_wave(
    checkpoint: TinyCheckpoint,
    vocoder: Any,
    reference: Path,
    ref_text: str,
    text: str,
    chunks: Sequence[Chunk],
    parameters: SpeechParameters,
) -> NDArray[np.float32]:
    """`infer_process` as released, each chunk's noise drawn from that chunk's seed: (n,) at 24 kHz.

    `chunks` are ours of the same text; no two may say the same.
    """
    sample = checkpoint.oracle.sample
    spaced = ref_text + " " if ref_text[-1].isascii() else ref_text
    seeds = {
        tuple(f5().utils.convert_char_to_pinyin([spaced + chunk.text])[0]): chunk.seed
        for chunk in chunks
    }
    assert len(seeds) == len(chunks), "the text must give distinct chunks"

    def seeded(**kwargs: Any) -> Any:
        with _one_at_a_time:
            return sample(**kwargs, seed=seeds[tuple(kwargs["text"][0])])

    checkpoint.oracle.sample = seeded
    try:
        wave, rate, _ = f5().infer.infer_process(
            str(reference),
            ref_text,
            text,
            checkpoint.oracle,
            vocoder,
            nfe_step=parameters.nfe_step,
            cfg_strength=parameters.cfg_strength,
            sway_sampling_coef=parameters.sway_sampling_coef,
            speed=parameters.speed,
            fix_duration=parameters.fix_duration,
            target_rms=parameters.target_rms,
            cross_fade_duration=parameters.cross_fade_duration,
            progress=None,
            show_info=lambda *_: None,
            device="cpu",
        )
    finally:
        del checkpoint.oracle.sample
    assert rate == MelConfig().sample_rate
    return np.asarray(wave)
