"""Which CPU this is, as far as that decides how a model's products are made.

Told by what the processor states about itself, and by no timing: the same processor gives the same
speech after every start. A virtual machine sees what its host shows, so the same Xeon may have AMX
or not; one that is shown as another model is taken for that model.
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

    AMX multiplies bf16 16 times as fast as AVX-512 does fp32. VDPBF16PS does twice the work of an
    fp32 instruction in the same time on AMD's cores (Zen 4 and later) and on Intel's of 2020
    (Cooper Lake), and half of it on Intel's with AVX512-FP16 (Sapphire Rapids and later), which
    make it of several steps: these need AMX. ARM's bf16 is not used. Sources: docs/engine.md.
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
    except OSError:  # Windows names the maker here; PyTorch has no builds for Intel's Macs
        return "GenuineIntel" in platform.processor()
    vendor = next((line for line in lines if line.startswith("vendor_id")), "")
    return "GenuineIntel" in vendor
