"""Waveform to log-mel, as f5-tts's `get_vocos_mel_spectrogram` computes it.

torchaudio's MelSpectrogram(power=1, norm=None, mel_scale="htk", center=True) followed by
log(max(mel, 1e-5)); written out here so that the worker does not import torchaudio.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.arch import MelConfig

LOG_FLOOR = 1e-5


def mel_filterbank(config: MelConfig) -> Tensor:
    """Triangular HTK-scale filters, shape (n_fft // 2 + 1, n_mels), unnormalised.

    Source: torchaudio.functional.melscale_fbanks with its defaults.
    """
    n_freqs = config.n_fft // 2 + 1
    freqs = torch.linspace(0, config.sample_rate // 2, n_freqs)
    mel_max = 2595.0 * math.log10(1.0 + (config.sample_rate / 2) / 700.0)
    mel_points = torch.linspace(0.0, mel_max, config.n_mels + 2)
    hz_points = 700.0 * (10.0 ** (mel_points / 2595.0) - 1.0)
    widths = hz_points[1:] - hz_points[:-1]
    slopes = hz_points[None, :] - freqs[:, None]
    falling = -slopes[:, :-2] / widths[:-1]
    rising = slopes[:, 2:] / widths[1:]
    return torch.clamp(torch.minimum(falling, rising), min=0.0)


class LogMel:
    """Log-mel spectrogram of F5-TTS on one device; keeps the window and the filters."""

    def __init__(self, config: MelConfig, device: torch.device) -> None:
        self.config = config
        self.window = torch.hann_window(config.win_length, device=device)
        self.filters = mel_filterbank(config).to(device)

    def __call__(self, wave: Tensor) -> Tensor:
        """(samples,) at 24 kHz to (frames, n_mels), frames = samples // hop_length + 1."""
        spectrum = torch.stft(
            wave,
            self.config.n_fft,
            self.config.hop_length,
            self.config.win_length,
            window=self.window,
            center=True,
            pad_mode="reflect",
            return_complex=True,
        )
        mel = spectrum.abs().T @ self.filters
        return mel.clamp(min=LOG_FLOOR).log()
