"""Which CPU this is, as far as that decides how a model's products are made.

Facts that a processor states about itself, and no timing: the same processor gives the same speech
after every start. A guest sees what its host shows, so the same Xeon may have AMX or not.
"""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

import torch

_CPUINFO = Path("/proc/cpuinfo")


def has_bf16() -> bool:
    """Whether there are bf16 instructions; without them bf16 is many times slower than fp32."""
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


def fast_bf16() -> bool:
    """Whether bf16 instructions multiply faster than fp32's.

    AMX multiplies bf16 16 times as fast. AMD's VDPBF16PS (Zen 4 and later) does twice the work of
    an fp32 instruction in the same time, so did Intel's of 2020 (Cooper Lake). On Intel's cores
    with AVX512-FP16 (Sapphire Rapids and later) it is made of several steps and does half of it
    (docs/engine.md): there bf16 is only for AMX, which a guest may not be shown.
    """
    has = torch.cpu.get_capabilities()
    if has.get("amx_bf16"):
        return True
    return bool(has.get("avx512_bf16")) and not (is_intel() and has.get("avx512_fp16"))


@cache
def is_intel() -> bool:
    """Whether Intel made it. MKL, which multiplies PyTorch's fp32, is at its best only there."""
    try:
        lines = _CPUINFO.read_text("utf-8", "replace").splitlines()
    except OSError:  # not Linux
        return "GenuineIntel" in platform.processor()
    vendors = [line for line in lines if line.startswith("vendor_id")]
    return bool(vendors) and "GenuineIntel" in vendors[0]
