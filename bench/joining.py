"""How long jobs wait: when a chunk may join the running ones, and how long a pass may be.

The real batcher with a model that computes nothing, in virtual time: a pass takes what the device
would take for so many frames, and everything else nothing, so every run gives the same figures. A
CPU is busy from the first frame on, a GPU does a few thousand frames in the time of its launches.
Jobs of 1 to 12 chunks arrive at random, the same ones for every policy; latency is that of whole
jobs and of their first audio. On the GPU also with the longest pass there is, beside the one that a
worker finds at its start, and all jobs at once, for the throughput. Last, a short job behind a long
text on a slow device.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
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
from standins.random_weights import ARCH

NFE = 16
JOBS = 60
LONGEST = 65_536  # frames of a pass
_REF = 20

Arrivals = list[tuple[float, list[int]]]
"""Seconds at which a job comes, and the frames of its chunks."""


@dataclass(frozen=True)
class Device:
    """Seconds of a pass: `fixed` and more above `free_frames`, at `per_frame` each. A load of 1 is
    what passes of `full` frames can do."""

    fixed: float
    free_frames: int
    per_frame: float
    full: int

    def seconds(self, tokens: int) -> float:
        return self.fixed + self.per_frame * max(0, tokens - self.free_frames)


# The CPU's measured time. The GPU's is assumed until one is measured: host and launches take 9 ms,
# in which it does 4,096 frames. On the slow device a chunk takes 2 s.
CPU = Device(fixed=0.0, free_frames=0, per_frame=8e-4, full=CPU_FRAMES)
GPU = Device(fixed=0.009, free_frames=4096, per_frame=2.4e-6, full=LONGEST)
SLOW = Device(fixed=2.0 / NFE, free_frames=LONGEST, per_frame=0.0, full=LONGEST)


class Course:
    """One run: jobs come, the batcher speaks them, and virtual time passes with each pass. The
    other parts of a model are there in name only.

    `first` and `whole` are seconds from a job's arrival to its first audio and to its last, by its
    number.
    """

    device, arch = torch.device("cpu"), ARCH

    def __init__(self, timed: Device, arrivals: Arrivals, join: str, frames: int) -> None:
        self._timed, self._coming = timed, deque(enumerate(arrivals))
        self.now = 0.0
        self.first: dict[int, float] = {}
        self.whole: dict[int, float] = {}
        self._open = 0
        self._idle = threading.Event()
        batcher = Batcher(
            self,  # type: ignore[arg-type]
            lambda mels: [mel.new_zeros(1) for mel in mels],
            max_frames=frames,
            join=join,
        )
        self._submit = batcher.submit_job
        while self._coming:
            self.now = max(self.now, self._coming[0][1][0])
            self._idle.clear()
            self._arrive()
            self._idle.wait()  # the batcher's thread lets the others in as time passes
        batcher.close()

    def context(self, cond: Tensor, tokens: Tensor, *, drop: bool) -> Tensor:
        return cond.new_zeros(cond.shape[0], 1)

    def modulation(self, times: Tensor) -> list[Modulation]:
        return [Modulation(torch.zeros(1, 6, 1), torch.zeros(2, 1)) for _ in times]

    def __call__(self, x: Tensor, context: Tensor, steps: Any, packing: Packing) -> Tensor:
        self.now += self._timed.seconds(packing.tokens)
        self._arrive()
        return x.new_zeros(packing.tokens, x.shape[1])

    def _arrive(self) -> None:
        while self._coming and self._coming[0][1][0] <= self.now:
            job, (came, lengths) = self._coming.popleft()
            self._open += len(lengths)
            chunks = [(_chunk(n, i), torch.zeros(_REF, 1)) for i, n in enumerate(lengths)]
            for index, future in enumerate(self._submit(chunks)):
                future.add_done_callback(partial(self._spoken, job, index, came))

    def _spoken(self, job: int, index: int, came: float, _: Future[SpokenChunk]) -> None:
        if index == 0:
            self.first[job] = self.now - came
        self.whole[job] = self.now - came
        self._open -= 1
        if not self._open:
            self._idle.set()


def run() -> dict[str, Any]:
    """Mean and 95th percentile of latency in seconds by device, load and policy."""
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
            course = Course(device, arrivals_of(device, load), join, frames)
            found[f"{name}, {at}, join={join}, {frames} frames"] = latency(course)
    text_and_job = [(0.0, [500] * 14), (10.5, [500])]
    behind = Course(SLOW, text_and_job, "step", 1)
    found["a job of a chunk of 2 s, behind 14 and within the sixth"] = round(behind.first[1], 2)
    return found


def arrivals_of(device: Device, load: float | None) -> Arrivals:
    """Without a load all come at once, behind the first by next to nothing: from then on they come
    in the batcher's own thread, so that nothing hangs on which thread is quicker."""
    rng = np.random.default_rng(7)
    jobs = [
        [int(rng.integers(300, 1400)) for _ in range(rng.choice([1, 1, 1, 2, 4, 12]))]
        for _ in range(JOBS)
    ]
    if load is None:
        return [(1e-9 if number else 0.0, job) for number, job in enumerate(jobs)]
    work = sum(2 * frames for job in jobs for frames in job)
    full = device.seconds(device.full) / device.full
    gap = NFE * work * full / JOBS / load
    return list(zip(np.cumsum(rng.exponential(gap, JOBS)).tolist(), jobs, strict=True))


def latency(course: Course) -> dict[str, float]:
    """What a run is summed up to, seconds."""
    return {
        **_summary("first_audio", course.first.values()),
        **_summary("job", course.whole.values()),
        "all_done_s": round(course.now, 2),
    }


def _summary(name: str, seconds: Iterable[float]) -> dict[str, float]:
    found = list(seconds)
    return {
        f"{name}_mean_s": round(mean(found), 3),
        f"{name}_p95_s": round(quantiles(found, n=20)[-1], 3),
    }


def _chunk(frames: int, index: int) -> Chunk:
    voice: Any = None  # the batcher is given its mel
    return Chunk(index, "", voice, SpeechParameters(nfe_step=NFE), [0], frames, _REF, seed=0)
