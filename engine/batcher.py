"""One inference thread that takes the chunks of all running jobs through the model together.

Continuous batching: between two steps finished and cancelled chunks leave, and waiting ones join
while the frame budget allows it, whatever their schedule. The order is by `due`: the time a chunk
came in plus a second for each chunk of its job before it, so that every job's first audio comes
early and no long text holds up the short ones behind it, nor they it. When the device runs out of
memory half of the chunks step aside as they stand, and the budget shrinks; only a single chunk
that does not fit fails.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dit.model import DiT
from engine.sampler import Course, Flow, FlowInput, Schedule, Sequence
from engine.vocoder.load import Vocoder
from errors import DeviceFailed, InferenceFailed

log = logging.getLogger("f5worker.batcher")

_BROKEN_DEVICE = ("CUDA error", "CUBLAS_STATUS", "CUDNN_STATUS", "device-side assert")
_TOO_LARGE_LIMIT = 3
_PATIENCE_S = 1.0  # how long a chunk lets chunks of later jobs pass for each one before it


@dataclass(frozen=True)
class Speech:
    """What a chunk's future resolves to: 24 kHz fp32 samples and where the time went (seconds)."""

    samples: NDArray[np.float32]
    queue_s: float
    inference_s: float


@dataclass(eq=False)
class ChunkJob:
    """A chunk on its way: what to sample, and how many leading frames are the reference.

    `index` is its place among its job's chunks.
    """

    flow: FlowInput
    schedule: Schedule
    ref_frames: int
    index: int = 0
    future: Future[Speech] = field(default_factory=Future)
    submitted: float = field(default_factory=time.perf_counter)
    started: float = 0.0
    sequence: Sequence | None = None

    @property
    def frames(self) -> int:
        return self.flow.frames * (2 if self.flow.guided else 1)

    @property
    def due(self) -> float:
        return self.submitted + _PATIENCE_S * self.index


