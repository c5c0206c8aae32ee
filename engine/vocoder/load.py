"""Mel to waveform: Vocos if its weights are there, else Griffin-Lim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from engine.arch import MelConfig
from engine.vocoder.griffin_lim import GriffinLim
from engine.vocoder.vocos import load_vocos
from errors import ModelUnavailable

# (frames, n_mels) log-mels, of any lengths, to one waveform each: fp32 at the mel's sample rate,
# about hop_length samples per frame ((frames - 1) * hop_length with the official vocoder)
Vocoder = Callable[[Sequence[Tensor]], list[Tensor]]

_F5_MEL = MelConfig()


def load_vocoder(directory: Path | None, device: torch.device, mel: MelConfig = _F5_MEL) -> Vocoder:
    """The Vocos in `directory`, or Griffin-Lim for None, for a model that speaks in `mel`. Raises
    ModelUnavailable: the mel is not F5-TTS's, or not the one this Vocos was made for; see also
    `load_vocos`."""
    check_mel(mel)
    if directory is None:
        return GriffinLim(mel, device)
    vocos = load_vocos(directory, device)
    made_for, wanted = (vocos.config.n_mels, vocos.config.hop_length), (mel.n_mels, mel.hop_length)
    if made_for != wanted:
        raise ModelUnavailable(
            f"The vocoder {directory} takes (bands, samples per frame) {made_for}, the model gives "
            f"{wanted}.",
            "Set F5_VOCODER to a Vocos for 24 kHz mels, or to griffin-lim.",
        )
    return vocos


def check_mel(mel: MelConfig) -> None:
    """Refuses a mel that no vocoder here can decode. Raises ModelUnavailable: it is not F5-TTS's
    own for Vocos."""
    if mel.kind != _F5_MEL.kind:
        raise ModelUnavailable(
            f"The model was trained for the {mel.kind!r} vocoder.",
            "This worker decodes with Vocos; use the Vocos variant of the checkpoint.",
        )
    for name, expected in asdict(_F5_MEL).items():
        if getattr(mel, name) != expected:
            raise ModelUnavailable(
                f"The model's mel_spec has {name} {getattr(mel, name)}, F5-TTS's has {expected}.",
                "Only F5-TTS's own mel front end is supported.",
            )
