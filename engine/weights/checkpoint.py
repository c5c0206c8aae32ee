"""Official F5-TTS checkpoints into a DiT, ready for inference.

Reads `model_*.safetensors` and `model_*.pt` exactly as published or as f5-tts's trainer saves them:
EMA weights under `ema_model.`, or `ema_model_state_dict` / `model_state_dict` in a `.pt`. Weights
are memory-mapped and go straight to their final dtype and device.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from engine.arch import Arch
from engine.dit import convolution, linear
from engine.dit.layers import Rotary
from engine.dit.model import DiT
from engine.reading import Unreadable, read_pickle
from engine.unset import unset
from engine.weights.config import PUBLISHED_CONFIGS, package_file, read_config
from errors import ModelUnavailable

_PREFIX = "transformer."
_BOOKKEEPING = {"initted", "step", "update"}
# Encoders that run once per chunk or once per schedule keep full precision; they cost nothing.
_FP32_PARTS = ("text_embed.", "time_embed.")
_WORDS_TOLD = 40  # of PyTorch's list of mismatches, which names every layer


def load_dit(
    path: Path,
    arch: Arch,
    vocab_size: int,
    *,
    device: torch.device,
    dtype: torch.dtype,
    use_ema: bool = True,
) -> DiT:
    """The DiT of a checkpoint file in inference mode. In `torch.int8`, which is for CPUs, the large
    products are, and all else is in fp32. Raises ModelUnavailable: the file is missing,
    damaged, not an F5-TTS checkpoint, or does not fit the architecture or the vocabulary; the
    message names the first mismatch."""
    official = read_state(path, use_ema=use_ema)
    _check_vocab(path, official, vocab_size)
    try:
        with unset():
            model = DiT(arch, vocab_size)
    except (RuntimeError, ValueError) as exc:
        raise _mismatch(path, f"there is no such model ({exc})", _size(official)) from exc
    inv_freq = official.pop("rotary_embed.inv_freq", None)
    size = _size(official)
    try:
        state = _to_our_names(official, arch)
    except KeyError as exc:
        raise _mismatch(path, f"{exc.args[0]} is missing", size) from exc
    except (RuntimeError, IndexError) as exc:
        raise _mismatch(path, f"a tensor has another shape ({exc})", size) from exc
    in_int8 = dtype == torch.int8
    for name, tensor in state.items():
        kept = torch.float32 if in_int8 or name.startswith(_FP32_PARTS) else dtype
        state[name] = tensor.to(device, kept)
    try:
        model.load_state_dict(state, assign=True)
    except RuntimeError as exc:
        raise _mismatch(path, " ".join(str(exc).split()[:_WORDS_TOLD]), size) from exc
    if inv_freq is None:
        inv_freq = 1.0 / (10000.0 ** (torch.arange(0, arch.dim_head, 2).float() / arch.dim_head))
    model.rotary = Rotary(inv_freq.to(device))
    model.eval().requires_grad_(False)
    del official, state  # so that packing frees one layer's weights after the other
    linear.pack(model, in_int8=set(model.large_products()) if in_int8 else ())
    convolution.pack(model.conv_pos_embed)
    return model


def read_state(path: Path, *, use_ema: bool = True) -> dict[str, Tensor]:
    """The transformer's tensors by f5-tts name, without the `ema_model.transformer.` prefix. Raises
    ModelUnavailable: see `load_dit`."""
    if not path.is_file():
        raise ModelUnavailable(f"The checkpoint {path} does not exist.", "Set F5_CKPT or F5_MODEL.")
    raw = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pt(path, use_ema)
    state = {}
    for key, value in raw.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            continue
        name = key.replace("ema_model.", "", 1) if key.startswith("ema_model.") else key
        if name in _BOOKKEEPING or not name.startswith(_PREFIX):
            continue  # counters and the mel front end's buffers
        state[name.removeprefix(_PREFIX)] = value
    if not state:
        raise _mismatch(path, "it has no `transformer.*` weights")
    return state


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)  # memory-mapped: pages are read when they are cast or used
    except (SafetensorError, OSError) as exc:
        raise ModelUnavailable(
            f"The checkpoint {path} is damaged: {exc}.", "Download it again; it may be truncated."
        ) from exc


def _read_pt(path: Path, use_ema: bool) -> Mapping[str, Tensor]:
    try:
        checkpoint = read_pickle(path, mapped=True)
    except Unreadable as exc:
        raise ModelUnavailable(
            f"The checkpoint {path} is damaged or not a PyTorch file: {exc}.",
            "Download it again; it may be truncated.",
        ) from exc
    states = ("ema_model_state_dict", "model_state_dict")
    wanted, other = states if use_ema else states[::-1]
    found = {name: checkpoint.get(name) for name in states} if isinstance(checkpoint, dict) else {}
    state = found.get(wanted)
    if isinstance(state, Mapping):
        return state
    hint = "It needs one, as f5-tts's trainer saves it; or give the model as safetensors."
    if isinstance(found.get(other), Mapping):
        hint = (
            "Set F5_USE_EMA=false for a checkpoint without EMA weights."
            if use_ema
            else "Set F5_USE_EMA=true for a pruned checkpoint."
        )
    raise ModelUnavailable(f"The checkpoint {path} has no `{wanted}`.", hint)


def _to_our_names(official: dict[str, Tensor], arch: Arch) -> dict[str, Tensor]:
    """Renames f5-tts's parameters to ours, joining q, k, v and splitting the input projection."""
    state: dict[str, Tensor] = {}
    projection = official.pop("input_embed.proj.weight")
    state["input_x.weight"] = projection[:, : arch.mel_dim]
    state["input_context.weight"] = projection[:, arch.mel_dim :]
    state["input_context.bias"] = official.pop("input_embed.proj.bias")
    for index in range(arch.depth):
        theirs, ours = f"transformer_blocks.{index}.", f"blocks.{index}."
        for kind in ("weight", "bias"):
            parts = [official.pop(f"{theirs}attn.to_{part}.{kind}") for part in "qkv"]
            state[f"{ours}attn.to_qkv.{kind}"] = torch.cat(parts)
    for name, tensor in official.items():
        for old, new in _RENAMES:
            name = name.replace(old, new)
        state[name] = tensor
    return state


