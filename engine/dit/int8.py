"""Products in 8 bits, for CPUs that do not multiply fast in 16.

    y[r, o] = s_x s_w[o] sum_i (q_x[r, i] - z) q_w[o, i] + b[o]

Weights q_w are whole numbers of -127 to 127, with a scale s_w for each output. What comes in is
rounded to q_x of 0 to 255 when it comes (dynamic quantisation), with one scale s_x and one zero z
for each chunk, so that a chunk's bits do not depend on the others in its pass. The sums are exact.

The two operators are PyTorch's (`quantized::linear_prepack`, `quantized::linear_dynamic`), on top
of oneDNN or FBGEMM. Processors without the instructions of VNNI add two products in 16 bits, which
overflow: there q_x has 7 bits. Which it is, a product at the ends of the ranges tells at start.
"""

from __future__ import annotations

import logging
import math
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.dit.agreement import agrees

Spans = Sequence[tuple[int, int]]

TOLERANCE = 5e-2  # largest relative difference to the product in fp32
_EXACT = 2e-3  # the same at the ends of the ranges, where rounding costs nothing
_LARGEST = 127
_CHECKED_ROWS = 4
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Way:
    """A library of PyTorch's, and whether what comes in must be rounded to 7 bits for it."""

    library: str
    seven_bits: bool


# The best first. FBGEMM comes before oneDNN without VNNI: they are level on AVX2.
WAYS = (Way("onednn", False), Way("fbgemm", False), Way("fbgemm", True), Way("onednn", True))


class Weights:
    """The weights of one layer, (n_out, n_in) and (n_out,), rounded and in the library's order."""

    def __init__(self, weight: Tensor, bias: Tensor | None, way: Way) -> None:
        self.seven_bits, self._n_out = way.seven_bits, len(weight)
        self._packed = _packed(weight, bias, way.library)

    def product(self, x: Tensor, chunks: Spans | None = None) -> Tensor:
        """(rows, n_in) fp32 to (rows, n_out) fp32; `chunks` are the (start, stop) rows that share a
        scale, all together if left out."""
        if chunks is None or len(chunks) == 1:
            return self._multiply(x)
        return torch.cat([self._multiply(x[start:stop]) for start, stop in chunks])

    def _multiply(self, x: Tensor) -> Tensor:
        # There is no scale for what is no number, or near fp32's end; the chunk ends as no number.
        # One sum tells, twenty times as fast as a look at each (a sixth of a step, Intel Xeon).
        if not math.isfinite(x.sum().item()):
            return x.new_full((len(x), self._n_out), float("nan"))
        y: Tensor = torch.ops.quantized.linear_dynamic(x, self._packed, self.seven_bits)
        return y


def rounded(weight: Tensor, bias: Tensor | None) -> Weights | None:
    """A layer's weights in 8 bits; None where its product then differs too much from fp32's, for a
    few random rows."""
    way = usable()
    if way is None:
        return None
    x = torch.randn(_CHECKED_ROWS, weight.shape[1], generator=torch.Generator().manual_seed(0))
    expected = F.linear(x, weight, bias)
    made: list[Weights] = []

    def run() -> Tensor:
        made.append(Weights(weight, bias, way))
        return made[0].product(x)

    what = f"product of {weight.shape[1]} to {weight.shape[0]} in int8"
    return made[0] if agrees(what, run, expected, TOLERANCE) else None


@cache
def usable() -> Way | None:
    """The first way that runs on this CPU and gives what fp32 gives, for random numbers and for
    the largest that 8 bits hold, whose sums overflow first."""
    generator = torch.Generator().manual_seed(0)
    x, weight = torch.randn(2, 48, 256, generator=generator).unbind(0)
    ends = torch.ones(48, 256)
    ends[:, 0] = 0.0
    for way in WAYS:
        what = f"int8 product by {way.library}, {7 if way.seven_bits else 8} bits,"
        if _agree(what, way, ends, ends, _EXACT) and _agree(what, way, x, weight, TOLERANCE):
            return way
    return None


def _agree(what: str, way: Way, x: Tensor, weight: Tensor, tolerance: float) -> bool:
    # That 8 bits overflow is no fault to warn of: there is another way.
    return agrees(
        what,
        lambda: Weights(weight, None, way).product(x),
        F.linear(x, weight),
        tolerance,
        level=logging.INFO,
    )


def _packed(weight: Tensor, bias: Tensor | None, library: str) -> Any:
    """As the operators want it; the library is a setting of PyTorch's own and put back. One thread
    at a time: a model that loads beside another would get its library, and other last bits."""
    scales = (weight.abs().amax(1) / _LARGEST).clamp_min(torch.finfo(torch.float32).tiny)
    zeros = torch.zeros(len(weight), dtype=torch.long)
    with _one_at_a_time, warnings.catch_warnings():
        # PyTorch means to move these operators elsewhere; without them fp32 is taken.
        warnings.filterwarnings("ignore", message=".*quantized tensor creation.*")
        whole = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        before = torch.backends.quantized.engine
        try:
            torch.backends.quantized.engine = library
            return torch.ops.quantized.linear_prepack(whole, bias)
        finally:
            torch.backends.quantized.engine = before
