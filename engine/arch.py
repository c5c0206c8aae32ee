"""The shape of a DiT and of the mel it speaks in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt


@dataclass(frozen=True)
class Arch:
    """DiT hyperparameters, under f5-tts's names (`f5_tts.model.backbones.dit.DiT`)."""

    dim: PositiveInt
    depth: PositiveInt = 8
    heads: PositiveInt = 8
    dim_head: PositiveInt = 64
    ff_mult: PositiveFloat = 4
    text_dim: PositiveInt = 100
    conv_layers: NonNegativeInt = 0
    text_mask_padding: bool = True
    average_upsampling: bool = False
    qk_norm: Literal["rms_norm"] | None = None
    pe_attn_head: PositiveInt | None = None
    long_skip_connection: bool = False
    mel_dim: PositiveInt = 100


@dataclass(frozen=True)
class MelConfig:
    """The log-mel front end; `kind` is f5-tts's `mel_spec_type`, the vocoder it was made for.
    F5-TTS checkpoints for Vocos all have these values. `sample_rate` in Hz, lengths in samples."""

    sample_rate: PositiveInt = 24000
    n_mels: PositiveInt = 100
    hop_length: PositiveInt = 256
    win_length: PositiveInt = 1024
    n_fft: PositiveInt = 1024
    kind: str = "vocos"
