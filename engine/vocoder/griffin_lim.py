"""Log-mel to waveform without weights: the fallback for checkpoints that come without a vocoder.

Two classical steps: non-negative multiplicative updates find a magnitude spectrum whose mel is
the given one (Lee & Seung 2001), then torchaudio's fast Griffin-Lim algorithm finds phases for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchaudio.functional import griffinlim

from engine.arch import MelConfig
from engine.mel import mel_filterbank

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
        c = self.config
        return griffinlim(
            self._magnitude(mel.float().exp()),
            self.window,
            c.n_fft,
            c.hop_length,
            c.win_length,
            power=1.0,
            n_iter=self.iterations,
            momentum=_MOMENTUM,
            length=None,
            rand_init=False,
        )

    def _magnitude(self, mel: Tensor) -> Tensor:
        """(frames, n_mels) mel to (n_freqs, frames) with magnitude.T @ filters close to mel."""
        target = mel @ self.filters.T
        gram = self.filters @ self.filters.T
        spectrum = target.clamp(min=_EPS)
        for _ in range(_MAGNITUDE_UPDATES):
            spectrum = spectrum * target / (spectrum @ gram).clamp(min=_EPS)
        return spectrum.T.contiguous()
