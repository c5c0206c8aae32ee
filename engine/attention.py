"""Self-attention inside each packed sequence: three ways to compute the same thing.

    out = softmax(q k^T / sqrt(dim_head)) v          inside one sequence only

`varlen` is one launch of FlashAttention for all sequences of a pass, for GPUs that have it.
`sdpa` calls PyTorch's fused attention once for each run of equally long sequences.
`matmul` writes the scores out in bf16: on a CPU with bf16 instructions its two products run at the
full rate, which PyTorch's fused CPU kernel does not reach (2.7 times faster at 1,250 frames on an
AMD EPYC with avx512_bf16; `make bench`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.packing import Packing

log = logging.getLogger("f5worker.engine")

# (tokens, heads, dim_head) query, key, value and the packing to (tokens, heads * dim_head)
Attend = Callable[[Tensor, Tensor, Tensor, Packing], Tensor]

_SCORES = 1 << 23  # scores held at once by `matmul`, 16 MB in bf16: they stay in the cache
_AGREES = 2e-2  # largest relative difference between two half-precision kernels


def sdpa(q: Tensor, k: Tensor, v: Tensor, packing: Packing) -> Tensor:
    """PyTorch's fused attention, a run of equally long sequences a call."""
    out = q.new_empty(q.shape[0], q.shape[1] * q.shape[2])
    for run in packing.runs:
        rows = slice(run.start, run.stop)
        heads_first = [
            t[rows].unflatten(0, (run.count, run.length)).transpose(1, 2) for t in (q, k, v)
        ]
        mixed = F.scaled_dot_product_attention(*heads_first)
        out[rows] = mixed.transpose(1, 2).reshape(run.count * run.length, -1)
    return out


def matmul(q: Tensor, k: Tensor, v: Tensor, packing: Packing) -> Tensor:
    """Two products and a softmax, a sequence at a time, in blocks that fit the cache.

    The blocks depend on the sequence's own length only, so its bits do not depend on the others.
    """
    out = torch.empty_like(q, memory_format=torch.contiguous_format)
    for start, stop in packing.spans:
        query, key, value, mixed = (t[start:stop].transpose(0, 1) for t in (q, k, v, out))
        scaled = torch.mul(query, q.shape[2] ** -0.5, out=q.new_empty(query.shape))
        _in_blocks(scaled, key.contiguous(), value.contiguous(), mixed)
    return out.flatten(1)


def _in_blocks(query: Tensor, key: Tensor, value: Tensor, out: Tensor) -> None:
    """(heads, frames, dim_head) each, query already scaled; writes to `out`."""
    heads, frames, _ = query.shape
    rows = min(frames, max(64, _SCORES // frames))
    together = min(heads, max(1, _SCORES // (rows * frames)))
    scores = query.new_empty(together, rows, frames)
    for head in range(0, heads, together):
        some = slice(head, min(head + together, heads))
        keys, values = key[some].transpose(1, 2), value[some]
        for row in range(0, frames, rows):
            part = slice(row, min(row + rows, frames))
            block = scores[: some.stop - some.start, : part.stop - part.start]
            torch.bmm(query[some, part], keys, out=block)
            torch.softmax(block, -1, out=block)
            out[some, part] = torch.bmm(block, values)


def varlen(q: Tensor, k: Tensor, v: Tensor, packing: Packing) -> Tensor:
    """FlashAttention over all sequences in one launch.

    One split of the keys keeps a sequence's result independent of the others in its pass.
    """
    from torch.nn.attention.varlen import varlen_attn

    ends, longest = packing.sequence_ends, packing.longest
    mixed = varlen_attn(q, k, v, ends, ends, longest, longest, num_splits=1)
    assert isinstance(mixed, Tensor)
    return mixed.flatten(1)


KERNELS: dict[str, Attend] = {"varlen": varlen, "sdpa": sdpa, "matmul": matmul}


def pick(wanted: str, device: torch.device, dtype: torch.dtype) -> tuple[str, Attend]:
    """`auto` takes `varlen` on a GPU that runs it and `matmul` on a CPU in bf16, else `sdpa`.

    A kernel is taken only after it has given `sdpa`'s result on this device: the choice costs
    milliseconds at start, a wrong one every job.
    """
    if wanted != "auto":
        return wanted, KERNELS[wanted]
    if device.type == "cpu":
        name = "matmul" if dtype == torch.bfloat16 else "sdpa"
        return name, KERNELS[name]
    if dtype != torch.float32 and _agrees(varlen, device, dtype):
        return "varlen", varlen
    return "sdpa", sdpa


def _agrees(kernel: Attend, device: torch.device, dtype: torch.dtype) -> bool:
    packing = Packing([70, 33, 128], [True, False, True], device)
    generator = torch.Generator().manual_seed(0)
    shape = (3, packing.tokens, 2, 64)
    q, k, v = torch.randn(shape, generator=generator).to(device, dtype).unbind(0)
    expected = sdpa(q, k, v, packing)
    try:
        found = kernel(q, k, v, packing)
        error = ((found - expected).float().norm() / expected.float().norm()).item()
    except (RuntimeError, ImportError, TypeError) as exc:
        log.info("no %s attention on this device: %s", kernel.__name__, str(exc).splitlines()[0])
        return False
    if not error < _AGREES:
        log.warning("%s attention differs by %.1e and is not used", kernel.__name__, error)
        return False
    return True
