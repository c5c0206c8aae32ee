"""The least time a pass can take: its multiplications at the rate the machine multiplies."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
import torch.nn.functional as F

from engine.arch import Arch
from engine.dit import int8, linear


def operations(arch: Arch, frames: list[int], nfe: int, *, guided: bool = True) -> float:
    """Floating-point operations of the DiT for chunks of that many frames (an addition counts)."""
    inner, hidden = arch.heads * arch.dim_head, int(arch.dim * arch.ff_mult)
    block = 4 * arch.dim * inner + 2 * arch.dim * hidden
    convolutions = 2 * 31 * arch.dim * arch.dim // 16
    ends = (2 * arch.mel_dim + arch.text_dim) * arch.dim
    a_frame = 2 * (arch.depth * block + convolutions + ends)
    attention = sum(4 * n * n * inner * arch.depth for n in frames)
    return float(nfe * (2 if guided else 1) * (a_frame * sum(frames) + attention))


def matmul_rate(device: str, dtype: torch.dtype, *, rows: int = 2560) -> float:
    """Operations a second of the DiT's widest product on this machine, now; on a CPU by the faster
    of the ways that the engine chooses from."""
    if device == "cpu":
        return max(_rate(multiply, device, rows, 10) for multiply in _on_cpu(dtype, rows))
    x = torch.randn(rows, 1024, device=device).to(dtype)
    weight = torch.randn(3072, 1024, device=device).to(dtype)
    return _rate(partial(F.linear, x, weight), device, rows, 200)


def _on_cpu(dtype: torch.dtype, rows: int) -> list[Callable[[], object]]:
    """The plain product and, where usable, the packed one; in int8 the only one."""
    x, weight = torch.ones(rows, 1024), torch.ones(3072, 1024)
    if dtype == torch.int8:
        rounded = int8.rounded(weight, None)
        return [] if rounded is None else [partial(rounded.product, x)]
    x, weight = x.to(dtype), weight.to(dtype)
    ways: list[Callable[[], object]] = [partial(F.linear, x, weight)]
    if linear.usable(dtype):
        ways.append(partial(linear.product, x, linear.packed(weight)))
    return ways


def _rate(multiply: Callable[[], object], device: str, rows: int, repeats: int) -> float:
    times = []
    for _ in range(7):
        wait(device)
        started = time.perf_counter()
        for _ in range(repeats):
            multiply()
        wait(device)
        times.append((time.perf_counter() - started) / repeats)
    return 2.0 * rows * 1024 * 3072 / median(times)


def wait(device: str) -> None:
    """Until a GPU has done what it was given."""
    if device != "cpu":
        torch.cuda.synchronize()
