"""Vocos: log-mel to waveform by predicting an STFT (arXiv 2306.00814).

Loads the official `config.yaml` + `pytorch_model.bin` (charactr/vocos-mel-24khz) and any Vocos of
the same layout. Parameter names are Vocos's own. The class paths in the YAML are compared with the
ones known here and never imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from pydantic import PositiveInt, TypeAdapter
from torch import Tensor, nn

from engine.dit import linear
from engine.dit.linear import Linear
from engine.dit.packing import steady
from engine.reading import Unreadable, first_line, read_pickle, read_yaml
from engine.unset import unset
from errors import ModelUnavailable

_MAX_MAGNITUDE = 1e2
_KERNEL = 7  # frames, of every convolution
_HINT = (
    "F5_VOCODER needs the directory of charactr/vocos-mel-24khz: config.yaml, pytorch_model.bin."
)


@dataclass(frozen=True)
class VocosConfig:
    """Backbone and head sizes of a Vocos."""

    n_mels: PositiveInt
    dim: PositiveInt
    intermediate_dim: PositiveInt
    num_layers: PositiveInt
    n_fft: PositiveInt
    hop_length: PositiveInt
    padding: Literal["center", "same"]


class Row:
    """Mels of any lengths along one axis of frames, zeros between them: `mel` (1, n_mels, frames).

    The gap is as long as the convolutions and the overlap-add reach, so that mels do not mix;
    `gaps` (1, 1, frames) is true there. `spans` are each mel's (start, stop) frames. If `padded`
    zeros follow the last one, up to one of few lengths (`engine.dit.packing.steady`).
    """

    def __init__(self, mels: Sequence[Tensor], gap: int, padded: bool) -> None:
        sizes = [mel.shape[0] for mel in mels]
        starts = list(accumulate((size + gap for size in sizes), initial=0))
        self.spans = [(start, start + size) for start, size in zip(starts[:-1], sizes, strict=True)]
        frames = steady(starts[-1] - gap) if padded else starts[-1] - gap
        self.mel = mels[0].new_zeros(1, mels[0].shape[1], frames)
        self.gaps = torch.ones(1, 1, frames, dtype=torch.bool, device=mels[0].device)
        for mel, (start, stop) in zip(mels, self.spans, strict=True):
            self.mel[0, :, start:stop] = mel.T
            self.gaps[..., start:stop] = False


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution and MLP with a learned residual scale."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv1d(dim, dim, _KERNEL, padding=_KERNEL // 2, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1 = Linear(dim, hidden, gelu="none")
        self.pwconv2 = Linear(hidden, dim)
        self.gamma = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        """(1, dim, frames) to the same shape."""
        h = self.norm(self.dwconv(x).transpose(1, 2))
        h = self.gamma * self.pwconv2(self.pwconv1(h))
        return x + h.transpose(1, 2)


class Backbone(nn.Module):
    """ConvNeXt stack over mel frames."""

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.embed = nn.Conv1d(config.n_mels, config.dim, _KERNEL, padding=_KERNEL // 2)
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        blocks = [
            ConvNeXtBlock(config.dim, config.intermediate_dim) for _ in range(config.num_layers)
        ]
        self.convnext = nn.ModuleList(blocks)
        self.final_layer_norm = nn.LayerNorm(config.dim, eps=1e-6)

    def forward(self, row: Row) -> Tensor:
        """(1, n_mels, frames) of `row` to (1, frames, dim)."""
        x = self.norm(self.embed(row.mel).transpose(1, 2)).transpose(1, 2)
        for block in self.convnext:
            # Each convolution must see zeros around every mel. Filled in, not multiplied: what is
            # no number leaks into the gaps, and 0 times that would reach the neighbours.
            x = block(x.masked_fill(row.gaps, 0.0))
        return self.final_layer_norm(x.transpose(1, 2))


class Head(nn.Module):
    """Magnitude and phase of each frame, inverted by overlap-add. "center" padding cuts half a
    window at both ends, "same" leaves hop_length samples per frame."""

    window: Tensor

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.out = Linear(config.dim, config.n_fft + 2)
        self.n_fft, self.hop = config.n_fft, config.hop_length
        self.trim = (self.n_fft if config.padding == "center" else self.n_fft - self.hop) // 2
        window = torch.hann_window(config.n_fft, device="cpu")  # no checkpoint holds it
        self.register_buffer("window", window, persistent=False)

    def forward(self, x: Tensor, row: Row) -> list[Tensor]:
        """(1, frames, dim) to the samples of each of the row's mels."""
        log_magnitude, phase = self.out(x).transpose(1, 2).chunk(2, dim=1)
        magnitude = log_magnitude.exp().clamp(max=_MAX_MAGNITUDE)
        frames = torch.fft.irfft(torch.polar(magnitude, phase), self.n_fft, dim=1)
        window = self.window[None, :, None]
        wave = self._overlap_add((frames * window).masked_fill(row.gaps, 0.0))
        weight = self._overlap_add(window.square().masked_fill(row.gaps, 0.0))
        waves = []
        for start, stop in row.spans:
            last = (stop - 1) * self.hop + self.n_fft
            cut = slice(start * self.hop + self.trim, last - self.trim)
            waves.append(wave[cut] / weight[cut])
        return waves

    def _overlap_add(self, frames: Tensor) -> Tensor:
        """(1, n_fft, frames) to (samples,)."""
        length = (frames.shape[-1] - 1) * self.hop + self.n_fft
        kernel, stride = (1, self.n_fft), (1, self.hop)
        return F.fold(frames, (1, length), kernel_size=kernel, stride=stride)[0, 0, 0]


