"""The element-wise passes of a DiT block, written twice: `Plain` with PyTorch's own kernels and
`Fused` with the two of kernels.cu. Same interface, same results to the last digits.

    rotate     turns neighbouring pairs of query and key by their token's angles
    gate_norm  h += gate * x;  LayerNorm(h) * scale + shift

On a GPU these passes take as long as the products, for they move the residual again and again. How
often depends on who does it: PyTorch casts, multiplies and adds in launches of their own; a fused
kernel reads and writes every number once. `Fused` is used on a GPU where it gave `Plain`'s result
at start, unless `F5_KERNELS` says otherwise.

Each chunk may be at its own step. Chunks at the same step are a group (see `Packing`): gate, scale
and shift are tables with a row a group.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.arch import Arch
from engine.dit import nvrtc
from engine.dit.agreement import agrees
from engine.dit.layers import rotate, rotate_in_two_launches, with_a_quarter_more
from engine.dit.nvrtc import Launch
from engine.dit.packing import Packing

log = logging.getLogger("f5worker.engine")

SOURCE = Path(__file__).with_name("kernels.cu")
NAMES = ("gate_norm", "rotate_qk")
_EPS = 1e-6  # of the norms, in kernels.cu too
_ROWS, _LANES = 4, 32  # of a block, as in kernels.cu
_PRECISION = {torch.float16: 16, torch.bfloat16: 17, torch.float32: 32}
_LARGEST_DIM = 4096  # a row must fit a warp's registers
# Largest relative difference between the two; both sum in fp32.
_AGREES = {torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 1e-2}


class Kernels(Protocol):
    """`norm_terms` are (groups, 2, dim): shift and 1 + scale; `gates` (groups, dim); both fp32."""

    @property
    def name(self) -> str: ...

    def rotate(self, qk: Tensor, turns: Tensor, heads: int) -> Tensor:
        """(tokens, 2, all heads, dim_head), its first `heads` rotated. It may write over `qk`.
        `turns` from `Rotary.rows`."""

    def norm(self, h: Tensor, norm_terms: Tensor, packing: Packing) -> Tensor:
        """LayerNorm(h) * scale + shift, (tokens, dim), for a product to take."""

    def gate(self, h: Tensor, x: Tensor, gates: Tensor, packing: Packing) -> Tensor:
        """h + gate * x in fp32, (tokens, dim). It may write over `h`."""

    def gate_norm(
        self, h: Tensor, x: Tensor, gates: Tensor, norm_terms: Tensor, packing: Packing
    ) -> tuple[Tensor, Tensor]:
        """`gate`, and `norm` of its result."""


class Plain:
    """PyTorch's own kernels.

    On a CPU, group by group: nothing is gathered, and a chunk's bits are those of the chunk alone.
    On a GPU one launch for all groups, with each token's rows gathered for it.
    """

    name = "torch"

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        self.dtype = dtype  # of the products

    def rotate(self, qk: Tensor, turns: Tensor, heads: int) -> Tensor:
        turned = rotate if qk.device.type == "cpu" else rotate_in_two_launches
        if heads == qk.shape[2]:
            return turned(qk, turns)
        return torch.cat((turned(qk[:, :, :heads], turns), qk[:, :, heads:]), dim=2)

    def norm(self, h: Tensor, norm_terms: Tensor, packing: Packing) -> Tensor:
        width = h.shape[-1:]
        if _in_one_launch(h, norm_terms):
            shift, scale = norm_terms.index_select(0, packing.group_of_token).unbind(1)
            made = h.new_empty(h.shape, dtype=self.dtype)  # the cast is in the same kernel
            return torch.addcmul(shift, F.layer_norm(h, width, eps=_EPS), scale, out=made)
        # One kernel a group: the layer norm's own weight and bias do the modulation.
        groups = zip(packing.group_tokens, norm_terms.unbind(0), strict=True)
        parts = [
            F.layer_norm(h[rows], width, scale, shift, _EPS) for rows, (shift, scale) in groups
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def gate(self, h: Tensor, x: Tensor, gates: Tensor, packing: Packing) -> Tensor:
        if _in_one_launch(h, gates):
            return torch.addcmul(h, gates.index_select(0, packing.group_of_token), x)
        groups = zip(packing.group_tokens, gates.unbind(0), strict=True)
        parts = [torch.addcmul(h[rows], gate, x[rows]) for rows, gate in groups]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def gate_norm(
        self, h: Tensor, x: Tensor, gates: Tensor, norm_terms: Tensor, packing: Packing
    ) -> tuple[Tensor, Tensor]:
        h = self.gate(h, x, gates, packing)
        return h, self.norm(h, norm_terms, packing)


class Fused:
    """The kernels of kernels.cu, made for one model and the `dtype` of its products."""

    name = "fused"

    def __init__(self, launches: dict[str, Launch], dtype: torch.dtype) -> None:
        self._gate_norm, self._rotate = (launches[name] for name in NAMES)
        self.dtype = dtype

    @classmethod
    def load(cls, arch: Arch, device: torch.device, dtype: torch.dtype) -> Fused:
        """Compiled for a model and its GPU. Raises RuntimeError: they do not fit or cannot be."""
        defined = macros(arch, dtype)
        major, minor = torch.cuda.get_device_capability(device)
        code = nvrtc.compiled(SOURCE.read_text(), f"sm_{major}{minor}", defined)
        return cls(nvrtc.load(code, NAMES, device), dtype)

    def rotate(self, qk: Tensor, turns: Tensor, heads: int) -> Tensor:
        tokens, *_ = qk.shape
        blocks, threads = _grid(tokens)
        self._rotate(blocks, threads, qk, turns[0], qk.stride(0), qk.stride(1), tokens)
        return qk

    def norm(self, h: Tensor, norm_terms: Tensor, packing: Packing) -> Tensor:
        return self._run(h, None, norm_terms[:, 0], norm_terms, packing)

    def gate(self, h: Tensor, x: Tensor, gates: Tensor, packing: Packing) -> Tensor:
        self._run(h, x, gates, None, packing)
        return h

    def gate_norm(
        self, h: Tensor, x: Tensor, gates: Tensor, norm_terms: Tensor, packing: Packing
    ) -> tuple[Tensor, Tensor]:
        return h, self._run(h, x, gates, norm_terms, packing)

    def _run(
        self,
        h: Tensor,
        x: Tensor | None,
        gates: Tensor,
        norm_terms: Tensor | None,
        packing: Packing,
    ) -> Tensor:
        """Without `x` no gate, without `norm_terms` no norm (nothing to look at comes back)."""
        normed = None if norm_terms is None else h.new_empty(h.shape, dtype=self.dtype)
        shift, scale = (gates, gates) if norm_terms is None else norm_terms.unbind(1)
        group = packing.group_of_token if len(gates) > 1 else None
        tokens, *_ = h.shape
        blocks, threads = _grid(tokens)
        self._gate_norm(
            blocks, threads, h, x, normed, gates, shift, scale, group,
            gates.stride(0), shift.stride(0), tokens,
        )  # fmt: skip
        return h if normed is None else normed


def _in_one_launch(h: Tensor, table: Tensor) -> bool:
    """Whether `Plain` gathers the rows of all groups; else it goes from group to group."""
    return len(table) > 1 and h.device.type in ("cuda", "meta")


def macros(arch: Arch, dtype: torch.dtype) -> dict[str, int]:
    """What kernels.cu is compiled with. Raises RuntimeError: it is not made for such a model."""
    rotated = (arch.pe_attn_head or arch.heads) * arch.dim_head
    row_of_warp = _LANES * 16 // dtype.itemsize  # elements in accesses of 16 bytes
    if arch.dim % 4 or arch.dim > _LARGEST_DIM or row_of_warp % arch.dim_head:
        raise RuntimeError(f"dim {arch.dim} or dim_head {arch.dim_head} is not one they can do")
    return {
        "DIM": arch.dim,
        "DIM_HEAD": arch.dim_head,
        "ROTATED": rotated,
        "PRECISION": _PRECISION[dtype],
    }


def _grid(tokens: int) -> tuple[int, int]:
    """Blocks, and threads of a block: a warp a token."""
    return -(-tokens // _ROWS), _ROWS * _LANES


def pick(wanted: str, arch: Arch, device: torch.device, dtype: torch.dtype) -> Kernels:
    """`fused` on a GPU where it can be compiled and gives what `Plain` gives there, `torch` aside;
    else `Plain`. The choice costs half a second at start."""
    plain = Plain(dtype)
    if wanted == "torch" or (wanted == "auto" and device.type != "cuda"):
        return plain
    if device.type != "cuda":
        log.warning("F5_KERNELS=fused needs a CUDA device; PyTorch's kernels are used")
        return plain
    try:
        fused = Fused.load(arch, device, dtype)
    except (RuntimeError, OSError, AttributeError) as exc:
        log.warning("fused kernels cannot be used here: %s", exc)
        return plain
    return fused if agree(fused, arch, device, dtype) else plain


def agree(kernels: Kernels, arch: Arch, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether kernels give what `Plain` gives on this device, for three chunks at two steps."""
    return agrees(
        f"{kernels.name} kernel",
        lambda: _trial(kernels, arch, device, dtype),
        _trial(Plain(dtype), arch, device, dtype),
        _AGREES[dtype],
    )


