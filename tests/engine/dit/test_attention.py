"""Which attention kernel a device gets; that they agree is in test_mixes.py."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine import processor
from engine.dit import attention
from engine.dit.packing import Packing

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("wanted", "dtype", "widest", "intel", "name"),
    [
        ("auto", torch.float32, "AVX512", False, "matmul"),
        ("auto", torch.float32, "AVX512", True, "sdpa"),
        ("auto", torch.float32, "AVX2", False, "sdpa"),
        ("matmul", torch.float32, "AVX512", True, "matmul"),
        ("sdpa", torch.float32, "AVX512", False, "sdpa"),
        ("auto", torch.bfloat16, "AVX512", True, "matmul"),
        ("sdpa", torch.bfloat16, "AVX512", False, "sdpa"),
    ],
)
def test_a_cpu_gets_the_faster_kernel_for_its_precision(
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    dtype: torch.dtype,
    widest: str,
    intel: bool,
    name: str,
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: widest)
    monkeypatch.setattr(processor, "is_intel", lambda: intel)
    picked, kernel = attention.pick(wanted, CPU, dtype)
    assert picked == name
    assert kernel is attention.KERNELS[name]


def test_a_kernel_that_does_not_run_on_the_device_is_not_picked() -> None:
    assert not attention.agrees_with_sdpa(attention.varlen, CPU, torch.bfloat16, "varlen")


def test_a_kernel_that_gives_something_else_is_not_picked() -> None:
    def wrong(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, packing: object) -> torch.Tensor:
        return attention.sdpa(q, k, v * 1.1, packing)  # type: ignore[arg-type]

    assert attention.agrees_with_sdpa(attention.matmul, CPU, torch.bfloat16, "matmul")
    assert not attention.agrees_with_sdpa(wrong, CPU, torch.bfloat16, "wrong")


def flash(q: Tensor, k: Tensor, v: Tensor, ends: Tensor) -> Tensor:
    """What FlashAttention gives, by PyTorch's own attention."""
    spans = pairwise(ends.tolist())
    parts = [[t[a:b].transpose(0, 1) for t in (q, k, v)] for a, b in spans]
    mixed = [F.scaled_dot_product_attention(*part).transpose(0, 1) for part in parts]
    return torch.cat(mixed)


# Signatures of two releases: torch 2.11's have no `num_splits`.
def public_213(
    q: Tensor, k: Tensor, v: Tensor, cu_seq_q: Tensor, cu_seq_k: Tensor, max_q: int, max_k: int,
    *, scale: float | None = None, num_splits: int | None = None,
) -> Tensor:  # fmt: skip
    assert num_splits == 1
    return flash(q, k, v, cu_seq_q)


def public_211(
    q: Tensor, k: Tensor, v: Tensor, cu_seq_q: Tensor, cu_seq_k: Tensor, max_q: int, max_k: int,
    *, scale: float | None = None,
) -> Tensor:  # fmt: skip
    return flash(q, k, v, cu_seq_q)


def operator_213(
    q: Tensor, k: Tensor, v: Tensor, ends: Tensor, ends_k: Tensor, max_q: int, max_k: int,
    dropout_p: float, is_causal: bool, return_debug_mask: bool,
    *, scale: float | None = None, num_splits: int | None = None,
) -> tuple[Tensor, ...]:  # fmt: skip
    assert num_splits == 1 and not (dropout_p or is_causal or return_debug_mask)
    return flash(q, k, v, ends), q, q, q, q


def operator_211(
    q: Tensor, k: Tensor, v: Tensor, ends: Tensor, ends_k: Tensor, max_q: int, max_k: int,
    dropout_p: float, is_causal: bool, return_debug_mask: bool, *, scale: float | None = None,
) -> tuple[Tensor, ...]:  # fmt: skip
    return flash(q, k, v, ends), q, q, q, q


def another_signature(*_: object, **__: object) -> Tensor:
    raise RuntimeError("_flash_attention_forward() is missing value for argument 'page_table'")


def no_flash(*_: object, **__: object) -> Tensor:
    raise RuntimeError("FlashAttention only supports Ampere GPUs or newer.")


@pytest.mark.parametrize(
    ("operator", "public", "taken"),
    [
        (operator_213, public_213, 0),
        (operator_211, public_211, 1),
        (another_signature, public_213, 2),
        (another_signature, public_211, 3),
        (no_flash, no_flash, None),  # a T4
    ],
)
def test_flash_attention_survives_a_changed_signature(
    monkeypatch: pytest.MonkeyPatch, operator: object, public: object, taken: int | None
) -> None:
    monkeypatch.setattr(torch.ops.aten, "_flash_attention_forward", operator, raising=False)
    # By its name, as it takes two seconds to import.
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", public)
    name, call = attention.pick("varlen", CPU, torch.float16)
    if taken is None:
        assert (name, call) == ("sdpa", attention.sdpa)
    else:
        assert (name, call) == ("varlen", attention.FLASH_CALLS[taken][1])


@pytest.mark.parametrize("call", [call for _, call in attention.FLASH_CALLS])
def test_the_installed_torch_takes_every_call(call: attention.Attend) -> None:
    """On meta tensors: the signatures are the real ones, only the kernel is not run."""
    packing = Packing([70, 33], [True, False], torch.device("meta"))
    q, k, v = torch.empty(3, packing.tokens, 2, 64, dtype=torch.float16, device="meta").unbind(0)
    assert call(q, k, v, packing).shape == (packing.tokens, 128)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("offset", [30.0, -30.0])
def test_scores_too_large_or_too_small_for_plain_powers(dtype: torch.dtype, offset: float) -> None:
    """Scores around +-900: without their maximum taken off, all powers would be infinite or 0."""
    packing = Packing([90, 40], [True, False], CPU)
    q, k, v = torch.randn(3, packing.tokens, 2, 64, generator=torch.Generator().manual_seed(1))
    q[..., 0], k[..., 0] = offset, 240.0
    q, k, v = (t.to(dtype) for t in (q, k, v))
    found = attention.matmul(q, k, v, packing).float()
    assert found.abs().max() <= v.abs().max()  # a mean of values
    if dtype == torch.float32:  # bf16 knows scores of this size to 4 only
        expected = attention.sdpa(q, k, v, packing)
        assert (found - expected).norm() / expected.norm() < 1e-3
