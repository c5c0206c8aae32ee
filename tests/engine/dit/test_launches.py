"""How many kernels a step of the published size starts on a GPU, counted without one.

Meta tensors go through every operator but compute nothing. Each operator that is neither a view
nor an allocation is one launch; attention is taken as one a block, as FlashAttention is, and the
two grouped convolutions as the products that replace them (cuDNN starts 80 kernels for each).
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from engine.arch import Arch
from engine.dit.kernels import NAMES, Fused, Kernels, Plain
from engine.dit.layers import Rotary
from engine.dit.linear import Linear
from engine.dit.model import DiT
from engine.dit.packing import Packing
from engine.sampler import Flow, PreparedSchedule

PUBLISHED = Arch(dim=1024, depth=22, heads=16, ff_mult=2, text_dim=512, conv_layers=4)
META = torch.device("meta")
FREE = {"empty", "new_empty", "empty_like", "empty_strided", "_unsafe_view"}


class Launches(TorchDispatchMode):
    """Counts what a GPU would be given, by the operator's name."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        with self:  # a cast is an operator made of others: those are looked at
            made = func.decompose(*args, **kwargs)
        if made is not NotImplemented:
            return made
        name = func.overloadpacket.__name__
        if not func.is_view and name not in FREE:
            self.counted[name] += 1
        return func(*args, **kwargs)


def one_launch(q: Tensor, k: Tensor, v: Tensor, packing: Packing) -> Tensor:
    return torch.sigmoid(v).flatten(1)


@cache
def model() -> DiT:
    """In bf16, as a GPU would hold it."""
    with META:
        dit = DiT(PUBLISHED, 100).requires_grad_(False).to(torch.bfloat16)
        dit.text_embed.float()
        dit.time_embed.float()
    dit.rotary = Rotary(torch.ones(PUBLISHED.dim_head // 2, device=META))
    dit.use_attention(one_launch)
    dit.conv_pos_embed.pack()
    for layer in dit.modules():
        if isinstance(layer, Linear) and layer.gelu == "tanh":
            layer.gelu_inside = True
    return dit


def launches(used: Kernels, chunks: int, *, own_steps: bool, counter: Launches) -> Counter[str]:
    """Of one step with guidance, all chunks at the same step or each at its own."""
    dit = model()
    dit.use_kernels(used)
    modulations = dit.modulation(torch.linspace(0, 1, chunks, device=META))
    schedule = PreparedSchedule([1 / chunks] * chunks, modulations)
    flow = Flow(dit)
    for index in range(chunks):
        cond, tokens = torch.zeros(60, 100, device=META), torch.arange(1, 40)
        chunk = flow.start(cond, tokens, 200 + index, schedule, seed=1, cfg_strength=2.0)
        chunk.step = index if own_steps else 0
        flow.admit(chunk)
    flow.step()  # the packing's tables are made
    for chunk in flow.trajectories:
        chunk.step -= 1
    counter.counted.clear()
    with counter:
        flow.step()
    return counter.counted


def fused(counter: Launches) -> Fused:
    """The fused kernels' launches are counted, and their arguments looked at, in place of a GPU."""

    def counts(name: str) -> Any:
        def launch(blocks: int, threads: int, *arguments: Tensor | int | None) -> None:
            assert blocks > 0 and threads == 128
            assert all(a.device == META for a in arguments if isinstance(a, Tensor))
            counter.counted[name] += 1

        return launch

    return Fused({name: counts(name) for name in NAMES}, torch.bfloat16)


@pytest.mark.parametrize(
    ("name", "chunks", "own_steps", "expected"),
    [
        ("torch", 1, False, 314),
        pytest.param("torch", 5, False, 314, marks=pytest.mark.slow),
        pytest.param("torch", 2, True, 406, marks=pytest.mark.slow),
        ("torch", 5, True, 406),
        pytest.param("fused", 1, False, 203, marks=pytest.mark.slow),
        ("fused", 5, False, 203),
        pytest.param("fused", 2, True, 206, marks=pytest.mark.slow),
        ("fused", 5, True, 206),
    ],
)
def test_a_step_starts_no_more_kernels_than_written_here(
    name: str, chunks: int, own_steps: bool, expected: int
) -> None:
    """A number that falls is good news: write it here and in docs/engine.md."""
    counter = Launches()
    used = Plain(torch.bfloat16) if name == "torch" else fused(counter)
    found = launches(used, chunks, own_steps=own_steps, counter=counter)
    assert found.total() == expected, dict(found)


def test_casts_are_counted_and_views_are_not() -> None:
    with Launches() as counter:
        x = torch.empty(4, 6, device=META)
        x.to(torch.float32).view(2, 12).T[1:].unflatten(-1, (1, 2))
        assert counter.counted.total() == 0
        x.half().float()
        assert counter.counted == {"_to_copy": 2}
