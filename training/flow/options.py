"""How the demo's DiT is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from training.options import RunOptions


@dataclass(frozen=True)
class FlowPlan:
    """What decides the weights; the learning rate rises for `warmup` steps, then falls (cosine)."""

    steps: int = 30_000
    learning_rate: float = 1.2e-3
    final_share: float = 0.02  # of the learning rate, at the last step
    warmup: int = 250
    frames_per_step: int = 4000  # of all its samples together
    reading_steps: int = 1600  # of the text encoder alone, before the first step
    reading_rate: float = 2.5e-3
    clip: float = 1.0
    ema_decay: float = 0.999
    weight_decay: float = 0.01
    seed: int = 7

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        return self.learning_rate * self.share(step, self.steps)

    def share(self, step: int, steps: int) -> float:
        """What part of its highest rate step `step` of `steps` learns with."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = min(1.0, (step - self.warmup) / max(1, steps - self.warmup))
        cosine = (1 + math.cos(math.pi * done)) / 2
        return self.final_share + (1 - self.final_share) * cosine


@dataclass(frozen=True)
class FlowOptions(RunOptions):
    """A training run of the DiT, its data included."""

    plan: FlowPlan = field(default_factory=FlowPlan)
    init: Path | None = None  # a model.safetensors to start from
    check_every: int = 1000  # steps between two looks at its speech
    compile: bool = True
    workers: int = 2  # processes that make the corpus
