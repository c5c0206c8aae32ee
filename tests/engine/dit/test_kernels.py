"""The fused kernels' source, built as C++, gives what PyTorch gives; and who gets which kernels."""

from __future__ import annotations

import ctypes
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.arch import Arch
from engine.dit import kernels
from engine.dit.kernels import Fused, Kernels, Plain
from engine.dit.layers import Rotary, rotate, rotate_in_two_launches, with_a_quarter_more
from engine.dit.linear import Linear
from engine.dit.packing import Packing
from engine.sampler import Flow, PreparedSchedule, Schedule
from standins.random_weights import ARCH, random_dit
from standins.waiting import PATIENCE_S

CPU = torch.device("cpu")
GLUE = Path(__file__).with_name("kernels_as_cpp.cpp")
COMPILER = shutil.which("g++")
DTYPES = [torch.float32, torch.bfloat16, torch.float16]
ARCHS = {
    "all heads": ARCH,
    "one head": replace(ARCH, pe_attn_head=1),
    "odd width": replace(ARCH, dim=192, heads=3),
}
Cpp = Callable[[Arch, torch.dtype], Fused]
built = pytest.mark.skipif(COMPILER is None, reason="needs a C++ compiler, g++")


@pytest.fixture(scope="module")
def as_cpp(tmp_path_factory: pytest.TempPathFactory) -> Cpp:
    """The fused kernels on the CPU, from the same source."""
    return cache(lambda arch, dtype: build(arch, dtype, tmp_path_factory.mktemp("kernels")))


