"""Waveform to log-mel, as f5-tts's `get_vocos_mel_spectrogram` computes it."""

from __future__ import annotations

import torch
from torch import Tensor
from torchaudio.functional import melscale_fbanks
from torchaudio.transforms import MelSpectrogram

from engine.arch import MelConfig

LOG_FLOOR = 1e-5


def mel_filterbank(config: MelConfig) -> Tensor:
    """Triangular HTK-scale filters, (n_fft // 2 + 1, n_mels), unnormalised."""
    return melscale_fbanks(
        config.n_fft // 2 + 1, 0.0, config.sample_rate / 2, config.n_mels, config.sample_rate
    )


class LogMel:
    """Log-mel spectrogram of F5-TTS on one device; keeps the window and the filters."""

    def __init__(self, config: MelConfig, device: torch.device) -> None:
        self.config, self.device = config, device
        c = config
        self._mel = MelSpectrogram(
            c.sample_rate, c.n_fft, c.win_length, c.hop_length, n_mels=c.n_mels, power=1
        ).to(device)

    def __call__(self, wave: Tensor) -> Tensor:
        """(samples,) at 24 kHz to (frames, n_mels), frames = samples // hop_length + 1."""
        return self._mel(wave).T.clamp(min=LOG_FLOOR).log()
