"""How the demo's DiT is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from training.options import RunOptions


@dataclass(frozen=True)
class FlowPlan:
    """What decides the weights; the learning rate rises for `warmup` steps, then falls (cosine)."""

    steps: Annotated[int, "of the model"] = 30_000
    learning_rate: Annotated[float, "at its highest"] = 1.2e-3
    final_share: float = 0.02  # of the learning rate, at the last step
    warmup: int = 250
    frames_per_step: Annotated[int, "of all samples together"] = 4000
    reading_steps: Annotated[int, "of the text encoder alone, before the others"] = 1600
    reading_rate: float = 2.5e-3
    clip: float = 1.0
    ema_decay: float = 0.999
    weight_decay: float = 0.01
    seed: Annotated[int, "of everything random"] = 7

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
    init: Annotated[Path | None, "a model.safetensors to start from"] = None
    check_every: Annotated[int, "steps between two looks at its speech"] = 1000
    compile: Annotated[bool, "the model; pays from a few hundred steps on"] = True
    workers: Annotated[int, "processes that make the corpus"] = 2
