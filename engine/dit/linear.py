"""Linear layers, which are nine tenths of the work, at the full rate of the device.

On a CPU the weights are brought once into oneDNN's own order (`pack`), and its kernel applies bias
and GELU as it goes. PyTorch's own call takes the plain order: in bf16 it then is 10 % slower, and
in fp32 it goes to MKL, which reaches 220 GFLOP/s on two AMD EPYC cores where oneDNN reaches 490
(`make bench`); on Intel's they are level. It is taken on all of them, for MKL's last bits
depend on how many rows there are, so on what a chunk runs with. The two operators are PyTorch's,
made for its compiler. In int8 the product is another one (engine.dit.int8).

On a GPU cuBLAS applies bias and GELU to its result before it leaves the registers; the operator is
PyTorch's and private. Where one of them is missing or gives something else, the plain call stays.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine import processor
from engine.dit import int8
from engine.dit.agreement import agrees
from engine.dit.int8 import Spans

# Largest relative difference of the kernels.
_AGREES = {torch.float32: 1e-5, torch.bfloat16: 2e-2, torch.float16: 2e-2}


class Linear(nn.Linear):
    """`nn.Linear` in the dtype of its weights, not of its input, with GELU after it if wanted.
    `gelu`: "" for none, "none" for the exact one, "tanh" for its approximation."""

    def __init__(self, n_in: int, n_out: int, *, bias: bool = True, gelu: str = "") -> None:
        super().__init__(n_in, n_out, bias=bias)
        self.gelu = gelu
        self.packed: Tensor | None = None
        self.rounded: int8.Weights | None = None
        self.gelu_inside = False  # the product on a GPU applies it

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights, packed or not."""
        if self.rounded is not None:
            return torch.int8
        return self.weight.dtype if self.packed is None else self.packed.dtype

    def forward(self, x: Tensor, chunks: Spans | None = None) -> Tensor:
        """(..., n_in) to (..., n_out) in the weights' dtype; in int8 (rows, n_in) to (rows, n_out)
        fp32, where `chunks` are the (start, stop) rows of each chunk."""
        if self.rounded is not None:
            y = self.rounded.product(x, chunks)
            return F.gelu(y, approximate=self.gelu) if self.gelu else y
        if self.packed is not None:
            return product(x.to(self.packed.dtype), self.packed, self.bias, self.gelu)
        x = x.to(self.weight.dtype)
        if self.gelu_inside:
            return gelu_product(x, self.weight, self.bias)
        y = F.linear(x, self.weight, self.bias)
        return F.gelu(y, approximate=self.gelu) if self.gelu else y

    def pack(self) -> None:
        """Replaces the weights by packed ones; afterwards the layer only works on a CPU."""
        self.packed = packed(self.weight.detach())
        self.register_parameter("weight", None)

    def round(self) -> bool:
        """Replaces fp32 weights by weights in 8 bits; False, and nothing happens, where those give
        too different results. Afterwards the layer only works on a CPU."""
        self.rounded = int8.rounded(self.weight.detach(), self.bias)
        if self.rounded is None:
            return False
        self.register_parameter("weight", None)
        self.register_parameter("bias", None)
        return True


def packed(weight: Tensor) -> Tensor:
    """(n_out, n_in) weights in oneDNN's own order, on a CPU."""
    result: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight)
    return result


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None, gelu: str = "") -> Tensor:
    """gelu(x weight^T + bias) by oneDNN, on a CPU; `weight` (n_out, n_in), packed or not."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise(
        x, weight, bias, "gelu" if gelu else "none", [], gelu
    )
    return result


def gelu_product(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """GELU, its tanh approximation, of x weight^T + bias, in one launch on a GPU. On a CPU PyTorch
    takes the exact GELU here. `x` is (tokens, n_in), `weight` (n_out, n_in)."""
    result: Tensor = torch._addmm_activation(bias, x, weight.T, use_gelu=True)
    return result


def pack(model: nn.Module, in_int8: Collection[Linear] = ()) -> None:
    """Brings each `Linear` of a model to its device's fastest kernel that does what PyTorch's
    does: on a CPU packed weights, on a GPU GELU inside the product. Those of `in_int8` multiply in
    8 bits, where that is near enough."""
    for layer in model.modules():
        if not isinstance(layer, Linear) or (layer in in_int8 and layer.round()):
            continue
        device = layer.weight.device
        if device.type == "cpu" and usable(layer.dtype):
            layer.pack()
        elif device.type == "cuda" and layer.gelu == "tanh" and layer.bias is not None:
            layer.gelu_inside = gelu_usable(layer.dtype, device)


@cache
def gelu_usable(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether `gelu_product` runs on this device and agrees with PyTorch's product and GELU."""
    if dtype not in _AGREES:
        return False
    generator = torch.Generator().manual_seed(0)
    x, weight = torch.randn(2, 64, 64, generator=generator).to(device, dtype).unbind(0)
    bias = x[0]
    return agrees(
        f"{dtype} product with GELU",
        lambda: gelu_product(x, weight, bias),
        F.gelu(F.linear(x, weight, bias), approximate="tanh"),
        _AGREES[dtype],
    )


@cache
def usable(dtype: torch.dtype) -> bool:
    """Whether packed products in this dtype run on this CPU and agree with PyTorch's own."""
    if dtype not in (torch.float32, torch.bfloat16):
        return False
    if dtype == torch.bfloat16 and not processor.has_bf16():
        return False
    generator = torch.Generator().manual_seed(0)
    x, weight = torch.randn(2, 48, 64, generator=generator).to(dtype).unbind(0)
    expected = F.gelu(F.linear(x, weight), approximate="tanh")
    return agrees(
        f"packed {dtype} product",
        lambda: product(x, packed(weight), gelu="tanh"),
        expected,
        _AGREES[dtype],
    )
