"""When may a chunk join the running ones: at the next step, or when the batch is done?

The real batcher with a model that computes nothing and takes the time a pass of so many frames
takes, on a device that is busy from the first frame on (a CPU: time is proportional to frames) and
on one that a short pass leaves idle (a GPU: a fixed cost up to some thousand frames). Jobs of 1 to
12 chunks arrive at random, the same ones for both policies; latency is that of whole jobs and of
their first audio.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass
from statistics import mean, quantiles
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.batcher import Batcher
from engine.boot import CPU_FRAMES, GPU_FRAMES
from engine.chunk import Chunk, SpeechParameters, SpokenChunk
from engine.dit.model import Modulation
from engine.dit.packing import Packing

NFE = 16
JOBS = 30
_REF = 20


@dataclass(frozen=True)
class Device:
    """Seconds of a pass: `fixed` and more above `free_frames`, at `per_frame` each."""

    fixed: float
    free_frames: int
    per_frame: float
    budget: int

    def seconds(self, tokens: int) -> float:
        return self.fixed + self.per_frame * max(0, tokens - self.free_frames)


# A two-hundredth of the CPU's measured time, so that the benchmark takes seconds; the GPU's is
# assumed until one is measured.
DEVICES = {
    "cpu": Device(fixed=0.0, free_frames=0, per_frame=4e-6, budget=CPU_FRAMES),
    "gpu": Device(fixed=0.003, free_frames=4096, per_frame=8e-7, budget=GPU_FRAMES),
}


class TimedModel:
    """A DiT that takes its time and returns zeros."""

    device = torch.device("cpu")

    def __init__(self, device: Device) -> None:
        self.timed = device

    def context(self, cond: Tensor, tokens: Tensor, *, drop: bool) -> Tensor:
        return cond.new_zeros(cond.shape[0], 1)

    def modulation(self, times: Tensor) -> list[Modulation]:
        return [Modulation(torch.zeros(1, 6, 1), torch.zeros(2, 1)) for _ in times]

    def __call__(self, x: Tensor, context: Tensor, steps: Any, packing: Packing) -> Tensor:
        time.sleep(self.timed.seconds(packing.tokens))
        return x.new_zeros(packing.tokens, x.shape[1])


def run() -> dict[str, Any]:
    """Mean and 95th percentile of latency in milliseconds by device, load and policy."""
    found: dict[str, Any] = {}
    for name, device in DEVICES.items():
        for load in (0.5, 0.9):
            arrivals = _arrivals(device, load)
            for join in ("batch", "step"):
                found[f"{name} at {load:.0%} load, join={join}"] = _latency(device, arrivals, join)
    return found


def _arrivals(device: Device, load: float) -> list[tuple[float, list[int]]]:
    """(time, frames of each chunk) of every job; a load of 1 is what full passes can do."""
    rng = np.random.default_rng(7)
    jobs = [
        [int(rng.integers(300, 1400)) for _ in range(rng.choice([1, 1, 1, 2, 4, 12]))]
        for _ in range(JOBS)
    ]
    work = sum(2 * frames for job in jobs for frames in job)
    full = device.seconds(device.budget) / device.budget
    gap = NFE * work * full / JOBS / load
    return list(zip(np.cumsum(rng.exponential(gap, JOBS)).tolist(), jobs, strict=True))


def _latency(
    device: Device, arrivals: list[tuple[float, list[int]]], join: str
) -> dict[str, float]:
    batcher = Batcher(
        TimedModel(device),  # type: ignore[arg-type]
        lambda mels: [mel.new_zeros(1) for mel in mels],
        max_frames=device.budget,
        join=join,
    )
    started, jobs = time.perf_counter(), []
    for at, frames in arrivals:
        time.sleep(max(0.0, started + at - time.perf_counter()))
        jobs.append(
            [batcher.submit(_chunk(n, i), torch.zeros(_REF, 1)) for i, n in enumerate(frames)]
        )
    first = [_seconds(job[0]) for job in jobs]
    whole = [max(_seconds(chunk) for chunk in job) for job in jobs]
    elapsed = time.perf_counter() - started
    batcher.close()
    return {
        "first_audio_mean_ms": round(1000 * mean(first), 1),
        "first_audio_p95_ms": round(1000 * quantiles(first, n=20)[-1], 1),
        "job_mean_ms": round(1000 * mean(whole), 1),
        "job_p95_ms": round(1000 * quantiles(whole, n=20)[-1], 1),
        "all_done_s": round(elapsed, 2),
    }


def _chunk(frames: int, index: int) -> Chunk:
    voice: Any = None  # the batcher is given its mel
    return Chunk(index, "", voice, SpeechParameters(nfe_step=NFE), [0], frames, _REF, seed=0)


def _seconds(future: Future[SpokenChunk]) -> float:
    spoken = future.result()
    return spoken.queue_s + spoken.inference_s
