"""On which CPUs bf16 is worth it: told by what they have, never by a timing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine import processor

INTEL, AMD = "GenuineIntel", "AuthenticAMD"
GOLDEN_COVE = ("avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16")


@pytest.fixture(autouse=True)
def _looked_at_anew() -> Iterator[None]:
    processor.is_intel.cache_clear()
    yield
    processor.is_intel.cache_clear()


@pytest.mark.parametrize(
    ("vendor", "has", "fast"),
    [
        (INTEL, GOLDEN_COVE, False),  # a guest that is not shown its Xeon's AMX
        (INTEL, (*GOLDEN_COVE, "amx_tile", "amx_int8", "amx_bf16"), True),
        (INTEL, ("avx512_vnni", "avx512_bf16"), True),  # Cooper Lake
        (INTEL, ("avx512_vnni",), False),  # Ice Lake
        (AMD, ("avx512_vnni", "avx512_bf16"), True),  # Zen 4 and 5
        (AMD, GOLDEN_COVE, True),
        (AMD, (), False),  # Zen 3
    ],
)
def test_bf16_is_fast_where_its_instructions_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vendor: str, has: tuple[str, ...], fast: bool
) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nvendor_id\t: {vendor}\nflags\t: fpu\n")
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(has, True))
    assert processor.fast_bf16() == fast
    assert processor.has_bf16() == ("avx512_bf16" in has)


@pytest.mark.parametrize("written", [None, "processor\t: 0\nCPU implementer\t: 0x41\n", ""])
def test_what_does_not_name_its_maker_is_not_intels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: str | None
) -> None:
    if written is not None:
        (tmp_path / "cpuinfo").write_text(written)
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr("platform.processor", lambda: "arm")
    assert not processor.is_intel()