class Vocos(nn.Module):
    """Backbone and head; the published one makes 256 samples per frame, at 24 kHz."""

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.head = Head(config)
        self.gap = max(_KERNEL // 2, -(-config.n_fft // config.hop_length) - 1)

    @torch.inference_mode()
    def forward(self, mels: Sequence[Tensor]) -> list[Tensor]:
        """(frames, n_mels) log-mels, of any lengths, to (samples,) each, fp32.

        On a GPU all in one pass. On a CPU one after the other, which is no slower and keeps a
        waveform's bits independent of the others.
        """
        if mels[0].device.type != "cpu":
            return self.one_pass(mels)
        return [wave for mel in mels for wave in self.one_pass([mel], padded=False)]

    def one_pass(self, mels: Sequence[Tensor], *, padded: bool = True) -> list[Tensor]:
        """`forward` on any device in a single pass; `padded`: see `Row`."""
        row = Row([mel.float() for mel in mels], self.gap, padded)
        waves: list[Tensor] = self.head(self.backbone(row), row)
        return waves


def load_vocos(directory: Path, device: torch.device) -> Vocos:
    """A Vocos from a directory with `config.yaml` and `pytorch_model.bin`, in fp32. Raises
    ModelUnavailable: a file is missing or damaged, or the config is not a mel Vocos."""
    config = read_config(directory / "config.yaml")
    weights = directory / "pytorch_model.bin"
    try:
        with unset():
            model = Vocos(config)
        state = read_pickle(weights)
        state = {k: v.float() for k, v in state.items() if not k.startswith("feature_extractor.")}
        state.pop("head.istft.window", None)
        model.load_state_dict(state, assign=True)
    except (Unreadable, RuntimeError, ValueError, TypeError, AttributeError) as exc:
        raise ModelUnavailable(
            f"The vocoder weights {weights} cannot be used: {first_line(exc)}", _HINT
        ) from exc
    model.to(device).eval().requires_grad_(False)
    linear.pack(model)
    return model


def read_config(path: Path) -> VocosConfig:
    """Sizes from an official Vocos YAML. Raises ModelUnavailable: unreadable, or parts other than
    mel features, VocosBackbone, ISTFTHead."""
    try:
        raw = read_yaml(path)
        features = _part(raw, "feature_extractor", "MelSpectrogramFeatures")
        backbone = _part(raw, "backbone", "VocosBackbone")
        head = _part(raw, "head", "ISTFTHead")
        values = {
            "n_mels": backbone["input_channels"],
            "dim": backbone["dim"],
            "intermediate_dim": backbone["intermediate_dim"],
            "num_layers": backbone["num_layers"],
            "n_fft": head["n_fft"],
            "hop_length": head["hop_length"],
            "padding": head.get("padding", features.get("padding", "same")),
        }
        return TypeAdapter(VocosConfig).validate_python(values)
    except (KeyError, TypeError, ValueError) as exc:
        problem = exc if isinstance(exc, Unreadable) else "it is not that of a mel Vocos"
        raise ModelUnavailable(
            f"The vocoder config {path} cannot be used: {problem}.", _HINT
        ) from exc


def _part(raw: dict[str, Any], name: str, class_name: str) -> dict[str, Any]:
    path = str(raw[name]["class_path"])
    if path.rsplit(".", 1)[-1] != class_name:
        raise Unreadable(f"{name} is {path}, only {class_name} is supported")
    return dict(raw[name].get("init_args") or {})
