"""What a vocoder is trained to: the right mel, the right spectra, and pulses of the right shape.

Four parts, all of waveforms (batch, samples) at 24 kHz:
- mel: mean |log-mel difference|, the mel being the one that the vocoder is given;
- spectra: at several window lengths, spectral convergence ||Y| - |X|| / ||Y|| and mean
  |log |Y| - log |X|| ("Parallel WaveGAN", arXiv 1910.11480);
- advance: how far the phases move from frame to frame, 1 - cos of the difference to how far they
  should, where there is sound. A pitch is right only if all its harmonics advance with it, and
  unlike the phases themselves the advance does not depend on where the pulses lie;
- shape: 1 - the highest normalised cross-correlation of a short frame of one waveform with the
  other's over small shifts. A mel does not say where a pitch pulse lies inside its frame, so no
  loss may ask for that; but whatever its place, a pulse has a shape, which is what magnitude losses
  leave open and what makes phases sound hollow when it is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.arch import MelConfig
from engine.mel import LOG_FLOOR, mel_filterbank

RESOLUTIONS = ((2048, 512), (1024, 256), (512, 128), (240, 60))  # (window, hop) in samples
# Magnitudes of white noise at -84 dB of full scale, a window of one sample; below lies the rounding
# to 16 bits, whose logarithm nobody hears or predicts.
_FLOOR = 6e-5
_SHAPE_WINDOW, _SHAPE_HOP = 1024, 512  # samples
_SHAPE_SHIFT = 160  # samples (7 ms): half a period of 75 Hz
_EMPHASIS = 0.9  # lifts the formants over the fundamental before shapes are compared


@dataclass(frozen=True)
class Weights:
    """How much each part counts in the sum."""

    mel: float = 2.0
    spectra: float = 1.0
    advance: float = 3.0
    shape: float = 1.0


class BatchLogMel(nn.Module):
    """`engine.mel.LogMel` with gradients: (batch, samples) to (batch, mels, frames)."""

    window: Tensor  # (win_length,)
    filters: Tensor  # (mels, freqs)

    def __init__(self, config: MelConfig | None = None) -> None:
        super().__init__()
        self.config = config or MelConfig()
        self.register_buffer("window", torch.hann_window(self.config.win_length))
        self.register_buffer("filters", mel_filterbank(self.config).T.contiguous())

    def forward(self, wave: Tensor) -> Tensor:
        c = self.config
        magnitude = _smooth_abs(_spectrum(wave, c.n_fft, c.hop_length, self.window))
        return (self.filters @ magnitude).clamp(min=LOG_FLOOR).log()


class SpectralLoss(nn.Module):
    """The weighted sum of the four parts, and each part by itself."""

    def __init__(self, weights: Weights | None = None) -> None:
        super().__init__()
        self.weights = weights or Weights()
        self.mel = BatchLogMel()
        for window, _ in RESOLUTIONS:
            self.register_buffer(f"window_{window}", torch.hann_window(window))

    def forward(self, made: Tensor, wanted: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Loss of `made` against `wanted`, both (batch, samples), and its unweighted parts."""
        with torch.no_grad():
            mel = self.mel(wanted)
        parts = {
            "mel": (self.mel(made) - mel).abs().mean(),
            **self._spectra(made, wanted),
            "shape": shape_distance(made, wanted),
        }
        total = torch.stack([getattr(self.weights, k) * v for k, v in parts.items()]).sum()
        return total, {name: float(value.detach()) for name, value in parts.items()}

    def _spectra(self, made: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        distance, advance = made.new_zeros(()), made.new_zeros(())
        for window, hop in RESOLUTIONS:
            taper = self.get_buffer(f"window_{window}")
            a, b = (_spectrum(wave, window, hop, taper) for wave in (made, wanted))
            x, y = _smooth_abs(a), _smooth_abs(b)
            distance = distance + (y - x).norm() / y.norm().clamp(min=1e-3)
            log_x, log_y = (m.clamp(min=_FLOOR * window**0.5).log() for m in (x, y))
            distance = distance + (log_y - log_x).abs().mean()
            advance = advance + advance_distance(a, b)
        count = len(RESOLUTIONS)
        return {"spectra": distance / count, "advance": advance / count}


def advance_distance(made: Tensor, wanted: Tensor) -> Tensor:
    """0 to 2: how differently phases advance; both complex (batch, freqs, frames).

    Frequencies count by their magnitude: it is the strong harmonics that make a pitch, and the only
    ones whose phases a network can foresee from a mel.
    """
    a, b = (s[..., 1:] * s[..., :-1].conj() for s in (made, wanted))
    both = _smooth_abs(a) * _smooth_abs(b)
    cosine = (a.real * b.real + a.imag * b.imag) / both.clamp(min=1e-9)
    weight = _smooth_abs(b).sqrt()
    return ((1 - cosine) * weight).sum() / weight.sum().clamp(min=1e-6)


def shape_distance(made: Tensor, wanted: Tensor) -> Tensor:
    """1 - shift-invariant correlation of short frames, mean over the frames that are not silent.

    Both (batch, samples); 0 is the same waveform up to small shifts, noise against noise is 0.7.
    """
    window = torch.hann_window(_SHAPE_WINDOW, device=wanted.device)
    x, y = (_frames(wave, window) for wave in (made, wanted))
    size = 2 * _SHAPE_WINDOW
    energy = y.square().sum(-1)
    norm = ((x.square().sum(-1) + 1e-4) * (energy + 1e-4)).sqrt()
    crossed = torch.fft.irfft(torch.fft.rfft(x, size).conj() * torch.fft.rfft(y, size), size)
    near = torch.cat((crossed[..., : _SHAPE_SHIFT + 1], crossed[..., -_SHAPE_SHIFT:]), dim=-1)
    distance = 1 - near.amax(dim=-1) / norm
    loud = (energy > 0.01 * energy.mean()).float()
    return (distance * loud).sum() / loud.sum().clamp(min=1)


def _frames(wave: Tensor, window: Tensor) -> Tensor:
    """(batch, samples) to (batch, frames, window), pre-emphasised and tapered."""
    emphasised = wave[:, 1:] - _EMPHASIS * wave[:, :-1]
    return emphasised.unfold(-1, window.shape[0], _SHAPE_HOP) * window


def _spectrum(wave: Tensor, size: int, hop: int, window: Tensor) -> Tensor:
    """(batch, samples) to complex (batch, size // 2 + 1, frames)."""
    return torch.stft(wave, size, hop, window=window, center=True, return_complex=True)


def _smooth_abs(spectrum: Tensor) -> Tensor:
    """Magnitudes, with a gradient at zero."""
    return (spectrum.real.square() + spectrum.imag.square() + 1e-12).sqrt()