class Batcher:
    """Owns the model on its device; everything that touches it runs on one thread.

    Args:
        max_frames: frames of one pass, both guidance branches counted.
        join: "step" lets waiting chunks join between steps, "batch" only when none is under way;
            "auto" is "step" on a GPU and "batch" on a CPU (docs/engine.md says why).
    """

    def __init__(
        self, model: DiT, vocoder: Vocoder, *, max_frames: int, join: str = "auto"
    ) -> None:
        self.model = model
        self.vocoder = vocoder
        self.max_frames = max_frames
        on_cpu = model.device.type == "cpu"
        self.join = ("batch" if on_cpu else "step") if join == "auto" else join
        self._inbox: queue.SimpleQueue[ChunkJob | None] = queue.SimpleQueue()
        self._waiting: list[ChunkJob] = []
        self._running: list[ChunkJob] = []
        self._closing = False
        self._flow = Flow(model)
        self._course = lru_cache(maxsize=8)(lambda schedule: Course.of(model, schedule))
        self._too_large = 0
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._thread.start()

    def submit(self, job: ChunkJob) -> Future[Speech]:
        """Queues a chunk; its future can be cancelled at any time."""
        self._inbox.put(job)
        return job.future

    def close(self) -> None:
        """Finishes what runs and stops the thread; waiting chunks are cancelled."""
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        while self._receive():
            if not self._closing and (self.join == "step" or not self._running):
                self._admit()
            if self._running:
                self._step()
            finished = [job for job in self._running if job.sequence and job.sequence.done]
            for job in finished:
                self._leave(job)
            self._decode(finished)
        for job in self._waiting:
            job.future.cancel()

    def _receive(self) -> bool:
        """Takes in new chunks, blocking when there is nothing to do; False when all is over."""
        while not self._inbox.empty() or not (self._waiting or self._running or self._closing):
            job = self._inbox.get()
            if job is None:
                self._closing = True
            else:
                self._waiting.append(job)
        self._waiting = [job for job in self._waiting if not job.future.cancelled()]
        for job in [job for job in self._running if job.future.cancelled()]:
            self._leave(job)
        return bool(self._running) or not self._closing

    def _admit(self) -> None:
        """Starts waiting chunks in the order they are due, as many as fit; at least one."""
        self._waiting.sort(key=lambda job: job.due)
        room = self.max_frames - sum(job.frames for job in self._running)
        while self._waiting and (self._waiting[0].frames <= room or not self._running):
            job = self._waiting.pop(0)
            try:
                self._begin(job)
            except torch.OutOfMemoryError:
                if self._running:
                    self._waiting.insert(0, job)
                    return
                self._fail_too_large(job)
            except Exception as exc:  # the thread must outlive any one chunk
                self._fail([job], exc)
            else:
                room -= job.frames

    def _begin(self, job: ChunkJob) -> None:
        job.started = job.started or time.perf_counter()
        if job.sequence is None:
            job.sequence = self._flow.start(job.flow, self._course(job.schedule))
        self._flow.join(job.sequence)
        self._running.append(job)

    def _leave(self, job: ChunkJob) -> None:
        assert job.sequence is not None
        self._running.remove(job)
        self._flow.leave(job.sequence)

    def _step(self) -> None:
        try:
            self._flow.step()
        except torch.OutOfMemoryError:
            self._make_room()
        except Exception as exc:  # the thread must outlive any one pass
            failed, self._running, self._flow = self._running, [], Flow(self.model)
            self._fail(failed, exc)
        else:
            self._too_large = 0

    def _make_room(self) -> None:
        """After out-of-memory: half of the chunks wait, at the step they have reached."""
        if self.model.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(self._running) == 1:
            alone = self._running[0]
            self._leave(alone)
            self._fail_too_large(alone)
            return
        in_pass = sum(job.frames for job in self._running)
        self.max_frames = max(1, min(self.max_frames, in_pass) // 2)
        log.warning(
            "out of memory with %d chunks; %d frames a pass from now on",
            len(self._running), self.max_frames,
        )  # fmt: skip
        for job in self._running[len(self._running) // 2 :]:
            self._leave(job)
            self._waiting.append(job)

    def _decode(self, jobs: list[ChunkJob]) -> None:
        """Turns finished mels into waveforms, fewer at a time where memory is short."""
        if not jobs:
            return
        try:
            waves = self.vocoder([_new_speech(job) for job in jobs])
            samples = [wave.float().cpu().numpy() for wave in waves]
        except torch.OutOfMemoryError:
            if len(jobs) == 1:
                self._fail_too_large(jobs[0])
            else:
                self._decode(jobs[: len(jobs) // 2])
                self._decode(jobs[len(jobs) // 2 :])
        except Exception as exc:  # the thread must outlive any one batch
            self._fail(jobs, exc)
        else:
            for job, wave in zip(jobs, samples, strict=True):
                _resolve(job, wave)

    def _fail_too_large(self, job: ChunkJob) -> None:
        self._too_large += 1
        # Again and again: something else holds the memory, or it is fragmented beyond use.
        lasting = self._too_large >= _TOO_LARGE_LIMIT
        _raise_in([job], (DeviceFailed if lasting else InferenceFailed)(
            f"A chunk of {job.flow.frames} frames does not fit the device's memory.",
            "Send a shorter text or a shorter reference, or use a larger GPU.",
        ))  # fmt: skip

    def _fail(self, jobs: list[ChunkJob], exc: Exception) -> None:
        log.error("inference failed for a batch of %d chunks", len(jobs), exc_info=exc)
        # After a CUDA error the context is lost: every later call of the process fails too.
        broken = any(mark in str(exc) for mark in _BROKEN_DEVICE)
        _raise_in(jobs, (DeviceFailed if broken else InferenceFailed)(
            f"Inference failed on {self.model.device.type} ({type(exc).__name__}).",
            "Send the job again; if it repeats, see the worker's log.",
        ))  # fmt: skip


def _new_speech(job: ChunkJob) -> Tensor:
    assert job.sequence is not None
    return job.sequence.mel[job.ref_frames :]


def _resolve(job: ChunkJob, wave: NDArray[np.float32]) -> None:
    if not np.isfinite(wave).all():
        _raise_in([job], InferenceFailed(
            "The model produced invalid samples (NaN).",
            "Send the job again; on cards with fp16 trouble set F5_DTYPE=float32.",
        ))  # fmt: skip
    elif job.future.set_running_or_notify_cancel():
        now = time.perf_counter()
        job.future.set_result(Speech(wave, job.started - job.submitted, now - job.started))


def _raise_in(jobs: list[ChunkJob], error: InferenceFailed) -> None:
    for job in jobs:
        if not job.future.done() and job.future.set_running_or_notify_cancel():
            job.future.set_exception(error)
