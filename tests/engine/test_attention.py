"""Which attention kernel a device gets; that they agree is in test_mixes.py."""

from __future__ import annotations

import pytest
import torch

from engine import attention

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("wanted", "dtype", "name"),
    [
        ("auto", torch.float32, "sdpa"),
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
    assert not attention._agrees(attention.varlen, CPU, torch.bfloat16)


def test_a_kernel_that_gives_something_else_is_not_picked() -> None:
    def wrong(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, packing: object) -> torch.Tensor:
        return attention.sdpa(q, k, v * 1.1, packing)  # type: ignore[arg-type]

    assert attention._agrees(attention.matmul, CPU, torch.bfloat16)
    assert not attention._agrees(wrong, CPU, torch.bfloat16)
