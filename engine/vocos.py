"""Vocos: log-mel to waveform by predicting an STFT (arXiv 2306.00814).

Loads the official `config.yaml` + `pytorch_model.bin` (charactr/vocos-mel-24khz) and any Vocos of
the same layout. Parameter names are Vocos's own. The class paths in the YAML are compared with the
ones known here and never imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from worker.errors import ModelUnavailable

_MAX_MAGNITUDE = 1e2
_HINT = (
    "F5_VOCODER needs the directory of charactr/vocos-mel-24khz: config.yaml, pytorch_model.bin."
)


@dataclass(frozen=True)
class VocosConfig:
    """Backbone and head sizes of a Vocos."""

    n_mels: int
    dim: int
    intermediate_dim: int
    num_layers: int
    n_fft: int
    hop_length: int
    padding: str


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution and MLP with a learned residual scale."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv1d(dim, dim, kernel_size=7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1 = nn.Linear(dim, hidden)
        self.pwconv2 = nn.Linear(hidden, dim)
        self.gamma = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, dim, frames) to the same shape."""
        h = self.norm(self.dwconv(x).transpose(1, 2))
        h = self.gamma * self.pwconv2(F.gelu(self.pwconv1(h)))
        return x + h.transpose(1, 2)


class Backbone(nn.Module):
    """ConvNeXt stack over mel frames."""

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.embed = nn.Conv1d(config.n_mels, config.dim, kernel_size=7, padding=3)
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        blocks = [
            ConvNeXtBlock(config.dim, config.intermediate_dim) for _ in range(config.num_layers)
        ]
        self.convnext = nn.ModuleList(blocks)
        self.final_layer_norm = nn.LayerNorm(config.dim, eps=1e-6)

    def forward(self, mel: Tensor) -> Tensor:
        """(batch, n_mels, frames) to (batch, frames, dim)."""
        x = self.norm(self.embed(mel).transpose(1, 2)).transpose(1, 2)
        for block in self.convnext:
            x = block(x)
        return self.final_layer_norm(x.transpose(1, 2))


class Head(nn.Module):
    """Magnitude and phase of each frame, inverted by overlap-add."""

    window: Tensor

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.out = nn.Linear(config.dim, config.n_fft + 2)
        self.n_fft, self.hop, self.padding = config.n_fft, config.hop_length, config.padding
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, frames, dim) to (batch, samples)."""
        log_magnitude, phase = self.out(x).transpose(1, 2).chunk(2, dim=1)
        magnitude = log_magnitude.exp().clamp(max=_MAX_MAGNITUDE)
        spectrum = torch.polar(magnitude, phase)
        if self.padding == "center":
            return torch.istft(spectrum, self.n_fft, self.hop, self.n_fft, self.window, center=True)
        return self._overlap_add_same(spectrum)

    def _overlap_add_same(self, spectrum: Tensor) -> Tensor:
        """Inverse STFT that returns exactly frames * hop samples ("same" padding)."""
        frames = torch.fft.irfft(spectrum, self.n_fft, dim=1) * self.window[None, :, None]
        length = (spectrum.shape[-1] - 1) * self.hop + self.n_fft
        envelope = self.window.square()[None, :, None].expand(1, -1, spectrum.shape[-1])
        pad = (self.n_fft - self.hop) // 2
        wave, weight = (
            F.fold(x, (1, length), kernel_size=(1, self.n_fft), stride=(1, self.hop))
            for x in (frames, envelope)
        )
        return (wave / weight)[:, 0, 0, pad:-pad]


class Vocos(nn.Module):
    """Backbone and head; 256 samples a frame at 24 kHz."""

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.backbone = Backbone(config)
        self.head = Head(config)

    @torch.inference_mode()
    def forward(self, mel: Tensor) -> Tensor:
        """(frames, n_mels) log-mel to (samples,), fp32."""
        wave: Tensor = self.head(self.backbone(mel.T[None].float()))
        return wave[0]


def load_vocos(directory: Path, device: torch.device) -> Vocos:
    """A Vocos from a directory with `config.yaml` and `pytorch_model.bin`, in fp32.

    Raises:
        ModelUnavailable: a file is missing or damaged, or the config is not a mel Vocos.
    """
    import pickle

    config = read_config(directory / "config.yaml")
    weights = directory / "pytorch_model.bin"
    with torch.device("meta"):
        model = Vocos(config)
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
        state = {k: v.float() for k, v in state.items() if not k.startswith("feature_extractor.")}
        state.pop("head.istft.window", None)
        model.load_state_dict(state, assign=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, AttributeError) as exc:
        raise ModelUnavailable(
            f"The vocoder weights {weights} cannot be used: {str(exc).splitlines()[0]}",
            _HINT,
        ) from exc
    model.head.window = torch.hann_window(config.n_fft)
    return model.to(device).eval().requires_grad_(False)


def read_config(path: Path) -> VocosConfig:
    """Sizes from an official Vocos YAML.

    Raises:
        ModelUnavailable: unreadable, or parts other than mel features, VocosBackbone, ISTFTHead.
    """
    import yaml

    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        features = _part(raw, "feature_extractor", "MelSpectrogramFeatures")
        backbone = _part(raw, "backbone", "VocosBackbone")
        head = _part(raw, "head", "ISTFTHead")
        return VocosConfig(
            n_mels=backbone["input_channels"],
            dim=backbone["dim"],
            intermediate_dim=backbone["intermediate_dim"],
            num_layers=backbone["num_layers"],
            n_fft=head["n_fft"],
            hop_length=head["hop_length"],
            padding=head.get("padding", features.get("padding", "same")),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as exc:
        raise ModelUnavailable(
            f"The vocoder config {path} cannot be used: {exc}.",
            _HINT,
        ) from exc


def _part(raw: dict[str, Any], name: str, class_name: str) -> dict[str, Any]:
    path = raw[name]["class_path"]
    if path.rsplit(".", 1)[-1] != class_name:
        raise ValueError(f"{name} is {path}, only {class_name} is supported")
    return dict(raw[name].get("init_args") or {})
