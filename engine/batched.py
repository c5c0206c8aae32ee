"""A chunk on its way through the batcher, and what becomes of it: a waveform, or an error."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.chunk import Chunk, SpokenChunk
from engine.memory import ran_out
from engine.meter import Meter
from engine.sampler import Flow, PreparedSchedule, Trajectory, is_guided
from errors import DeviceFailed, InferenceFailed

log = logging.getLogger("f5worker.batcher")

_TOO_LARGE_LIMIT = 3
_BROKEN_DEVICE = ("CUDA error", "CUBLAS_STATUS", "CUDNN_STATUS", "device-side assert")


@dataclass(eq=False)
class BatchedChunk:
    """A chunk that waits or runs; `cond` (reference frames, mel_dim) is its reference's mel, `due`
    its place in the order (engine.fairness). One that has not begun has no trajectory yet, so it
    holds no frames of its own."""

    chunk: Chunk
    cond: Tensor
    due: int = 0
    future: Future[SpokenChunk] = field(default_factory=Future)
    submitted: float = field(default_factory=time.perf_counter)
    started: float = 0.0
    trajectory: Trajectory | None = None
    warnings: tuple[str, ...] = ()
    meter: Meter | None = None

    @property
    def pass_frames(self) -> int:
        """Frames it takes of a pass, both guidance branches counted."""
        branches = 2 if is_guided(self.chunk.parameters.cfg_strength) else 1
        return branches * self.chunk.frames

    @property
    def work(self) -> int:
        """Frames times steps."""
        return self.pass_frames * self.chunk.parameters.nfe_step

    def noise(self, flow: Flow, schedule: PreparedSchedule) -> Trajectory:
        """Its trajectory before the first step."""
        return flow.start(
            self.cond,
            torch.tensor(self.chunk.tokens),
            self.chunk.frames,
            schedule,
            seed=self.chunk.seed,
            cfg_strength=self.chunk.parameters.cfg_strength,
        )

    @property
    def new_speech(self) -> Tensor:
        """(new frames, mel_dim) of a finished one, without the reference."""
        assert self.trajectory is not None
        return self.trajectory.mel[self.chunk.ref_frames :]


def resolve(batched: BatchedChunk, wave: NDArray[np.float32]) -> bool:
    """Gives a finished chunk's waveform (n,) to who waits; False if it is no number."""
    if not np.isfinite(wave).all():
        return False
    if not batched.future.done() and batched.future.set_running_or_notify_cancel():
        queue_s = batched.started - batched.submitted
        inference_s = time.perf_counter() - batched.started
        spoken = SpokenChunk(batched.chunk.index, wave, queue_s, inference_s, batched.warnings)
        batched.future.set_result(spoken)
    return True


def no_number() -> InferenceFailed:
    """Of a chunk with NaN or infinite samples."""
    return InferenceFailed(
        "The model gave NaN or infinite samples.",
        "Send the job again; if it recurs, set F5_DTYPE=float32.",
    )


def ended() -> InferenceFailed:
    """Of a chunk that comes, or waits, when the engine ends."""
    return InferenceFailed(
        "The engine is ending and begins no more speech.",
        "Send the job again: another worker takes it.",
    )


def fail(failed: Sequence[BatchedChunk], error: InferenceFailed) -> None:
    """Tells `error` to all that wait for `failed`."""
    for batched in failed:
        if not batched.future.done() and batched.future.set_running_or_notify_cancel():
            batched.future.set_exception(error)


class Failures:
    """Tells chunks of one device that they failed, and why."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._too_large = 0  # in a row

    def step_went_well(self) -> None:
        """After each step that fitted."""
        self._too_large = 0

    def one(self, batched: BatchedChunk, exc: Exception) -> None:
        """A chunk that raised `exc` alone."""
        if ran_out(exc):
            self.too_large(batched)
        else:
            self.all([batched], exc)

    def too_large(self, batched: BatchedChunk) -> None:
        """A chunk that found no room alone."""
        self._too_large += 1
        # Again and again: something else holds the memory, or it is fragmented beyond use.
        lasting = self._too_large >= _TOO_LARGE_LIMIT
        error = (DeviceFailed if lasting else InferenceFailed)(
            f"A chunk of {batched.chunk.frames} frames does not fit the device's memory.",
            "Send a shorter text or a shorter reference, or use a larger GPU.",
        )
        fail([batched], error)

    def all(self, failed: Sequence[BatchedChunk], exc: Exception) -> None:
        """Chunks of a pass that raised `exc`."""
        log.error("inference failed for a batch of %d chunks", len(failed), exc_info=exc)
        # After a CUDA error the context is lost: every later call of the process fails too.
        broken = any(mark in str(exc) for mark in _BROKEN_DEVICE)
        error = (DeviceFailed if broken else InferenceFailed)(
            f"Inference failed on {self._device.type} ({type(exc).__name__}).",
            "Send the job again; if it recurs, see the worker's log.",
        )
        fail(failed, error)
