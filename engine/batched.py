"""A chunk on its way through the batcher."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.chunk import Chunk, SpokenChunk
from engine.meter import Meter
from engine.sampler import Trajectory, is_guided
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

    @property
    def new_speech(self) -> Tensor:
        """(new frames, mel_dim) of a finished one, without the reference."""
        assert self.trajectory is not None
        return self.trajectory.mel[self.chunk.ref_frames :]


def resolve(batched: BatchedChunk, wave: NDArray[np.float32]) -> None:
    """Gives a finished chunk's waveform (n,) to who waits; NaN and infinite samples fail it."""
    if not np.isfinite(wave).all():
        error = InferenceFailed(
            "The model gave NaN or infinite samples.",
            "Send the job again; if it recurs, set F5_DTYPE=float32.",
        )
        fail([batched], error)
    elif batched.future.set_running_or_notify_cancel():
        queue_s = batched.started - batched.submitted
        inference_s = time.perf_counter() - batched.started
        spoken = SpokenChunk(batched.chunk.index, wave, queue_s, inference_s, batched.warnings)
        batched.future.set_result(spoken)


def fail(failed: list[BatchedChunk], error: InferenceFailed) -> None:
    """Tells `error` to all that wait for `failed`."""
    for batched in failed:
        if not batched.future.done() and batched.future.set_running_or_notify_cancel():
            batched.future.set_exception(error)


def failure(exc: Exception, device: str) -> InferenceFailed:
    """What a failed pass is to a job. After a CUDA error the context is lost: every later call of
    the process fails too."""
    broken = any(mark in str(exc) for mark in _BROKEN_DEVICE)
    return (DeviceFailed if broken else InferenceFailed)(
        f"Inference failed on {device} ({type(exc).__name__}).",
        "Send the job again; if it recurs, see the worker's log.",
    )
