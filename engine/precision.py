"""Which number format the model's products run in, and which it goes on in after an overflow.

In fp16 the mel is nine times nearer to fp32's than in bf16, at the same rate (docs/engine.md), and
f5-tts itself runs in it; but it ends at 65,504. A checkpoint whose activations pass that gives no
numbers any more: the batcher then loads the model again in the format that `wider` names.

On a CPU the four products of each block may run in 8 bits (engine.dit.int8); `torch.int8` stands
for that, and all else is then in fp32.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache

import torch

from engine.dit import int8
from engine.dit.linear import cpu_multiplies_bf16, products
from engine.dit.timing import best_seconds

log = logging.getLogger("f5worker.engine")

_FP16_CAPABILITY = (7, 0)  # Volta and later multiply fp16 in tensor cores; f5-tts's own bound
_BF16_CAPABILITY = (8, 0)  # Ampere and later; before, PyTorch only emulates bf16
_WORTH_INT8 = 1.3  # times fp32's rate: for less it is not worth its error


def pick_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """`auto`: fp16 on a GPU; on a CPU bf16, int8 or fp32, see `fastest_on_cpu`.

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
    """Whether the device itself multiplies in bf16. PyTorch's own answer for a GPU counts
    emulation as well."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= _BF16_CAPABILITY
    return device.type == "cpu" and cpu_multiplies_bf16()


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
    return fastest_on_cpu() if device.type == "cpu" else torch.float32


@cache
def fastest_on_cpu() -> torch.dtype:
    """bf16 where the CPU multiplies in it and faster than in fp32; else int8 where that is worth
    it; else fp32. Products in each are timed once.

    bf16 has a fifth of int8's error, so it goes first. One CPU with avx512_bf16 is twice as fast
    in it as in fp32, another half as fast; without such instructions it is eight times slower.
    """
    wide = [torch.float32, torch.bfloat16] if cpu_multiplies_bf16() else [torch.float32]
    timed = wide if int8.usable() is None else [*wide, torch.int8]
    rates = _rates(timed)
    if rates.get(torch.bfloat16, 0.0) > rates[torch.float32]:
        return torch.bfloat16
    worth = rates.get(torch.int8, 0.0) > _WORTH_INT8 * rates[torch.float32]
    return torch.int8 if worth else torch.float32


def _rates(formats: Sequence[torch.dtype]) -> dict[torch.dtype, float]:
    """Products a second in each format, the faster of plain and packed."""
    ways = [(dtype, product) for dtype in formats for product in products(dtype)]
    seconds = best_seconds([product for _, product in ways])
    rates: dict[torch.dtype, float] = {}
    for (dtype, _), took in zip(ways, seconds, strict=True):
        rates[dtype] = max(rates.get(dtype, 0.0), 1 / took)
    return rates


def _multiplies_int8(device: torch.device) -> bool:
    return device.type == "cpu" and int8.usable() is not None
