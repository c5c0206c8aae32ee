"""A DiT with random weights, without files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from engine.arch import Arch
from engine.dit.model import DiT
from engine.weights.checkpoint import load_dit
from standins.random_weights import random_state


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
