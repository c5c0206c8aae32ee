"""The kernels' source compiles for every card, without one: NVRTC needs neither GPU nor driver."""

from __future__ import annotations

from dataclasses import replace

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
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("card", CARDS)
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
