"""Packed weights: the same layer, faster on a CPU."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from engine import processor
from engine.dit import linear
from engine.dit.linear import Linear

BF16 = pytest.param(
    torch.bfloat16,
    marks=pytest.mark.skipif(not processor.has_bf16(), reason="no bf16 instructions"),
)


@pytest.fixture(autouse=True)
def _looked_at_anew() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    """What was found out about this CPU."""
    linear.usable.cache_clear()


def layer(dtype: torch.dtype, *, bias: bool = True, gelu: str = "") -> Linear:
    made = Linear(64, 96, bias=bias, gelu=gelu).to(dtype)
    return made.requires_grad_(False)


@pytest.mark.parametrize("dtype", [torch.float32, BF16])
@pytest.mark.parametrize("gelu", ["", "none", "tanh"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_packed_layer_gives_what_it_gave_before(
    dtype: torch.dtype, gelu: str, bias: bool
) -> None:
    made = layer(dtype, bias=bias, gelu=gelu)
    x = torch.randn(50, 64)  # fp32 whatever the weights are
    y = F.linear(x.to(dtype), made.weight, made.bias)
    expected = F.gelu(y, approximate=gelu) if gelu else y
    assert torch.equal(made(x), expected)
    linear.pack(made)
    assert made.packed is not None
    found = made(x)
    assert found.dtype == made.dtype == dtype
    tolerance = 1e-6 if dtype == torch.float32 else 1e-2
    assert (found - expected).float().norm() / expected.float().norm() < tolerance


@given(st.integers(1, 70), st.integers(1, 70))
@pytest.mark.parametrize("dtype", [torch.float32, BF16])
def test_a_row_has_the_same_bits_whatever_rows_are_with_it(
    dtype: torch.dtype, before: int, rows: int
) -> None:
    made = layer(dtype, gelu="tanh")
    linear.pack(made)
    x = torch.randn(before + rows, 64).to(dtype)
    assert torch.equal(made(x)[before:], made(x[before:].clone()))


def test_packing_frees_the_plain_weights() -> None:
    made = torch.nn.Sequential(layer(torch.float32), layer(torch.float32))
    linear.pack(made)
    assert {name for name, _ in made.named_parameters()} == {"0.bias", "1.bias"}


def test_a_cpu_whose_kernel_is_missing_or_wrong_keeps_plain_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(*_: object, **__: object) -> torch.Tensor:
        raise RuntimeError("mkldnn_linear_pointwise: no such kernel\nand so on")

    def wrong(x: torch.Tensor, weight: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
        return x @ torch.ones(64, 48)

    for product in (missing, wrong):
        forget()
        monkeypatch.setattr(linear, "product", product)
        made = layer(torch.float32)
        linear.pack(made)
        assert made.packed is None


def test_gelu_inside_the_product_is_taken_only_where_it_is_the_approximation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a CPU PyTorch's operator applies the exact GELU, so there the check must refuse it."""
    cpu = torch.device("cpu")
    assert not linear.gelu_usable.__wrapped__(torch.float32, cpu)
    monkeypatch.setattr(
        linear, "gelu_product", lambda x, w, b: F.gelu(F.linear(x, w, b), approximate="tanh")
    )
    assert linear.gelu_usable.__wrapped__(torch.float32, cpu)


def test_a_pytorch_without_the_product_with_gelu_is_served_by_two_launches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(torch, "_addmm_activation")
    assert not linear.gelu_usable.__wrapped__(torch.float32, torch.device("cpu"))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_precision_the_cpu_cannot_multiply_in_keeps_plain_weights(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(processor, "has_bf16", lambda: False)
    made = layer(dtype)
    linear.pack(made)
    assert made.packed is None


def test_rows_keep_their_bits_on_several_threads() -> None:
    """The published size, where the work is shared out."""
    made = Linear(1024, 2048, gelu="tanh").requires_grad_(False)
    linear.pack(made)
    x = torch.randn(1000, 1024)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert torch.equal(made(x)[700:], made(x[700:].clone()))
    finally:
        torch.set_num_threads(threads)
