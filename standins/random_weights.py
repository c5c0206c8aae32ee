"""Seeded random weights of any size in the official format: for tests of shapes, speed and size."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor

from engine.arch import Arch
from engine.dit.model import DiT
from engine.weights.checkpoint import load_dit

# Small, but with every part that a published model has.
ARCH = Arch(dim=256, depth=4, heads=4, ff_mult=2, text_dim=128, conv_layers=2)


def random_dit(
    arch: Arch,
    dtype: torch.dtype,
    *,
    vocab_size: int = 100,
    seed: int = 0,
    device: str = "cpu",
) -> DiT:
    """A model of `arch`, loaded from the official format."""
    from safetensors.torch import save_file

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model.safetensors"
        save_file(random_state(arch, vocab_size, seed=seed), path)
        return load_dit(path, arch, vocab_size, device=torch.device(device), dtype=dtype)


def random_state(arch: Arch, vocab_size: int, *, seed: int) -> dict[str, Tensor]:
    """Seeded random weights under the official names, scaled to keep activations stable."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in official_shapes(arch, vocab_size).items():
        fan_in = shape[-1] if len(shape) == 2 else shape[1] * shape[2] if len(shape) == 3 else 0
        scale = fan_in**-0.5 if fan_in and "grn" not in name else 0.02
        values = torch.randn(shape, generator=generator) * scale
        if name.endswith("norm.weight"):
            values += 1.0
        state[f"ema_model.transformer.{name}"] = values
    # A constant, but f5-tts saves it with the weights and refuses a checkpoint without it.
    exponents = torch.arange(0, arch.dim_head, 2) / arch.dim_head
    state["ema_model.transformer.rotary_embed.inv_freq"] = 10000.0**-exponents
    return state


def official_shapes(arch: Arch, vocab_size: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the DiT's parameters in a published checkpoint."""
    d, inner, hidden = arch.dim, arch.heads * arch.dim_head, int(arch.dim * arch.ff_mult)
    shapes: dict[str, tuple[int, ...]] = {
        "text_embed.text_embed.weight": (vocab_size + 1, arch.text_dim)
    }
    for i in range(arch.conv_layers):
        shapes |= _conv_block(f"text_embed.text_blocks.{i}.", arch.text_dim)
    shapes |= _linear("time_embed.time_mlp.0", 256, d) | _linear("time_embed.time_mlp.2", d, d)
    shapes |= _linear("input_embed.proj", 2 * arch.mel_dim + arch.text_dim, d)
    for i in (0, 2):
        name = f"input_embed.conv_pos_embed.conv1d.{i}"
        shapes |= {f"{name}.weight": (d, d // 16, 31), f"{name}.bias": (d,)}
    for i in range(arch.depth):
        block = f"transformer_blocks.{i}."
        shapes |= _linear(f"{block}attn_norm.linear", d, 6 * d)
        for part in "qkv":
            shapes |= _linear(f"{block}attn.to_{part}", d, inner)
        shapes |= _linear(f"{block}attn.to_out.0", inner, d)
        shapes |= _linear(f"{block}ff.ff.0.0", d, hidden) | _linear(f"{block}ff.ff.2", hidden, d)
    return shapes | _linear("norm_out.linear", d, 2 * d) | _linear("proj_out", d, arch.mel_dim)


def _linear(name: str, n_in: int, n_out: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}


def _conv_block(name: str, dim: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        f"{name}dwconv.weight": (dim, 1, 7),
        f"{name}dwconv.bias": (dim,),
        f"{name}norm.weight": (dim,),
        f"{name}norm.bias": (dim,),
        f"{name}grn.gamma": (1, 1, 2 * dim),
        f"{name}grn.beta": (1, 1, 2 * dim),
    }
    return (
        shapes | _linear(f"{name}pwconv1", dim, 2 * dim) | _linear(f"{name}pwconv2", 2 * dim, dim)
    )
