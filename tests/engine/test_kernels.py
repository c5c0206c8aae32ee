"""The kernels that PyTorch keeps for each shape do not add up to gigabytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from standins.platform import environment
from standins.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]
FIGURES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
SHAPES = """
import ctypes, sys
import torch
from engine.boot import bound_kernels
from engine.dit import linear

class Figures(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "{figures}".split()]

glibc = ctypes.CDLL(None)
glibc.mallinfo2.restype = Figures
if sys.argv[1] == "bounded":
    bound_kernels()
weight, bias = linear.packed(torch.randn(64, 64)), torch.zeros(64)

def used_after(shapes):
    with torch.inference_mode():
        for rows in shapes:
            linear.product(torch.randn(rows, 64), weight, bias)
    return glibc.mallinfo2().uordblks

before = used_after(range(1, 201))
print(used_after(range(201, 501)) - before)
""".replace("{figures}", FIGURES)
GROWN = 32 << 20  # bytes; with PyTorch's own bounds it is five times that


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks glibc")
@pytest.mark.parametrize("bounded", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_three_hundred_more_shapes_take_no_more_memory(bounded: bool) -> None:
    """Unbounded they do: else this shows nothing."""
    run = subprocess.run(
        [sys.executable, "-c", SHAPES, "bounded" if bounded else "free"],
        cwd=ROOT, env=environment({}),  # without what an engine in this process has set
        check=True, capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert (int(run.stdout) < GROWN) == bounded, run.stdout
