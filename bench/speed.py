"""The engine against f5-tts's `infer_process` on a CPU: published size, same files, texts and NFE.

Both run in this process, one after the other in turn; medians. f5-tts runs as released (fp32, a
job at a time), the worker as it starts by default on this CPU and, to tell apart what precision
and what the rest gives, in fp32.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch

from bench.floor import matmul_rate, operations
from bench.full_size import Ours, Theirs, arch, frames_of, make_files, make_voice, text_of
from engine.config import EngineConfig

CACHE = Path(__file__).parent.parent / ".cache" / "bench"
NFE = 4
CASES: dict[str, tuple[list[str], int]] = {
    # texts of the jobs that are there at once, and how often the case is measured
    "one_chunk_of_10_s": ([text_of(10.0)], 3),
    "eight_jobs_of_2_s": ([text_of(2.0, job) for job in range(8)], 2),
}


def run() -> dict[str, Any]:
    """Seconds and ratios by case; how far the default engine is from the machine's matmul rate."""
    CACHE.mkdir(parents=True, exist_ok=True)
    voice, files = make_voice(CACHE), make_files(CACHE)
    theirs = Theirs(files, voice, "cpu", torch.float32)
    ours = {"worker": Ours(files, EngineConfig(device="cpu"), voice)}
    dtype = getattr(torch, ours["worker"].engine.dtype)
    if dtype != torch.float32:
        ours["worker_fp32"] = Ours(files, EngineConfig(device="cpu", dtype="float32"), voice)
    rate = matmul_rate("cpu", dtype)
    found: dict[str, Any] = {
        "dtype": str(dtype).removeprefix("torch."),
        "nfe": NFE,
        "matmul_gflops": round(rate / 1e9),
        "matmul_gflops_fp32": round(matmul_rate("cpu", torch.float32) / 1e9),
    }
    for name, (texts, repeats) in CASES.items():
        sides = {"f5_tts": theirs.speak, "worker": ours["worker"].speak}
        if len(texts) == 1 and "worker_fp32" in ours:
            sides["worker_fp32"] = ours["worker_fp32"].speak
        seconds = _alternate(sides, texts, repeats)
        floor = operations(arch(), frames_of(ours["worker"], texts), NFE) / rate
        found[name] = {key: round(value, 2) for key, value in seconds.items()} | {
            "ratio": round(seconds["f5_tts"] / seconds["worker"], 2),
            "floor_s": round(floor, 2),
            "times_the_floor": round(seconds["worker"] / floor, 2),
        }
        sys.stdout.write(f"  {name}: {found[name]}\n")
    for side in ours.values():
        side.close()
    return found


def _alternate(sides: dict[str, Any], texts: list[str], repeats: int) -> dict[str, float]:
    for speak in sides.values():
        speak(texts[:1], 1)  # warm
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, speak in sides.items():
            started = time.perf_counter()
            speak(texts, NFE)
            times[name].append(time.perf_counter() - started)
    return {name: median(values) for name, values in times.items()}
