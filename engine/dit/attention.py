"""Self-attention inside each packed sequence: three ways to compute the same thing.

    out = softmax(q k^T / sqrt(dim_head)) v          inside one sequence only

`varlen` is one launch of FlashAttention for all sequences of a pass, for GPUs that have it.
`sdpa` calls PyTorch's fused attention once for each run of equally long sequences.
`matmul` writes the scores out: on a CPU its two products then run at the full rate, which PyTorch's
fused CPU kernel does not reach where MKL is slow (3.3 times faster in bf16 and 1.9 times in fp32,
at 1,312 frames on an AMD EPYC with avx512_bf16; on an Intel Xeon slower in fp32; docs/engine.md).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from engine import processor
from engine.dit.agreement import agrees
from engine.dit.linear import product, usable
from engine.dit.packing import Packing

log = logging.getLogger("f5worker.engine")

# (tokens, heads, dim_head) query, key, value and the packing to (tokens, heads * dim_head)
Attend = Callable[[Tensor, Tensor, Tensor, Packing], Tensor]

_SCORES = 1 << 23  # scores held at once by `matmul`, 16 MB in bf16: they stay in the cache
_LOG2_E = 1 / math.log(2)
_SAFE = 2.0**96
# Largest relative difference between two kernels.
_AGREES = {torch.float32: 1e-5, torch.float16: 2e-2, torch.bfloat16: 2e-2}


def sdpa(q: Tensor, k: Tensor, v: Tensor, packing: Packing) -> Tensor:
    """PyTorch's fused attention, one call for each run of equally long sequences."""
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
    """Two products and powers of 2, a sequence at a time, in blocks that fit the cache. The blocks
    depend on the sequence's own length only, so its bits do not depend on the others."""
    out = torch.empty_like(q, memory_format=torch.contiguous_format)
    for start, stop in packing.spans:
        query, key, value, mixed = (t[start:stop].transpose(0, 1) for t in (q, k, v, out))
        scaled = torch.mul(query, q.shape[2] ** -0.5 * _LOG2_E, out=q.new_empty(query.shape))
        one_by_one = q.dtype == torch.float32 and q.device.type == "cpu" and usable(q.dtype)
        attend = _head_by_head if one_by_one else _heads_together
        attend(scaled, key.contiguous(), value.contiguous(), mixed)
    return out.flatten(1)


