"""Small random checkpoints in the official format, written by f5-tts's and Vocos's own classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from engine.weights.checkpoint import read_state
from engine.weights.config import package_file
from standins.oracle import f5

_PREFIX = "ema_model.transformer."  # of a published checkpoint's names
ARCHS: dict[str, dict[str, Any]] = {
    # The published shapes' switches, at a size a test can run.
    "v1": dict(text_dim=32, conv_layers=2, text_mask_padding=True, qk_norm=None),
    "v0": dict(text_dim=32, conv_layers=2, text_mask_padding=False, pe_attn_head=1),
    "qk_norm": dict(text_dim=32, conv_layers=1, qk_norm="rms_norm"),
    "upsampling": dict(text_dim=32, conv_layers=2, text_embedding_average_upsampling=True),
    "plain": dict(text_mask_padding=False, long_skip_connection=True),
}
SIZE = dict(dim=64, depth=3, heads=4, dim_head=16, ff_mult=2)
MEL = dict(
    target_sample_rate=24000, n_mel_channels=100, hop_length=256, win_length=1024, n_fft=1024
)


@dataclass(frozen=True)
class TinyCheckpoint:
    """Files of one checkpoint and f5-tts's own model with the same weights."""

    directory: Path
    config: Path
    weights: Path
    vocab: Path
    oracle: Any


def make_checkpoint(directory: Path, arch: str = "v1", *, seed: int = 0) -> TinyCheckpoint:
    """Writes `arch.yaml`, `vocab.txt`, `model_1.safetensors` and `model_1.pt` to `directory`."""
    from safetensors.torch import save_file

    directory.mkdir(parents=True, exist_ok=True)
    vocab = directory / "vocab.txt"
    vocab.write_bytes(package_file("infer/examples/vocab.txt").read_bytes())
    char_map, size = f5().utils.get_tokenizer(str(vocab), "custom")
    kwargs = {**SIZE, **ARCHS[arch]}
    model = (
        f5()
        .CFM(
            transformer=f5().DiT(**kwargs, text_num_embeds=size, mel_dim=100),
            mel_spec_kwargs={**MEL, "mel_spec_type": "vocos"},
            vocab_char_map=char_map,
        )
        .eval()
    )
    _randomise(model, seed)
    config = directory / "arch.yaml"
    config.write_text(
        yaml.safe_dump(
            {"model": {"name": arch, "backbone": "DiT", "arch": kwargs, "mel_spec": MEL}}
        )
    )
    state = {f"ema_model.{k}": v.clone() for k, v in model.state_dict().items()}
    weights = directory / "model_1.safetensors"
    save_file(state, weights)
    extra = {"initted": torch.tensor(True), "step": torch.tensor(1)}
    torch.save(
        {"ema_model_state_dict": {**state, **extra}, "model_state_dict": model.state_dict()},
        directory / "model_1.pt",
    )
    return TinyCheckpoint(directory, config, weights, vocab, model)


def beyond_half_precision(weights: Path, to: Path) -> None:
    """Writes the same model with attention values that fp16 cannot hold: 2^20 times as large, and
    the projection after them as much smaller, so that in bf16 and fp32 no digit changes."""
    from safetensors.torch import save_file

    state = {f"{_PREFIX}{name}": t.float() for name, t in read_state(weights).items()}
    for name, tensor in state.items():
        if ".attn.to_v." in name:
            tensor *= 2.0**20
        elif name.endswith("attn.to_out.0.weight"):
            tensor /= 2.0**20
    save_file(state, to)


def _randomise(model: torch.nn.Module, seed: int) -> None:
    """Weights of every layer, also those f5-tts starts at zero, at a scale that stays stable."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            fan_in = parameter.shape[-1] if parameter.ndim > 1 else 16
            scale = min(1.0, fan_in**-0.5)
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)


def make_vocos(
    directory: Path,
    *,
    seed: int = 0,
    padding: str = "center",
    dim: int = 32,
    intermediate_dim: int = 64,
    num_layers: int = 2,
) -> Any:
    """Writes a random Vocos in the official layout; returns Vocos's own model with its weights.

    It is small by default; the published one is 512, 1536, 8.
    """
    directory.mkdir(parents=True, exist_ok=True)
    mel = dict(sample_rate=24000, n_fft=1024, hop_length=256, n_mels=100, padding=padding)
    backbone = dict(
        input_channels=100, dim=dim, intermediate_dim=intermediate_dim, num_layers=num_layers
    )
    head = dict(dim=dim, n_fft=1024, hop_length=256, padding=padding)
    config = {
        "feature_extractor": _part("feature_extractors.MelSpectrogramFeatures", mel),
        "backbone": _part("models.VocosBackbone", backbone),
        "head": _part("heads.ISTFTHead", head),
    }
    (directory / "config.yaml").write_text(yaml.safe_dump(config))
    model = f5().Vocos.from_hparams(str(directory / "config.yaml")).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.02)
    torch.save(model.state_dict(), directory / "pytorch_model.bin")
    return model


def change_vocos(directory: Path, part: str, values: Mapping[str, Any]) -> None:
    """Other values of one part in the config that `make_vocos` wrote."""
    path = directory / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config[part]["init_args"] |= values
    path.write_text(yaml.safe_dump(config))


def _part(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"class_path": f"vocos.{name}", "init_args": arguments}
