"""Which number format the model's products run in, and which it goes on in after an overflow.

In fp16 the mel is nine times nearer to fp32's than in bf16, at the same rate (docs/engine.md), and
f5-tts itself runs in it; but it ends at 65,504. A checkpoint whose activations pass that gives no
numbers any more: the batcher then loads the model again in the format that `wider` names.

On a CPU the four products of each block may run in 8 bits (engine.dit.int8); `torch.int8` stands
for that, and all else is then in fp32.
"""

from __future__ import annotations

import logging
from functools import cache

import torch

from engine import processor
from engine.dit import int8

log = logging.getLogger("f5worker.engine")

_FP16_CAPABILITY = (7, 0)  # Volta and later multiply fp16 in tensor cores; f5-tts's own bound
_BF16_CAPABILITY = (8, 0)  # Ampere and later; before, PyTorch only emulates bf16


def pick_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """`auto`: fp16 on a GPU; on a CPU bf16, int8 or fp32, see `default_on_cpu`.

    What the device does not multiply in becomes what `auto` would be, or fp32, with a warning.
    """
    if wanted == "auto":
        return _fastest(device)
    dtype: torch.dtype = getattr(torch, wanted)
    if dtype == torch.int8 and not _multiplies_int8(device):
        instead = _fastest(device)
        log.warning(
            "F5_DTYPE=int8 is for CPUs, and works on those whose products it gives right; on this "
            "device the model runs in %s. Set F5_DTYPE=auto",
            name(instead),
        )
        return instead
    if dtype == torch.bfloat16 and device.type == "cuda" and not multiplies_bf16(device):
        log.warning(
            "this GPU only emulates bfloat16: the model runs in float32. Set F5_DTYPE=float16, "
            "which is faster, unless the model overflows in it"
        )
        return torch.float32
    return dtype


def around_products(dtype: torch.dtype) -> torch.dtype:
    """What the rest of a model runs in whose large products run in `dtype`."""
    return torch.float32 if dtype == torch.int8 else dtype


def wider(dtype: torch.dtype, device: torch.device) -> torch.dtype | None:
    """What to go on in when `dtype` overflows; None if a result that is no number has some other
    cause."""
    if dtype != torch.float16:
        return None
    return torch.bfloat16 if multiplies_bf16(device) else torch.float32


def multiplies_bf16(device: torch.device) -> bool:
    """Whether the device itself multiplies in bf16, and a CPU faster than in fp32. PyTorch's own
    answer for a GPU counts emulation as well."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= _BF16_CAPABILITY
    return device.type == "cpu" and processor.fast_bf16()


def overflow_warning(dtype: torch.dtype) -> str:
    """What a user is told of a model that goes on in `dtype`."""
    return (
        f"The model overflowed in half precision and goes on in {name(dtype)}: set "
        f"F5_DTYPE={name(dtype)} on the worker to start with it."
    )


def name(dtype: torch.dtype) -> str:
    """As `F5_DTYPE` has it."""
    return str(dtype).removeprefix("torch.")


def _fastest(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        capable = torch.cuda.get_device_capability(device) >= _FP16_CAPABILITY
        return torch.float16 if capable else torch.float32
    return default_on_cpu() if device.type == "cpu" else torch.float32


@cache
def default_on_cpu() -> torch.dtype:
    """bf16 where the CPU is faster in it than in fp32 (`engine.processor`), else int8 where that
    gives fp32's products, else fp32.

    With AMX int8 would multiply twice as fast as bf16; but products are then the smaller part, the
    rest would be in fp32, and the mel five times as far from fp32's. Not measured.

    Not what a timing at start says: it chose now one, now the other on a busy machine, and a job
    that goes on in another format than it began in is not the same speech.
    """
    if processor.fast_bf16():
        return torch.bfloat16
    return torch.float32 if int8.usable() is None else torch.int8


def _multiplies_int8(device: torch.device) -> bool:
    return device.type == "cpu" and int8.usable() is not None