def build(arch: Arch, dtype: torch.dtype, folder: Path) -> Fused:
    assert COMPILER is not None
    library = folder / "kernels.so"
    defined = [f"-D{name}={value}" for name, value in kernels.macros(arch, dtype).items()]
    half = ["-mf16c"] if dtype == torch.float16 else []
    # No product and sum in one: PyTorch's on a CPU are two roundings.
    plain = ["-std=c++20", "-O1", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run(
        [COMPILER, *plain, *half, *defined, f"-I{kernels.SOURCE.parent}", GLUE, "-o", library],
        check=True, timeout=PATIENCE_S,
    )  # fmt: skip
    loaded = ctypes.CDLL(str(library))

    def launch_of(name: str) -> kernels.Launch:
        function = getattr(loaded, f"run_{name}")

        def launch(blocks: int, threads: int, *arguments: Tensor | int | None) -> None:
            function(
                *(
                    ctypes.c_void_p(a.data_ptr()) if isinstance(a, Tensor) else a
                    for a in (blocks, threads, *arguments)
                )
            )

        return launch

    return Fused({name: launch_of(name) for name in kernels.NAMES}, dtype)


@built
@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        *(("all heads", dtype) for dtype in DTYPES),
        ("one head", torch.float16),
        pytest.param("odd width", torch.float16, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_the_source_as_cpp_gives_what_pytorch_gives(
    name: str, dtype: torch.dtype, as_cpp: Cpp
) -> None:
    fused = as_cpp(ARCHS[name], dtype)
    assert kernels.agree(fused, ARCHS[name], CPU, dtype)
    if name == "all heads":
        qkv = torch.randn(37, 3, 4, 64).to(dtype)
        angles = torch.rand(37, 1, 1, 32) * 300
        turns = with_a_quarter_more(torch.polar(torch.ones_like(angles), angles))
        expected = Plain().rotate(qkv[:, :2], turns, 4)
        assert torch.equal(fused.rotate(qkv[:, :2], turns, 4), expected)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_turning_in_two_launches_as_on_a_gpu_gives_what_the_complex_product_gives(
    dtype: torch.dtype,
) -> None:
    generator = torch.Generator().manual_seed(0)
    qkv = torch.randn(37, 3, 4, 64, generator=generator).to(dtype)
    turns = Rotary(torch.rand(32, generator=generator)).rows(torch.arange(37) * 200)
    found = rotate_in_two_launches(qkv[:, :2], turns)
    expected = rotate(qkv[:, :2], turns)
    assert found.dtype == dtype and found.shape == expected.shape
    tolerance = 1e-6 if dtype == torch.float32 else 1e-3  # few are at the other side of a rounding
    assert (found - expected).float().norm() < tolerance * expected.float().norm()


@built
def test_infinite_and_undefined_numbers_stay_what_they_are(as_cpp: Cpp) -> None:
    """The engine looks for them in the result; a kernel must not hide them."""
    fused = as_cpp(ARCH, torch.bfloat16)
    h, terms = torch.randn(3, 256), torch.randn(1, 6, 256)
    x = torch.randn(3, 256).to(torch.bfloat16)
    x[0, 7], x[1, 9] = torch.nan, torch.inf
    packing = Packing([3], [False], CPU)
    h, normed = fused.gate_norm(h, x, terms[:, 2], terms[:, :2], packing)
    assert h[0, 7].isnan() and h[1, 9].isinf() and h[2].isfinite().all()
    assert normed[:2].isnan().all() and normed[2].isfinite().all()


@built
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize("skip", [False, True], ids=["plain", "long skip"])
def test_a_model_with_fused_kernels_gives_the_same_mel(
    dtype: torch.dtype, skip: bool, as_cpp: Cpp
) -> None:
    arch = replace(ARCH, depth=2, long_skip_connection=skip, qk_norm="rms_norm" if skip else None)
    model = random_dit_with_all(arch, dtype)
    expected = mels(model, Plain(dtype))
    for mel, plain in zip(mels(model, as_cpp(ARCH, dtype)), expected, strict=True):
        tolerance = 1e-5 if dtype == torch.float32 else 1e-2
        assert (mel - plain).norm() / plain.norm() < tolerance


def random_dit_with_all(arch: Arch, dtype: torch.dtype) -> torch.nn.Module:
    """As `random_dit`, for parts whose weights have no published names there."""
    torch.manual_seed(0)
    plain = replace(arch, long_skip_connection=False, qk_norm=None)
    model = random_dit(plain, dtype)
    if arch != plain:
        model.skip = Linear(2 * arch.dim, arch.dim, bias=False).to(dtype)
        for block in model.blocks:
            block.attn.q_norm = torch.nn.RMSNorm(arch.dim_head, eps=1e-6).to(dtype)
            block.attn.k_norm = torch.nn.RMSNorm(arch.dim_head, eps=1e-6).to(dtype)
    return model


def mels(model: torch.nn.Module, used: Kernels) -> list[Tensor]:
    """Two chunks, the second from the second step on, so that they are in groups of their own."""
    model.use_kernels(used)
    flow, schedule = Flow(model), PreparedSchedule.of(model, Schedule(3))
    cond = torch.randn(20, 100, generator=torch.Generator().manual_seed(1))
    chunks = [
        flow.start(cond, torch.arange(9), frames, schedule, seed=frames) for frames in (31, 40)
    ]
    flow.admit(chunks[0])
    flow.step()
    flow.admit(chunks[1])
    flow.step()
    flow.step()
    for chunk in chunks:
        flow.leave(chunk)
    return [chunk.x for chunk in chunks]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_rows_gathered_for_tokens_give_what_groups_one_by_one_give(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU `Plain` gathers; here it is made to."""
    expected = kernels._trial(Plain(dtype), ARCH, CPU, dtype)
    monkeypatch.setattr(kernels, "_in_one_launch", lambda h, table: len(table) > 1)
    found = kernels._trial(Plain(dtype), ARCH, CPU, dtype)
    tolerance = 1e-6 if dtype == torch.float32 else 1e-2  # the norm comes in the products' dtype
    assert (found - expected).norm() / expected.norm() < tolerance


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, logger="f5worker.engine"):
        yield caplog


def test_pytorch_s_kernels_are_what_a_cpu_gets(
    log: pytest.LogCaptureFixture,
) -> None:
    for wanted in ("torch", "auto"):
        assert kernels.pick(wanted, ARCH, CPU, torch.float32).name == "torch"
    assert not log.messages
    assert kernels.pick("fused", ARCH, CPU, torch.float32).name == "torch"
    assert "needs a CUDA device" in log.text


def test_kernels_that_cannot_be_made_or_are_wrong_are_not_used(
    monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    class Wrong(Plain):
        name = "fused"

        def rotate(self, qk: Tensor, turns: Tensor, heads: int) -> Tensor:
            return qk

    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    gpu = torch.device("cuda")
    monkeypatch.setattr(kernels.nvrtc, "find_nvrtc", missing)
    assert kernels.pick("auto", ARCH, gpu, torch.float16).name == "torch"
    assert "there is no NVRTC" in log.text
    assert kernels.pick("fused", replace(ARCH, dim_head=48), gpu, torch.float16).name == "torch"
    assert "dim_head 48" in log.text
    assert not kernels.agree(Wrong(), ARCH, CPU, torch.float32)
    assert "fused kernel differs" in log.text


def missing() -> ctypes.CDLL:
    raise RuntimeError("there is no NVRTC library (nvidia-cuda-nvrtc)")
