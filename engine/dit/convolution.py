"""The two grouped convolutions that give frames their relative position, three ways.

    by_chunk      one convolution a chunk, for CPUs
    in_one_row    all sequences of a pass along one axis, zeros between them, for GPUs
    by_products   the same row, each convolution one batched product, where a GPU's trial was right

cuDNN takes the groups one by one, each with its own changes of layout: 160 launches and a third of
a small pass (H200, 1,100 tokens, fp16: 1.25 of 3.1 ms). As a product a row of the left matrix
(`Blocks`) holds all frames that `BLOCK` neighbouring outputs see, for one group:

    (blocks, (BLOCK + kernel - 1) * width) x ((BLOCK + kernel - 1) * width, BLOCK * width)

The right matrix holds the kernel BLOCK times, each a frame further down, zeros elsewhere. A larger
BLOCK unfolds less, (BLOCK + kernel - 1) / BLOCK numbers for each of the row, and multiplies by more
zeros, with the same ratio to the kernel.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.dit.agreement import agrees
from engine.dit.packing import CONV_BLOCK, CONV_RADIUS, ROW_STEP, Packing

BLOCK = CONV_BLOCK  # frames; divides ROW_STEP
_UNFOLDED_AT_ONCE = 16_384  # frames: 160 MB in half precision, 16 groups of 64
_COPIED = torch.int64  # the unfolding copies so many bytes at a time
_TRIAL_FRAMES = 2 * ROW_STEP
# Largest relative difference to an exact convolution.
_AGREES = {torch.float32: 1e-5, torch.float16: 5e-3, torch.bfloat16: 2e-2}


class ConvPositionEmbedding(nn.Module):
    """Two grouped convolutions, each with Mish after it."""

    def __init__(self, dim: int, kernel: int = 2 * CONV_RADIUS + 1, groups: int = 16) -> None:
        super().__init__()
        conv = [nn.Conv1d(dim, dim, kernel, groups=groups, padding=kernel // 2) for _ in range(2)]
        # Positions 0 and 2 as in f5-tts's Sequential, whose other entries are Mish.
        self.conv1d = nn.ModuleDict({"0": conv[0], "2": conv[1]})
        self.blocks: tuple[Blocks, Blocks] | None = None

    def forward(self, x: Tensor, packing: Packing) -> Tensor:
        """(tokens, dim) packed frames to the same shape; sequences do not see each other."""
        if x.device.type == "cpu":
            # oneDNN picks its algorithm by the row's length. Chunk by chunk, a chunk's bits do not
            # depend on what it is batched with, and it is no slower; on a GPU one launch wins.
            return self.by_chunk(x, packing)
        if self.blocks is not None:
            return self.by_products(x, packing, self.blocks)
        return self.in_one_row(x, packing)

    def by_chunk(self, x: Tensor, packing: Packing) -> Tensor:
        """`forward`, one convolution per chunk."""
        spans = zip(packing.chunk_tokens, packing.branches, strict=True)
        return torch.cat([self._chunk(x[start:stop], count) for (start, stop), count in spans])

    def in_one_row(self, x: Tensor, packing: Packing) -> Tensor:
        """`forward`, all sequences along one axis with zeros between them."""
        row = x.new_zeros(packing.conv_length, x.shape[-1])
        row[packing.conv_slots] = x
        first = F.mish(self.conv1d["0"](row.T[None]))
        # The convolution leaks into the gaps between sequences. Filled in, not multiplied: what is
        # no number stays none times 0, and would reach the neighbours.
        second = self.conv1d["2"](first.masked_fill(packing.conv_gaps, 0.0))
        return F.mish(second)[0].T[packing.conv_slots]

    def by_products(self, x: Tensor, packing: Packing, blocks: tuple[Blocks, Blocks]) -> Tensor:
        """`in_one_row`, with both convolutions as products; no product sees beyond the row, so it
        has zeros of its own at both ends."""
        first, second = blocks
        whole = packing.conv_length + 2 * CONV_RADIUS
        inner = slice(CONV_RADIUS, CONV_RADIUS + packing.conv_length)
        row = x.new_zeros(whole, x.shape[-1])
        row[inner][packing.conv_slots] = x
        h = F.mish(first(row.unflatten(1, (first.groups, -1)).transpose(0, 1)))
        row = h.new_zeros(h.shape[0], whole, h.shape[2])
        torch.where(packing.conv_gaps[:, None], row[:, inner], h, out=row[:, inner])
        h = second(row).transpose(0, 1).index_select(0, packing.conv_slots)
        return F.mish(h.flatten(1))

    def pack(self) -> None:
        """Makes ready for `by_products`: 80 MB for the published size in half precision."""
        first, second = (Blocks(self.conv1d[name]) for name in ("0", "2"))  # type: ignore[arg-type]
        self.blocks = first, second

    def _chunk(self, rows: Tensor, branches: int) -> Tensor:
        """(branches * frames, dim) of one chunk to the same shape."""
        h = rows.unflatten(0, (branches, -1)).transpose(1, 2)
        h = F.mish(self.conv1d["2"](F.mish(self.conv1d["0"](h))))
        return h.transpose(1, 2).flatten(0, 1)


class Blocks:
    """A grouped convolution as one batched product over blocks of frames."""

    def __init__(self, conv: nn.Conv1d) -> None:
        assert conv.bias is not None
        self.groups = conv.groups
        self.reach = conv.kernel_size[0] - 1
        self.weight = block_weight(conv.weight.detach(), conv.groups)
        bias = conv.bias.detach().view(conv.groups, 1, 1, -1)
        self.bias = bias.expand(-1, -1, BLOCK, -1).flatten(2).contiguous()  # (groups, 1, n)

    def __call__(self, row: Tensor) -> Tensor:
        """(groups, frames + reach, width) to (groups, frames, width); `frames` in whole blocks."""
        groups, frames, width = row.shape[0], row.shape[1] - self.reach, row.shape[2]
        made = row.new_empty(groups, frames // BLOCK, BLOCK * width)
        for start in range(0, frames, _UNFOLDED_AT_ONCE):
            stop = min(start + _UNFOLDED_AT_ONCE, frames)
            seen = unfolded(row[:, start : stop + self.reach], BLOCK + self.reach)
            part = made[:, start // BLOCK : stop // BLOCK]
            torch.baddbmm(self.bias, seen, self.weight, out=part)
        return made.view(groups, frames, width)


def block_weight(weight: Tensor, groups: int) -> Tensor:
    """A convolution's (groups * n_out, n_in, kernel) to the right matrix of its product, (groups,
    (BLOCK + kernel - 1) * n_in, BLOCK * n_out)."""
    kernel = weight.unflatten(0, (groups, -1)).permute(0, 3, 2, 1)  # (groups, kernel, n_in, n_out)
    _, size, n_in, n_out = kernel.shape
    made = weight.new_zeros(groups, BLOCK + size - 1, n_in, BLOCK, n_out)
    for frame in range(BLOCK):
        made[:, frame : frame + size, :, frame] = kernel
    return made.flatten(3).flatten(1, 2)


def unfolded(row: Tensor, window: int) -> Tensor:
    """(groups, frames, width) to (groups, blocks, window * width): what each block sees."""
    wide = row.view(_COPIED).unfold(1, window, BLOCK)  # (groups, blocks, wide numbers, window)
    return wide.transpose(2, 3).flatten(2).contiguous().view(row.dtype)


def pack(embedding: ConvPositionEmbedding) -> None:
    """Has a GPU's convolutions made by products, if these give there what a CPU's convolution
    gives. The CPU's is exact: cuDNN's rounds fp32 to 10 bits (TF32)."""
    conv = embedding.conv1d["0"]
    assert isinstance(conv, nn.Conv1d)
    device, dtype = conv.weight.device, conv.weight.dtype
    width = conv.in_channels // conv.groups
    fits = width * dtype.itemsize % _COPIED.itemsize == 0 and conv.in_channels == conv.out_channels
    if device.type != "cuda" or not fits:
        return
    blocks = Blocks(conv)
    shape = (conv.groups, _TRIAL_FRAMES + blocks.reach, width)
    row = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    expected = exactly(conv, row).to(device)
    what = f"{dtype} convolution by products"
    if agrees(what, lambda: blocks(row.to(device)), expected, _AGREES[dtype]):
        embedding.pack()


def exactly(conv: nn.Conv1d, row: Tensor) -> Tensor:
    """What `Blocks` is to give for (groups, frames + reach, width): on the CPU, in fp32."""
    assert conv.bias is not None
    flat = row.cpu().float().transpose(1, 2).flatten(0, 1)[None]
    weight, bias = (t.detach().cpu().float() for t in (conv.weight, conv.bias))
    made = F.conv1d(flat, weight, bias, groups=conv.groups)
    return made[0].unflatten(0, (conv.groups, -1)).transpose(1, 2)
