"""Mel to waveform: Vocos where its weights are there, Griffin-Lim where they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from engine.arch import MelConfig
from engine.vocoder.griffin_lim import GriffinLim
from engine.vocoder.vocos import load_vocos

# (frames, n_mels) log-mels, of any lengths, to a waveform each: 24 kHz, fp32, about hop_length
# samples a frame ((frames - 1) * hop_length with the official vocoder)
Vocoder = Callable[[Sequence[Tensor]], list[Tensor]]


def load_vocoder(directory: Path | None, device: torch.device) -> Vocoder:
    """The Vocos in `directory`, or Griffin-Lim for None.

    Raises:
        ModelUnavailable: see `engine.vocoder.vocos.load_vocos`.
    """
    if directory is None:
        return GriffinLim(MelConfig(), device)
    return load_vocos(directory, device)
