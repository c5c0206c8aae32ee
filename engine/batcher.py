"""One inference thread that packs the chunks of all running jobs into shared passes.

Chunks wait in one queue. The thread takes the oldest, adds every waiting chunk that can share its
pass (same schedule, guided or not) up to a frame budget, samples them together, decodes each and
resolves its future. A cancelled future leaves at the next step. A batch that runs out of device
memory is split in two and tried again; only a single chunk that does not fit fails.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.model import DiT, Modulation
from engine.sampler import Flow, FlowInput, Schedule
from engine.vocoder import Vocoder
from worker.errors import DeviceFailed, InferenceFailed

log = logging.getLogger("f5worker.batcher")

_BROKEN_DEVICE = ("CUDA error", "CUBLAS_STATUS", "CUDNN_STATUS", "device-side assert")
_TOO_LARGE_LIMIT = 3


@dataclass(frozen=True)
class Speech:
    """What a chunk's future resolves to: 24 kHz fp32 samples and where the time went (seconds)."""

    samples: NDArray[np.float32]
    queue_s: float
    inference_s: float


@dataclass
class ChunkJob:
    """A chunk on its way: what to sample, and how many leading frames are the reference."""

    flow: FlowInput
    schedule: Schedule
    ref_frames: int
    future: Future[Speech] = field(default_factory=Future)
    submitted: float = field(default_factory=time.perf_counter)

    @property
    def frames(self) -> int:
        return self.flow.frames * (2 if self.flow.guided else 1)

    def shares_pass_with(self, other: ChunkJob) -> bool:
        return self.schedule == other.schedule and self.flow.guided == other.flow.guided


class Batcher:
    """Owns the model on its device; everything that touches it runs on one thread."""

    def __init__(self, model: DiT, vocoder: Vocoder, *, max_frames: int) -> None:
        self.model = model
        self.vocoder = vocoder
        self.max_frames = max_frames
        self._inbox: queue.SimpleQueue[ChunkJob | None] = queue.SimpleQueue()
        self._waiting: deque[ChunkJob] = deque()
        self._too_large = 0
        self._modulations = lru_cache(maxsize=8)(self._compute_modulations)
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._thread.start()

    def submit(self, job: ChunkJob) -> Future[Speech]:
        """Queues a chunk; its future can be cancelled at any time."""
        self._inbox.put(job)
        return job.future

    def close(self) -> None:
        """Finishes the running batch and stops the thread; waiting chunks are cancelled."""
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            if batch is None:
                break
            self._process(batch)
        for job in self._waiting:
            job.future.cancel()

    def _next_batch(self) -> list[ChunkJob] | None:
        """Blocks for work; None when closing."""
        while True:
            while not self._inbox.empty() or not self._waiting:
                job = self._inbox.get()
                if job is None:
                    return None
                self._waiting.append(job)
            self._waiting = deque(job for job in self._waiting if not job.future.cancelled())
            if self._waiting:
                return self._take_compatible()

    def _take_compatible(self) -> list[ChunkJob]:
        batch = [self._waiting.popleft()]
        frames, rest = batch[0].frames, deque[ChunkJob]()
        for job in self._waiting:
            if job.shares_pass_with(batch[0]) and frames + job.frames <= self.max_frames:
                batch.append(job)
                frames += job.frames
            else:
                rest.append(job)
        self._waiting = rest
        return batch

    def _process(self, batch: list[ChunkJob]) -> None:
        try:
            self._sample_and_decode(batch)
        except torch.OutOfMemoryError:
            self._split(batch)
        except Exception as exc:  # the thread must outlive any one batch
            log.exception("inference failed for a batch of %d chunks", len(batch))
            # After a CUDA error the context is lost: every later call of the process fails too.
            broken = any(mark in str(exc) for mark in _BROKEN_DEVICE)
            failure = (DeviceFailed if broken else InferenceFailed)(
                f"Inference failed on {self.model.device.type} ({type(exc).__name__}).",
                "Send the job again; if it repeats, see the worker's log.",
            )
            _fail(batch, failure)
        else:
            self._too_large = 0

    def _split(self, batch: list[ChunkJob]) -> None:
        if self.model.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(batch) == 1:
            self._too_large += 1
            # Again and again: something else holds the memory, or it is fragmented beyond use.
            lasting = self._too_large >= _TOO_LARGE_LIMIT
            _fail(batch, (DeviceFailed if lasting else InferenceFailed)(
                f"A chunk of {batch[0].flow.frames} frames does not fit the device's memory.",
                "Send a shorter text or a shorter reference, or use a larger GPU.",
            ))  # fmt: skip
            return
        log.warning("out of memory with %d chunks; splitting", len(batch))
        self.max_frames = max(self.max_frames // 2, 1)
        middle = len(batch) // 2
        self._process(batch[:middle])
        self._process(batch[middle:])

    @torch.inference_mode()
    def _sample_and_decode(self, batch: list[ChunkJob]) -> None:
        started = time.perf_counter()
        times, modulations = self._modulations(batch[0].schedule)
        flow = Flow(self.model, modulations, times)
        members = {flow.add(job.flow): job for job in batch}
        while not flow.done:
            flow.step()
            for index in [i for i, job in members.items() if job.future.cancelled()]:
                flow.drop(index)
                del members[index]
        for index, mel in flow.results().items():
            self._resolve(members[index], mel, started)

    def _resolve(self, job: ChunkJob, mel: Tensor, started: float) -> None:
        wave = self.vocoder(mel[job.ref_frames :]).float().cpu().numpy()
        if not np.isfinite(wave).all():
            _fail([job], InferenceFailed(
                "The model produced invalid samples (NaN).",
                "Send the job again; on cards with fp16 trouble set F5_DTYPE=float32.",
            ))  # fmt: skip
            return
        now = time.perf_counter()
        _finish(job, Speech(wave, started - job.submitted, now - started))

    @torch.inference_mode()
    def _compute_modulations(self, schedule: Schedule) -> tuple[Tensor, list[Modulation]]:
        times = schedule.times().to(self.model.device)
        return times, self.model.modulation(times[:-1])


def _finish(job: ChunkJob, speech: Speech) -> None:
    if job.future.set_running_or_notify_cancel():
        job.future.set_result(speech)


def _fail(jobs: list[ChunkJob], error: InferenceFailed) -> None:
    for job in jobs:
        if not job.future.done() and job.future.set_running_or_notify_cancel():
            job.future.set_exception(error)