def _trial(kernels: Kernels, arch: Arch, device: torch.device, dtype: torch.dtype) -> Tensor:
    """All results on seeded numbers, in a row."""
    generator = torch.Generator().manual_seed(0)
    packing = Packing([33, 20, 50], [True, False, True], device, [1, 2])

    def numbers(*shape: int, of: torch.dtype = torch.float32) -> Tensor:
        return torch.randn(shape, generator=generator).to(device, of)

    tokens, half_head = packing.tokens, arch.dim_head // 2
    h, x = numbers(tokens, arch.dim), numbers(tokens, arch.dim, of=dtype)
    terms = numbers(2, 6, arch.dim)
    qkv = numbers(tokens, 3, arch.heads, arch.dim_head, of=dtype)
    angles = numbers(tokens, 1, 1, half_head)
    turns = with_a_quarter_more(torch.polar(torch.ones_like(angles), angles))
    rotated = kernels.rotate(qkv[:, :2], turns, arch.pe_attn_head or arch.heads)
    found = [
        rotated,
        qkv[:, 2],
        kernels.norm(h, terms[:, :2], packing),
        *kernels.gate_norm(h.clone(), x, terms[:, 2], terms[:, 3:5], packing),
        kernels.gate(h, x, terms[:1, 5], Packing([tokens], [False], device)),
    ]
    return torch.cat([part.float().flatten() for part in found])
