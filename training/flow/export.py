"""The trained DiT as a checkpoint in the official layout: weights, vocabulary, config."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from torch import Tensor

from engine.arch import Arch, MelConfig
from engine.weights.config import package_file

WEIGHTS, VOCAB, CONFIG = "model.safetensors", "vocab.txt", "arch.yaml"
PREFIX = "ema_model.transformer."


def official_vocab() -> Path:
    """The vocabulary file that f5-tts ships."""
    return package_file("infer/examples/vocab.txt")


def write_checkpoint(directory: Path, state: dict[str, Tensor], arch: Arch, name: str) -> Path:
    """Writes `model.safetensors` (fp16, EMA keys), `vocab.txt` and `arch.yaml`.

    Args:
        state: averaged weights by f5-tts's names, with `rotary_embed.inv_freq`.
    """
    from safetensors.torch import save_file

    directory.mkdir(parents=True, exist_ok=True)
    tensors = {f"{PREFIX}{key}": value.to(torch.float16) for key, value in state.items()}
    # f5-tts refuses a checkpoint without this constant, and its precision decides the angles.
    constant = f"{PREFIX}rotary_embed.inv_freq"
    tensors[constant] = state["rotary_embed.inv_freq"].float()
    save_file({key: value.contiguous() for key, value in tensors.items()}, directory / WEIGHTS)
    shutil.copyfile(official_vocab(), directory / VOCAB)
    (directory / CONFIG).write_text(config_yaml(arch, name), encoding="utf-8")
    return directory


def config_yaml(arch: Arch, name: str) -> str:
    """The model config in the format of f5-tts's `configs/*.yaml`."""
    import yaml

    mel = MelConfig()
    fields = {
        "dim": arch.dim,
        "depth": arch.depth,
        "heads": arch.heads,
        "dim_head": arch.dim_head,
        "ff_mult": arch.ff_mult,
        "text_dim": arch.text_dim,
        "conv_layers": arch.conv_layers,
        "text_mask_padding": arch.text_mask_padding,
        "text_embedding_average_upsampling": arch.average_upsampling,
        "qk_norm": arch.qk_norm,
        "attn_backend": "torch",
        "attn_mask_enabled": True,
    }
    model = {
        "name": name,
        "backbone": "DiT",
        "tokenizer": "pinyin",
        "arch": fields,
        "mel_spec": {
            "target_sample_rate": mel.sample_rate,
            "n_mel_channels": mel.n_mels,
            "hop_length": mel.hop_length,
            "win_length": mel.win_length,
            "n_fft": mel.n_fft,
            "mel_spec_type": "vocos",
        },
    }
    text: str = yaml.safe_dump({"model": model}, sort_keys=False)
    return text
