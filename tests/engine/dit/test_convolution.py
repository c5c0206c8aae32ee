"""The convolutions of the position embedding give the same in all three ways."""

from __future__ import annotations

import pytest
import torch

from engine.dit import convolution
from engine.dit.convolution import BLOCK, Blocks, ConvPositionEmbedding, block_weight, exactly
from engine.dit.packing import ROW_STEP, Packing

CPU = torch.device("cpu")
TOLERANCE = {torch.float32: 1e-6, torch.float16: 2e-3, torch.bfloat16: 1e-2}


def embedding(dim: int, dtype: torch.dtype = torch.float32) -> ConvPositionEmbedding:
    torch.manual_seed(0)
    made = ConvPositionEmbedding(dim).requires_grad_(False).to(dtype)
    made.pack()
    return made


def error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found.float() - expected).norm() / expected.norm())


@pytest.mark.parametrize("at_once", [256, 16_384], ids=["in slices", "in one"])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("branches", [1, 2])
def test_products_give_what_the_convolutions_give(
    monkeypatch: pytest.MonkeyPatch, branches: int, dtype: torch.dtype, at_once: int
) -> None:
    monkeypatch.setattr(convolution, "_UNFOLDED_AT_ONCE", at_once)
    layer, exact = embedding(64, dtype), embedding(64)
    exact.load_state_dict(layer.state_dict())
    packing = Packing([40, 7, 133, 300], [branches == 2] * 4, CPU)
    x = torch.randn(packing.tokens, 64).to(dtype)
    assert layer.blocks is not None
    found = layer.by_products(x, packing, layer.blocks)
    assert found.dtype == dtype and found.is_contiguous()
    assert error(found, exact.by_chunk(x.float(), packing)) < TOLERANCE[dtype]


def test_a_sequence_is_not_touched_by_its_neighbours() -> None:
    layer = embedding(64)
    packing = Packing([40, 7, 133], [True] * 3, CPU)
    x = torch.randn(packing.tokens, 64)
    loud = x.clone()
    loud[80:94] = 1e4
    assert layer.blocks is not None
    found, beside = (layer.by_products(one, packing, layer.blocks) for one in (x, loud))
    assert torch.equal(found[:80], beside[:80]) and torch.equal(found[94:], beside[94:])


@pytest.mark.parametrize("way", ["in one row", "by products"])
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_what_is_no_number_in_one_sequence_reaches_no_other(way: str, bad: float) -> None:
    layer = embedding(64)
    assert layer.blocks is not None
    for lengths in ([40, 7, 133], [16, 8, 64], [9, 1, 23]):
        packing = Packing(lengths, [True] * 3, CPU)
        x = torch.randn(packing.tokens, 64)
        broken = x.clone()
        own = slice(*packing.chunk_tokens[1])
        broken[own] = bad
        found, beside = (
            layer.in_one_row(one, packing)
            if way == "in one row"
            else layer.by_products(one, packing, layer.blocks)
            for one in (x, broken)
        )
        others = torch.ones(packing.tokens, dtype=torch.bool)
        others[own] = False
        assert torch.equal(found[others], beside[others])
        assert not beside[own].isfinite().any()


def test_one_convolution_of_the_published_width() -> None:
    layer = embedding(1024)
    conv = layer.conv1d["0"]
    assert isinstance(conv, torch.nn.Conv1d)
    row = torch.randn(16, 64 + 30, 64)
    assert error(Blocks(conv)(row), exactly(conv, row)) < 1e-6


def test_rows_come_in_whole_blocks() -> None:
    assert ROW_STEP % BLOCK == 0
    weight = torch.randn(64, 4, 31)
    assert block_weight(weight, 16).shape == (16, (BLOCK + 30) * 4, BLOCK * 4)


def test_a_cpu_keeps_its_convolutions() -> None:
    layer = ConvPositionEmbedding(64)
    convolution.pack(layer)
    assert layer.blocks is None
