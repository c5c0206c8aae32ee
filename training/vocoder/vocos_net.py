"""A trainable Vocos for batches of mels of one length (arXiv 2306.00814), and its package on disk.

Parameter names and the config file are the official Vocos's, so that what is exported is loaded
by `engine.vocoder.vocos` and by the `vocos` package alike. The worker's own module is for inference
only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.arch import MelConfig
from engine.mel import mel_filterbank
from training.vocoder.options import VocosSize

CONFIG, WEIGHTS = "config.yaml", "pytorch_model.bin"
_MAX_MAGNITUDE = 1e2  # Vocos clips here


class _Block(nn.Module):
    """ConvNeXt: depthwise convolution and MLP with a learned residual scale."""

    def __init__(self, size: VocosSize) -> None:
        super().__init__()
        hidden = size.dim * size.expansion
        self.dwconv = nn.Conv1d(size.dim, size.dim, 7, padding=3, groups=size.dim)
        self.norm = nn.LayerNorm(size.dim, eps=1e-6)
        self.pwconv1 = nn.Linear(size.dim, hidden)
        self.pwconv2 = nn.Linear(hidden, size.dim)
        self.gamma = nn.Parameter(torch.full((size.dim,), 1 / size.layers))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, dim, frames) to the same shape."""
        h = self.norm(self.dwconv(x).transpose(1, 2))
        h = self.gamma * self.pwconv2(F.gelu(self.pwconv1(h)))
        return x + h.transpose(1, 2)


class _Backbone(nn.Module):
    """ConvNeXt stack over mel frames."""

    def __init__(self, size: VocosSize, n_mels: int) -> None:
        super().__init__()
        self.embed = nn.Conv1d(n_mels, size.dim, 7, padding=3)
        self.norm = nn.LayerNorm(size.dim, eps=1e-6)
        self.convnext = nn.ModuleList([_Block(size) for _ in range(size.layers)])
        self.final_layer_norm = nn.LayerNorm(size.dim, eps=1e-6)

    def forward(self, mel: Tensor) -> Tensor:
        """(batch, mels, frames) to (batch, frames, dim)."""
        x = self.norm(self.embed(mel).transpose(1, 2)).transpose(1, 2)
        for block in self.convnext:
            x = block(x)
        hidden: Tensor = self.final_layer_norm(x.transpose(1, 2))
        return hidden


class _Head(nn.Module):
    """Magnitude and phase of each frame, inverted by overlap-add."""

    window: Tensor

    def __init__(self, size: VocosSize, mel: MelConfig) -> None:
        super().__init__()
        self.out = nn.Linear(size.dim, mel.n_fft + 2)
        self.mel = mel
        self.register_buffer("window", torch.hann_window(mel.n_fft), persistent=False)

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, frames, dim) to (batch, (frames - 1) * hop)."""
        log_magnitude, phase = self.out(hidden).transpose(1, 2).chunk(2, dim=1)
        spectrum = torch.polar(log_magnitude.exp().clamp(max=_MAX_MAGNITUDE), phase)
        return torch.istft(spectrum, self.mel.n_fft, self.mel.hop_length, window=self.window)


class TrainableVocos(nn.Module):
    """Backbone and head; `bf16` runs the backbone's products in bfloat16."""

    def __init__(self, size: VocosSize, *, bf16: bool = False) -> None:
        super().__init__()
        self.size, self.bf16 = size, bf16
        self.mel = MelConfig()
        self.backbone = _Backbone(size, self.mel.n_mels)
        self.head = _Head(size, self.mel)
        self.apply(_initialise)

    def forward(self, mel: Tensor) -> Tensor:
        """(batch, mels, frames) log-mel to (batch, (frames - 1) * hop) samples."""
        with torch.autocast(mel.device.type, torch.bfloat16, enabled=self.bf16):
            hidden = self.backbone(mel)
        wave: Tensor = self.head(hidden.float())
        return wave


def export(model: TrainableVocos, directory: Path) -> int:
    """Writes `config.yaml` and `pytorch_model.bin` (fp16 weights); returns their size in bytes."""
    import yaml

    directory.mkdir(parents=True, exist_ok=True)
    state: dict[str, Tensor] = {k: v.half().cpu() for k, v in model.state_dict().items()}
    state["head.istft.window"] = model.head.window.float().cpu()
    # Constants of the official file; `vocos` does not load one without them.
    features = "feature_extractor.mel_spec"
    state[f"{features}.spectrogram.window"] = state["head.istft.window"]
    state[f"{features}.mel_scale.fb"] = mel_filterbank(model.mel)
    config, weights = directory / CONFIG, directory / WEIGHTS
    torch.save(state, weights)
    config.write_text(yaml.safe_dump(official_config(model), sort_keys=False))
    return config.stat().st_size + weights.stat().st_size


def official_config(model: TrainableVocos) -> dict[str, Any]:
    """The content of an official `config.yaml` with this model's sizes."""
    size, mel = model.size, model.mel
    frames = {"n_fft": mel.n_fft, "hop_length": mel.hop_length, "padding": "center"}
    features = {"sample_rate": mel.sample_rate, "n_mels": mel.n_mels, **frames}
    backbone = {
        "input_channels": mel.n_mels,
        "dim": size.dim,
        "intermediate_dim": size.dim * size.expansion,
        "num_layers": size.layers,
    }
    return {
        "feature_extractor": _part("vocos.feature_extractors.MelSpectrogramFeatures", features),
        "backbone": _part("vocos.models.VocosBackbone", backbone),
        "head": _part("vocos.heads.ISTFTHead", {"dim": size.dim, **frames}),
    }


def _part(class_path: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"class_path": class_path, "init_args": arguments}


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv1d):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
