"""The sampler without the batcher: one chunk from noise to its mel."""

from __future__ import annotations

from torch import Tensor

from engine.dit.model import DiT
from engine.sampler import Flow, PreparedSchedule, Schedule


def sample(
    model: DiT,
    cond: Tensor,
    tokens: Tensor,
    frames: int,
    schedule: Schedule,
    *,
    seed: int,
    cfg_strength: float = 2.0,
) -> Tensor:
    """(frames, mel_dim) mel of one chunk alone; arguments as `Flow.start`."""
    flow, prepared = Flow(model), PreparedSchedule.of(model, schedule)
    trajectory = flow.start(cond, tokens, frames, prepared, seed=seed, cfg_strength=cfg_strength)
    flow.admit(trajectory)
    while not trajectory.done:
        flow.step()
    flow.leave(trajectory)
    return trajectory.mel
