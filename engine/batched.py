"""A chunk on its way through the batcher, and what becomes of it: a waveform, or an error."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.chunk import Chunk, SpokenChunk
from engine.meter import Meter
from engine.sampler import Flow, PreparedSchedule, Trajectory, is_guided
from errors import DeviceFailed, InferenceFailed

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


def resolve(batched: BatchedChunk, wave: NDArray[np.float32]) -> None:
    """Gives a finished chunk's waveform (n,) to who waits."""
    if not batched.future.done() and batched.future.set_running_or_notify_cancel():
        queue_s = batched.started - batched.submitted
        inference_s = time.perf_counter() - batched.started
        spoken = SpokenChunk(batched.chunk.index, wave, queue_s, inference_s, batched.warnings)
        batched.future.set_result(spoken)


def no_number() -> InferenceFailed:
    """Of a chunk with NaN or infinite samples."""
    return InferenceFailed(
        "The model gave NaN or infinite samples.",
        "Send the job again; if it recurs, set F5_DTYPE=float32.",
    )


def too_large(frames: int, *, lasting: bool) -> InferenceFailed:
    """Of a chunk of `frames` that found no room alone; `lasting`: as others before it."""
    return (DeviceFailed if lasting else InferenceFailed)(
        f"A chunk of {frames} frames does not fit the device's memory.",
        "Send a shorter text or a shorter reference, or use a larger GPU.",
    )


def ended() -> InferenceFailed:
    """Of a chunk that comes, or waits, when the engine ends."""
    return InferenceFailed(
        "The engine is ending and begins no more speech.",
        "Send the job again: another worker takes it.",
    )


def failure(exc: Exception, device: torch.device) -> InferenceFailed:
    """What a user is told of `exc`, which a pass on `device` raised."""
    # After a CUDA error the context is lost: every later call of the process fails too.
    broken = any(mark in str(exc) for mark in _BROKEN_DEVICE)
    return (DeviceFailed if broken else InferenceFailed)(
        f"Inference failed on {device.type} ({type(exc).__name__}).",
        "Send the job again; if it recurs, see the worker's log.",
    )


def fail(failed: Sequence[BatchedChunk], error: InferenceFailed) -> None:
    """Tells `error` to all that wait for `failed`."""
    for batched in failed:
        if not batched.future.done() and batched.future.set_running_or_notify_cancel():
            batched.future.set_exception(error)
