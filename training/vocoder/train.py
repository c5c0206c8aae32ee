"""Training of the demo's vocoder: a mel in, its waveform out; seeded, resumable.

Everything random about a step comes from the seed and the step's number.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import torch

from engine import processor
from training import loop
from training.vocoder.options import VocoderPlan
from training.vocoder.spectral_loss import BatchLogMel, SpectralLoss
from training.vocoder.stretches import Stretches, degrade
from training.vocoder.vocos_net import TrainableVocos

CHECKPOINT = "vocoder.pt"
_LONGEST_STEP_S = 10.0  # a longer one was a machine asleep or a process held, not training


class VocoderTraining:
    """A Vocos, its optimiser, the number of steps and the seconds they took, over all runs."""

    def __init__(self, stretches: Stretches, plan: VocoderPlan, device: torch.device) -> None:
        torch.manual_seed(plan.seed)
        self.stretches, self.plan, self.device = stretches, plan, device
        self.model = TrainableVocos(plan.size, bf16=fast_bf16(device)).to(device)
        self.loss, self.mel = SpectralLoss().to(device), BatchLogMel().to(device)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), plan.rate, (0.8, 0.99), weight_decay=0.01
        )
        self.step, self.seconds = 0, 0.0

    def share(self) -> float:
        """How much of the training is over: 0 at the start, 1 when done."""
        plan = self.plan
        return min(1.0, max(self.step / plan.steps, self.seconds / (60 * plan.minutes)))

    def advance(self) -> dict[str, float]:
        """Makes one step; returns its `learning_rate`, the `loss` and its unweighted parts."""
        started, rate = time.perf_counter(), self.rate()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        generator = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.step)
        wanted = self.stretches.batch(self.step).to(self.device)
        made = self.model(degrade(self.mel(wanted), generator))
        total, parts = self.loss(made, wanted)
        self.optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self.seconds += min(time.perf_counter() - started, _LONGEST_STEP_S)
        return {"learning_rate": rate, "loss": float(total.detach()), **parts}

    def rate(self) -> float:
        """Learning rate of the next step: linear warm-up, cosine to 1 %."""
        warm = min(1.0, (self.step + 1) / self.plan.warm_up)
        fallen = 0.5 + 0.5 * math.cos(math.pi * self.share())
        return self.plan.rate * warm * (0.01 + 0.99 * fallen)

    def save(self, path: Path) -> None:
        """Writes a checkpoint, whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": {"step": self.step, "seconds": self.seconds},
        }
        loop.write(state, path)

    def load_weights(self, path: Path) -> dict[str, Any]:
        """Takes weights, steps and seconds of a checkpoint of `save`, all of which it returns."""
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.step, self.seconds = state["progress"]["step"], state["progress"]["seconds"]
        return state

    def resume(self, path: Path) -> None:
        """Continues from a checkpoint of `save`."""
        self.optimiser.load_state_dict(self.load_weights(path)["optimiser"])


def fast_bf16(device: torch.device) -> bool:
    """Whether the device multiplies in bfloat16 itself, and faster than in float32."""
    return device.type == "cuda" or processor.fast_bf16()
