"""Products in 8 bits: right at the ends of the ranges, and a chunk's own whatever is with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.dit import int8, linear
from engine.dit.linear import Linear

pytestmark = pytest.mark.skipif(int8.usable() is None, reason="this CPU has no products in int8")


@pytest.fixture(autouse=True)
def _forget_what_was_usable() -> Iterator[None]:
    int8.usable.cache_clear()
    yield
    int8.usable.cache_clear()


def layer(n_in: int = 64, n_out: int = 96, *, bias: bool = True, gelu: str = "") -> Linear:
    generator = torch.Generator().manual_seed(1)
    made = Linear(n_in, n_out, bias=bias, gelu=gelu).requires_grad_(False)
    made.weight.copy_(torch.randn(n_out, n_in, generator=generator) * n_in**-0.5)
    return made


def error(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


@pytest.mark.parametrize("gelu", ["", "none", "tanh"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_rounded_layer_gives_about_what_it_gave_before(gelu: str, bias: bool) -> None:
    made = layer(bias=bias, gelu=gelu)
    x = torch.randn(50, 64)
    expected = made(x)
    linear.pack(made, in_int8={made})
    assert made.dtype == torch.int8
    assert not list(made.parameters())  # the plain weights are freed
    found = made(x)
    assert found.dtype == torch.float32
    assert 1e-4 < error(found, expected) < int8.TOLERANCE


@pytest.mark.parametrize("seven_bits", [False, True])
def test_what_does_not_overflow_is_found_at_the_ends_of_the_ranges(seven_bits: bool) -> None:
    """The largest of all products in a row: 16 bits hold 64 of them in 7 bits, none in 8."""
    way = int8.usable()
    assert way is not None
    x, weight = torch.ones(4, 256), torch.ones(8, 256)
    x[:, 0] = 0.0
    made = int8.Weights(weight, None, int8.Way(way.library, seven_bits or way.seven_bits))
    assert error(made.product(x), F.linear(x, weight)) < 2e-3


@given(st.integers(1, 70), st.integers(1, 70), st.floats(0.1, 100))
def test_a_chunk_has_the_same_bits_whatever_chunks_are_with_it(
    before: int, rows: int, louder: float
) -> None:
    made = layer(gelu="tanh")
    linear.pack(made, in_int8={made})
    x = torch.randn(before + rows, 64)
    x[:before] *= louder
    together = made(x, [(0, before), (before, before + rows)])
    assert torch.equal(together[before:], made(x[before:].clone()))
    assert torch.equal(together[:before], made(x[:before].clone()))


def test_a_chunk_of_nothing_but_zeros_is_the_bias() -> None:
    """What the model is warmed up with is silence."""
    made = layer()
    bias = made.bias.clone()
    linear.pack(made, in_int8={made})
    torch.testing.assert_close(made(torch.zeros(5, 64)), bias.expand(5, -1))


def test_a_layer_whose_product_differs_too_much_stays_in_fp32(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = layer()
    x = torch.randn(3, 64)
    expected = made(x)
    assert int8.usable() is not None
    monkeypatch.setattr(int8, "TOLERANCE", 1e-6)
    linear.pack(made, in_int8={made})
    assert made.dtype == torch.float32
    assert "64 to 96 in int8 differs" in caplog.text
    torch.testing.assert_close(made(x), expected)


def test_an_output_without_weights_gives_its_bias() -> None:
    made = layer()
    made.weight[7] = 0.0
    bias = made.bias[7].item()
    linear.pack(made, in_int8={made})
    assert made(torch.randn(3, 64))[:, 7].tolist() == pytest.approx([bias] * 3)


def test_pytorchs_own_choice_of_a_library_is_left_as_it_was() -> None:
    before = torch.backends.quantized.engine
    made = layer()
    linear.pack(made, in_int8={made})
    assert torch.backends.quantized.engine == before


def test_models_that_load_side_by_side_are_packed_by_the_library_each_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library is one setting for all threads; others get their turn while one packs."""
    weight, before = layer().weight.detach(), torch.backends.quantized.engine

    def packed_by(*_: object) -> str:
        for _turn in range(20):
            time.sleep(0)
        return torch.backends.quantized.engine

    monkeypatch.setattr(torch.ops.quantized, "linear_prepack", packed_by)
    asked = ["onednn", "fbgemm"] * 20
    with ThreadPoolExecutor(4) as pool:
        used = list(pool.map(lambda library: int8._packed(weight, None, library), asked))
    assert used == asked
    assert torch.backends.quantized.engine == before


def test_seven_bits_are_taken_where_eight_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor without VNNI, whose sums of two products end at 32,767."""
    whole = int8.Weights.product

    def saturated(self: int8.Weights, x: Tensor, chunks: int8.Spans | None = None) -> Tensor:
        y = whole(self, x, chunks)
        return y if self.seven_bits else y.clamp(max=y.amax() / 2)

    monkeypatch.setattr(int8.Weights, "product", saturated)
    way = int8.usable()
    assert way is not None and way.seven_bits


@pytest.mark.parametrize("fault", ["missing", "wrong"])
def test_a_cpu_whose_products_are_missing_or_wrong_keeps_fp32(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    def broken(self: int8.Weights, x: Tensor, chunks: int8.Spans | None = None) -> Tensor:
        if fault == "missing":
            raise RuntimeError("quantized::linear_dynamic: no such operator\nand so on")
        return x.new_ones(len(x), 48)

    monkeypatch.setattr(int8.Weights, "product", broken)
    assert int8.usable() is None
    made = layer()
    linear.pack(made, in_int8={made})
    assert made.dtype == torch.float32
