"""f5-tts's own modules, imported without its training stack (accelerate, datasets, wandb, ...).

`f5_tts.model` imports all of that at once. What is not installed is replaced by empty modules while
the import runs; the classes used here compute exactly as released.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from torch import nn

from engine.arch import Arch

_UNUSED = {
    "accelerate": ("Accelerator",),
    "accelerate.utils": ("DistributedDataParallelKwargs",),
    "datasets": ("Dataset", "load_from_disk"),
    "ema_pytorch": ("EMA",),
    "wandb": (),
    "librosa": (),
    "librosa.filters": ("mel",),
}


@cache
def classes() -> types.SimpleNamespace:
    """f5-tts's `DiT` and `CFM`, as released."""
    with _placeholders():
        dit = importlib.import_module("f5_tts.model.backbones.dit")
        cfm = importlib.import_module("f5_tts.model.cfm")
    return types.SimpleNamespace(DiT=dit.DiT, CFM=cfm.CFM)


def new_dit(arch: Arch, vocab_size: int) -> nn.Module:
    """An untrained DiT of f5-tts; its state dict has the official names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # attention masks on a GPU; training here passes none
        model: nn.Module = classes().DiT(
            dim=arch.dim,
            depth=arch.depth,
            heads=arch.heads,
            dim_head=arch.dim_head,
            dropout=0.0,
            ff_mult=arch.ff_mult,
            mel_dim=arch.mel_dim,
            text_num_embeds=vocab_size,
            text_dim=arch.text_dim,
            text_mask_padding=arch.text_mask_padding,
            text_embedding_average_upsampling=arch.average_upsampling,
            qk_norm=arch.qk_norm,
            conv_layers=arch.conv_layers,
            pe_attn_head=arch.pe_attn_head,
            attn_mask_enabled=True,
            long_skip_connection=arch.long_skip_connection,
        )
    return model


@contextmanager
def _placeholders() -> Iterator[None]:
    added = []
    for name, attributes in _UNUSED.items():
        if name in sys.modules or _is_installed(name):
            continue
        module: Any = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        for attribute in attributes:
            setattr(module, attribute, object)
        sys.modules[name] = module
        added.append(name)
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
