"""A chunk on its way through the batcher."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass, field

from torch import Tensor

from engine.chunk import Chunk, SpokenChunk
from engine.sampler import Trajectory, is_guided


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