def _heads_together(query: Tensor, key: Tensor, value: Tensor, out: Tensor) -> None:
    """(heads, frames, dim_head) each, `query` scaled to base 2; batched products, into `out`."""
    heads, frames, _ = query.shape
    rows = _block_rows(frames)
    together = min(heads, max(1, _SCORES // (rows * frames)))
    buffer = query.new_empty(together, rows, frames)
    for head in range(0, heads, together):
        some = slice(head, min(head + together, heads))
        keys, values = key[some].transpose(1, 2), value[some]
        for row in range(0, frames, rows):
            part = slice(row, min(row + rows, frames))
            block = buffer[: some.stop - some.start, : part.stop - part.start]
            # (some heads, rows, frames) and (some heads, rows, 1)
            weights, sums = _weights(partial(torch.bmm, query[some, part], keys, out=block))
            torch.div(torch.bmm(weights, values), sums, out=out[some, part])


def _head_by_head(query: Tensor, key: Tensor, value: Tensor, out: Tensor) -> None:
    """As `_heads_together`, but with oneDNN's product of two matrices. In fp32 it is twice as fast
    as the batched product, which goes to MKL."""
    heads, frames, _ = query.shape
    rows = _block_rows(frames)
    for head in range(heads):
        values = value[head].T.contiguous()
        for row in range(0, frames, rows):
            part = slice(row, min(row + rows, frames))
            # (rows, frames) and (rows, 1)
            weights, sums = _weights(partial(product, query[head, part], key[head]))
            torch.div(product(weights, values), sums, out=out[head, part])


def _block_rows(frames: int) -> int:
    return min(frames, max(64, _SCORES // frames))


def _weights(scores: Callable[[], Tensor]) -> tuple[Tensor, Tensor]:
    """2^scores (..., rows, frames) and their sums (..., rows, 1): a softmax short of its division.

    It does not look for each row's maximum first: the sums tell whether that was needed. Only then
    the scores, over which the powers were written, are computed again.
    """
    block = scores()
    weights = torch.exp2(block, out=block)
    sums = weights.sum(-1, keepdim=True)
    smallest, largest = sums.aminmax()
    # Beyond these something may have been lost; fp16 has no such room.
    safe = smallest.item() > 1 / _SAFE and largest.item() < _SAFE
    if not safe or block.dtype == torch.float16:
        block = scores()
        weights = torch.exp2(torch.sub(block, block.amax(-1, keepdim=True), out=block), out=block)
        sums = weights.sum(-1, keepdim=True)
    return weights, sums


def varlen(q: Tensor, k: Tensor, v: Tensor, packing: Packing, **splits: int) -> Tensor:
    """FlashAttention over all sequences in one launch, by PyTorch's public function."""
    from torch.nn.attention.varlen import varlen_attn

    ends, longest = packing.sequence_ends, packing.longest
    mixed = varlen_attn(q, k, v, ends, ends, longest, longest, **splits)  # type: ignore[arg-type]
    assert isinstance(mixed, Tensor)
    return mixed.flatten(1)


def flash(q: Tensor, k: Tensor, v: Tensor, packing: Packing, **splits: int) -> Tensor:
    """The operator behind `varlen`: without 16 us of Python and a fill of its own a call."""
    ends, longest = packing.sequence_ends, packing.longest
    forward = torch.ops.aten._flash_attention_forward
    # No dropout, not causal, no debug mask.
    mixed = forward(q, k, v, ends, ends, longest, longest, 0.0, False, False, **splits)
    return mixed[0].flatten(1)


KERNELS: dict[str, Attend] = {"varlen": varlen, "sdpa": sdpa, "matmul": matmul}

# Ways to call FlashAttention, the best first: the operator is private, so the public function
# stands behind it. One split of the keys keeps a sequence's result independent of the others in
# its pass; torch 2.11 has no such argument, and splits nothing where queries are many.
FLASH_CALLS: tuple[tuple[str, Attend], ...] = (
    ("operator, one split", partial(flash, num_splits=1)),
    ("operator", flash),
    ("varlen_attn, one split", partial(varlen, num_splits=1)),
    ("varlen_attn", varlen),
)


def pick(wanted: str, device: torch.device, dtype: torch.dtype) -> tuple[str, Attend]:
    """`auto` takes `varlen` on a GPU in half precision; `matmul` on a CPU in bf16, and in fp32 with
    AVX-512 where Intel did not make it; else `sdpa`.

    A kernel is taken only after it has given `sdpa`'s result on this device: the choice costs
    milliseconds at start, a wrong one every job. `varlen` named by the user is looked at as well:
    it knows no fp32, in which a model may go on after an overflow.
    """
    name = _fastest(device, dtype) if wanted == "auto" else wanted
    if name == "varlen":
        for how, call in FLASH_CALLS:
            if agrees_with_sdpa(call, device, dtype, f"varlen ({how})"):
                return name, call
    elif wanted != "auto" or name == "sdpa" or agrees_with_sdpa(KERNELS[name], device, dtype, name):
        return name, KERNELS[name]
    if wanted != "auto":
        log.warning("F5_ATTENTION=%s does not run here in %s: sdpa is used", wanted, dtype)
    return "sdpa", sdpa


def _fastest(device: torch.device, dtype: torch.dtype) -> str:
    """The kernel that is likely to be the fastest there."""
    if device.type != "cpu":
        return "sdpa" if dtype == torch.float32 else "varlen"
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512" and not processor.is_intel()
    worth = dtype == torch.bfloat16 or (dtype == torch.float32 and wide)
    return "matmul" if worth else "sdpa"


def agrees_with_sdpa(kernel: Attend, device: torch.device, dtype: torch.dtype, name: str) -> bool:
    """Whether a kernel gives what `sdpa` gives on this device, for a small mix of sequences."""
    packing = Packing([70, 33, 128], [True, False, True], device)
    generator = torch.Generator().manual_seed(0)
    shape = (3, packing.tokens, 2, 64)
    q, k, v = torch.randn(shape, generator=generator).to(device, dtype).unbind(0)
    expected = sdpa(q, k, v, packing)
    return agrees(f"{name} attention", lambda: kernel(q, k, v, packing), expected, _AGREES[dtype])
