"""Log-mel to waveform without weights: the fallback for checkpoints that come without a vocoder.

Two classical steps: non-negative multiplicative updates find a magnitude spectrum whose mel is
the given one (Lee & Seung 2001), then the fast Griffin-Lim algorithm finds phases for it
(Perraudin, Balazs & Soendergaard 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.arch import MelConfig
from engine.mel import LOG_FLOOR, mel_filterbank

_EPS = 1e-8
_MAGNITUDE_UPDATES = 30
_MOMENTUM = 0.99


class GriffinLim:
    """Phase reconstruction with the mel settings of F5-TTS; called like a Vocos."""

    def __init__(self, config: MelConfig, device: torch.device, *, iterations: int = 60) -> None:
        self.config = config
        self.window = torch.hann_window(config.win_length, device=device)
        self.filters = mel_filterbank(config).to(device)
        self.iterations = iterations

    @torch.inference_mode()
    def __call__(self, mels: Sequence[Tensor]) -> list[Tensor]:
        """(frames, n_mels) log-mels to ((frames - 1) * hop_length,) samples each, fp32."""
        return [self._rebuild(mel) for mel in mels]

    def _rebuild(self, mel: Tensor) -> Tensor:
        """(frames, n_mels) log-mel to (samples,)."""
        frames, hop = mel.shape[0], self.config.hop_length
        fewest = self.config.n_fft // (2 * hop) + 2  # the transform mirrors half a window
        silence = (0, 0, 0, max(0, fewest - frames))
        magnitude = self._magnitude(F.pad(mel.float(), silence, value=log(LOG_FLOOR)).exp())
        generator = torch.Generator(device="cpu").manual_seed(0)
        angles = torch.rand(magnitude.shape, generator=generator).to(mel.device) * 2 * torch.pi
        estimate = torch.polar(magnitude, angles)
        previous = torch.zeros_like(estimate)
        for _ in range(self.iterations):
            rebuilt = self._stft(self._istft(estimate))[:, : magnitude.shape[1]]
            accelerated = rebuilt + _MOMENTUM * (rebuilt - previous)
            estimate = magnitude * accelerated / accelerated.abs().clamp(min=_EPS)
            previous = rebuilt
        return self._istft(estimate)[: (frames - 1) * hop]

    def _magnitude(self, mel: Tensor) -> Tensor:
        """(frames, n_mels) mel to (n_freqs, frames) with magnitude.T @ filters close to mel."""
        target = mel @ self.filters.T
        gram = self.filters @ self.filters.T
        spectrum = target.clamp(min=_EPS)
        for _ in range(_MAGNITUDE_UPDATES):
            spectrum = spectrum * target / (spectrum @ gram).clamp(min=_EPS)
        return spectrum.T.contiguous()

    def _stft(self, wave: Tensor) -> Tensor:
        """(samples,) to (n_freqs, frames), complex."""
        c = self.config
        return torch.stft(
            wave, c.n_fft, c.hop_length, c.win_length, self.window, return_complex=True
        )

    def _istft(self, spectrum: Tensor) -> Tensor:
        """(n_freqs, frames), complex, to ((frames - 1) * hop_length,) samples."""
        c = self.config
        return torch.istft(spectrum, c.n_fft, c.hop_length, c.win_length, self.window)