_RENAMES = (
    ("transformer_blocks.", "blocks."),
    ("attn_norm.linear.", "attn_norm."),
    ("attn.to_out.0.", "attn.to_out."),
    ("ff.ff.0.0.", "ff_in."),
    ("ff.ff.2.", "ff_out."),
    ("input_embed.conv_pos_embed.", "conv_pos_embed."),
    ("norm_out.linear.", "norm_out."),
    ("long_skip_connection.", "skip."),
)


def _check_vocab(path: Path, state: dict[str, Tensor], vocab_size: int) -> None:
    table = state.get("text_embed.text_embed.weight")
    if table is not None and table.shape[0] != vocab_size + 1:
        raise ModelUnavailable(
            f"{path.name} knows {table.shape[0] - 1} tokens, the vocabulary has {vocab_size}.",
            "Set F5_VOCAB to the vocab.txt that belongs to this checkpoint.",
        )


def _size(official: Mapping[str, Tensor]) -> tuple[int, int] | None:
    """Blocks and width of a checkpoint; None if it has none."""
    blocks = [name for name in official if name.endswith(".attn.to_q.weight")]
    return (len(blocks), official[blocks[0]].shape[-1]) if blocks else None


def _mismatch(path: Path, detail: str, size: tuple[int, int] | None = None) -> ModelUnavailable:
    """`size`: blocks and width of the checkpoint, for which the hint names published models."""
    hint = "Set F5_CONFIG (or F5_MODEL) to the config it was trained with."
    if size:
        hint += f" It has {size[0]} blocks of width {size[1]}{_as_published(size)}."
    return ModelUnavailable(f"The checkpoint {path} does not fit the model config: {detail}.", hint)


def _as_published(size: tuple[int, int]) -> str:
    """Which published models have that many blocks of that width, for a hint; "" if none has."""
    files = {name: package_file(f"configs/{name}.yaml") for name in PUBLISHED_CONFIGS}
    archs = {name: read_config(file)[0] for name, file in files.items()}
    alike = [name for name, arch in archs.items() if (arch.depth, arch.dim) == size]
    return f", as {' and '.join(alike)} have: F5_MODEL may be one of these" if alike else ""
