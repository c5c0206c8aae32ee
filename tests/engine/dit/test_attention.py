"""Which attention kernel a device gets; that they agree is in test_mixes.py."""

from __future__ import annotations

import pytest
import torch

from engine.dit import attention
from engine.dit.packing import Packing

CPU = torch.device("cpu")
WIDE = torch.backends.cpu.get_cpu_capability() == "AVX512"


@pytest.mark.parametrize(
    ("wanted", "dtype", "name"),
    [
        ("auto", torch.float32, "matmul" if WIDE else "sdpa"),
        ("sdpa", torch.float32, "sdpa"),
        ("auto", torch.bfloat16, "matmul"),
        ("sdpa", torch.bfloat16, "sdpa"),
    ],
)
def test_a_cpu_gets_the_faster_kernel_for_its_precision(
    wanted: str, dtype: torch.dtype, name: str
) -> None:
    picked, kernel = attention.pick(wanted, CPU, dtype)
    assert picked == name
    assert kernel is attention.KERNELS[name]


def test_a_kernel_that_does_not_run_on_the_device_is_not_picked() -> None:
    assert not attention.agrees_with_sdpa(attention.varlen, CPU, torch.bfloat16)


def test_a_kernel_that_gives_something_else_is_not_picked() -> None:
    def wrong(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, packing: object) -> torch.Tensor:
        return attention.sdpa(q, k, v * 1.1, packing)  # type: ignore[arg-type]

    assert attention.agrees_with_sdpa(attention.matmul, CPU, torch.bfloat16)
    assert not attention.agrees_with_sdpa(wrong, CPU, torch.bfloat16)


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
