"""How long jobs wait: when a chunk may join the running ones, and how long a pass may be.

The real batcher with a model that computes nothing and takes the time a pass of so many frames
takes, on a device that is busy from the first frame on (a CPU: time is proportional to frames) and
on one that a short pass leaves idle (a GPU: a fixed cost up to some thousand frames). Jobs of 1 to
12 chunks arrive at random, the same ones for every policy; latency is that of whole jobs and of
their first audio. On the GPU also with the longest pass there is, beside the one that a worker
finds at its start, and all jobs at once, for the throughput.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from statistics import mean, quantiles
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.batcher import Batcher
from engine.budget import CPU_FRAMES, near_best
from engine.chunk import Chunk, SpeechParameters, SpokenChunk
from engine.dit.model import Modulation
from engine.dit.packing import Packing

NFE = 16
LONGEST = 65_536  # frames of a pass
_REF = 20


@dataclass(frozen=True)
class Device:
    """Seconds of a pass: `fixed` and more above `free_frames`, at `per_frame` each. A load of 1 is
    what passes of `full` frames can do; it is given `jobs` jobs."""

    fixed: float
    free_frames: int
    per_frame: float
    full: int
    jobs: int
    queues: bool = False

    def seconds(self, tokens: int) -> float:
        return self.fixed + self.per_frame * max(0, tokens - self.free_frames)


# A two-hundredth of the CPU's measured time, so that the benchmark takes seconds. The GPU's is
# assumed until one is measured: host and launches take 9 ms, in which it does 4,096 frames.
CPU = Device(fixed=0.0, free_frames=0, per_frame=4e-6, full=CPU_FRAMES, jobs=30)
GPU = Device(fixed=0.009, free_frames=4096, per_frame=2.4e-6, full=LONGEST, jobs=40, queues=True)


class TimedModel:
    """A DiT that takes its time and returns zeros. One that `queues` is launched and works on while
    the host prepares the next pass; `done` waits for it."""

    device = torch.device("cpu")

    def __init__(self, device: Device) -> None:
        self.timed = device
        self._busy_until = 0.0

    def context(self, cond: Tensor, tokens: Tensor, *, drop: bool) -> Tensor:
        return cond.new_zeros(cond.shape[0], 1)

    def modulation(self, times: Tensor) -> list[Modulation]:
        return [Modulation(torch.zeros(1, 6, 1), torch.zeros(2, 1)) for _ in times]

    def __call__(self, x: Tensor, context: Tensor, steps: Any, packing: Packing) -> Tensor:
        self.done()
        self._busy_until = time.perf_counter() + self.timed.seconds(packing.tokens)
        if not self.timed.queues:
            self.done()
        return x.new_zeros(packing.tokens, x.shape[1])

    def done(self) -> None:
        """Waits until all that was launched is done."""
        time.sleep(max(0.0, self._busy_until - time.perf_counter()))


def run() -> dict[str, Any]:
    """Mean and 95th percentile of latency in milliseconds by device, load and policy."""
    chosen = near_best(GPU.seconds, LONGEST)
    policies = [
        ("cpu", CPU, "batch", CPU_FRAMES),
        ("cpu", CPU, "step", CPU_FRAMES),
        ("gpu", GPU, "step", LONGEST),
        ("gpu", GPU, "step", chosen),
        ("gpu", GPU, "batch", chosen),
    ]
    found: dict[str, Any] = {"gpu_frames_chosen": chosen}
    for load in (0.5, 0.9, None):
        for name, device, join, frames in policies:
            at = f"{load:.0%} load" if load else "all at once"
            found[f"{name}, {at}, join={join}, {frames} frames"] = _latency(
                device, _arrivals(device, load), join, frames
            )
    return found


def _arrivals(device: Device, load: float | None) -> list[tuple[float, list[int]]]:
    """(time, frames of each chunk) of every job; without a load all come at once."""
    rng = np.random.default_rng(7)
    jobs = [
        [int(rng.integers(300, 1400)) for _ in range(rng.choice([1, 1, 1, 2, 4, 12]))]
        for _ in range(device.jobs)
    ]
    if load is None:
        return [(0.0, job) for job in jobs]
    work = sum(2 * frames for job in jobs for frames in job)
    full = device.seconds(device.full) / device.full
    gap = NFE * work * full / device.jobs / load
    return list(zip(np.cumsum(rng.exponential(gap, device.jobs)).tolist(), jobs, strict=True))


def _latency(
    device: Device, arrivals: list[tuple[float, list[int]]], join: str, frames: int
) -> dict[str, float]:
    model = TimedModel(device)

    def vocoder(mels: Sequence[Tensor]) -> list[Tensor]:
        model.done()
        return [mel.new_zeros(1) for mel in mels]

    batcher = Batcher(model, vocoder, max_frames=frames, join=join)  # type: ignore[arg-type]
    started, jobs = time.perf_counter(), []
    for at, lengths in arrivals:
        time.sleep(max(0.0, started + at - time.perf_counter()))
        chunks = [(_chunk(n, i), torch.zeros(_REF, 1)) for i, n in enumerate(lengths)]
        jobs.append(batcher.submit_job(chunks))
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
