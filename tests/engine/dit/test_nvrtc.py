"""The kernels' source compiles for every card, without one: NVRTC needs neither GPU nor driver."""

from __future__ import annotations

import ctypes
from contextlib import nullcontext
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch

from engine.arch import Arch
from engine.dit import kernels, nvrtc
from standins.random_weights import ARCH

PUBLISHED = Arch(dim=1024, depth=22, heads=16)
# From the T4 (sm_75) over A100, A40, L4 and 4090, H100 and B200 to the RTX 50 series.
CARDS = ["sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"]


def has_nvrtc() -> bool:
    try:
        nvrtc.find_nvrtc()
    except RuntimeError:
        return False
    return True


needs_nvrtc = pytest.mark.skipif(
    not has_nvrtc(), reason="needs NVRTC (nvidia-cuda-nvrtc, requirements/dev.txt)"
)


@needs_nvrtc
@pytest.mark.parametrize(
    ("card", "dtype"),
    [
        pytest.param(
            card,
            dtype,
            id=f"{card}-{dtype}",
            marks=[] if dtype == torch.float16 or card == "sm_90" else pytest.mark.slow,
        )
        for card, dtype in product(CARDS, [torch.float16, torch.bfloat16, torch.float32])
    ],
)
def test_the_source_compiles_for_every_card(card: str, dtype: torch.dtype) -> None:
    code = nvrtc.compiled(kernels.SOURCE.read_text(), card, kernels.macros(PUBLISHED, dtype))
    assert code.startswith(b"\x7fELF")
    for name in kernels.NAMES:
        assert name.encode() in code


@needs_nvrtc
@pytest.mark.parametrize(
    "arch",
    [ARCH, replace(PUBLISHED, pe_attn_head=1), replace(PUBLISHED, dim=768, heads=12)],
    ids=["demo", "F5TTS_Base", "F5TTS_v1_Small"],
)
def test_the_source_compiles_for_every_model(arch: Arch) -> None:
    macros = kernels.macros(arch, torch.float16)
    assert nvrtc.compiled(kernels.SOURCE.read_text(), "sm_90", macros)


@needs_nvrtc
def test_what_does_not_compile_is_an_error_that_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"sm_90.*\n?.*undefined"):
        nvrtc.compiled('extern "C" __global__ void f() { g(); }', "sm_90", {})


def test_a_machine_without_nvrtc_or_driver_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(nvrtc.ctypes, "CDLL", none)
    with pytest.raises(RuntimeError, match="no NVRTC"):
        nvrtc.compiled("", "sm_90", {})
    with pytest.raises(RuntimeError, match="no CUDA driver"):
        nvrtc.load(b"", ["f"], torch.device("cuda"))


class Driver:
    """What `nvrtc` calls of the driver; it keeps the arguments of the last launch."""

    def __init__(self, result: int = 0) -> None:
        self.result = result
        self.grid: list[int] = []
        self.arguments: list[int | None] = []

    def cuLaunchKernel(self, function: object, *rest: Any) -> int:
        *self.grid, pointers, _ = rest
        # Two pointers, then numbers of 32 bits.
        kinds = [ctypes.c_void_p] * 2 + [ctypes.c_int] * (len(pointers) - 2)
        self.arguments = [
            kind.from_address(at).value for kind, at in zip(kinds, pointers, strict=False)
        ]
        return self.result

    def cuGetErrorString(self, result: int, said: Any) -> None:
        said._obj.value = b"an illegal memory access was encountered"


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device", lambda index: nullcontext())
    monkeypatch.setattr(nvrtc, "_stream", lambda index: 77)


@pytest.mark.usefixtures("no_gpu")
def test_a_launch_hands_over_pointers_and_numbers() -> None:
    driver, tensor = Driver(), torch.ones(3)
    kernel = nvrtc._Kernel(driver, ctypes.c_void_p(1), torch.device("cuda", 0))
    kernel(5, 128, tensor, None, -3, 1 << 30)
    assert driver.grid == [5, 1, 1, 128, 1, 1, 0, 77]
    assert driver.arguments == [tensor.data_ptr(), None, -3, 1 << 30]


@pytest.mark.usefixtures("no_gpu")
def test_a_launch_that_fails_is_an_error_of_the_device() -> None:
    """In the words by which the batcher knows that the device is gone."""
    kernel = nvrtc._Kernel(Driver(700), ctypes.c_void_p(1), torch.device("cuda", 0))
    with pytest.raises(RuntimeError, match="CUDA error 700: an illegal memory access"):
        kernel(1, 128)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_on_a_gpu_the_fused_kernels_are_taken(dtype: torch.dtype) -> None:
    assert kernels.pick("fused", PUBLISHED, torch.device("cuda"), dtype).name == "fused"
