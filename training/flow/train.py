"""Training of the demo's DiT: seeded, resumable, on a CPU or a GPU.

Everything random about a step comes from the seed and the step's number, and the learning rate
from the step's number, so a run that was stopped and resumed has the weights of one that was not.
"""

from __future__ import annotations

import logging
import math
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.arch import Arch
from training.flow import f5
from training.flow.ears import Ears
from training.flow.muon import MuonAdamW
from training.flow.objective import draw, losses
from training.flow.samples import BUCKETS, Sampler
from training.flow.velocity import Velocity
from training.progress import LossLog

log = logging.getLogger("demo.training")

CHECKPOINT = "flow.pt"
_EMA_EVERY = 4  # steps
_READING_ROWS, _READING_WIDTH = 48, 136  # texts and characters of a step of reading


@dataclass(frozen=True)
class FlowPlan:
    """How to train; the learning rate rises for `warmup` steps, then falls as a cosine."""

    steps: int = 30_000
    learning_rate: float = 1.2e-3
    final_share: float = 0.02  # of the learning rate, at the last step
    warmup: int = 250
    frames_a_step: int = 4000
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


class FlowTraining:
    """A DiT, its average, what listens to it (`Ears`), its optimiser and the number of steps."""

    def __init__(
        self, arch: Arch, vocab_size: int, sampler: Sampler, plan: FlowPlan, device: torch.device
    ) -> None:
        torch.manual_seed(plan.seed)
        self.arch, self.plan, self.sampler, self.device = arch, plan, sampler, device
        self.model = Velocity(f5.new_dit(arch, vocab_size).to(device))
        self.ema = self._copy()
        # Not part of the result.
        self.ears = Ears(arch.dim, arch.text_dim, sampler.sound_classes).to(device)
        named = dict(self.model.named_parameters())
        named |= {f"ears.{name}": p for name, p in self.ears.named_parameters()}
        self._trained = list(named.values())
        self.optimizer = MuonAdamW(named, weight_decay=plan.weight_decay)
        self.step = 0

    def start_from(self, state: dict[str, Tensor]) -> None:
        """Takes the weights of a checkpoint (f5-tts's names) for the model and its average."""
        own = self.model.dit.state_dict()
        weights = {name: state[name].to(own[name]) for name in own}
        self.model.dit.load_state_dict(weights)
        self.ema = self._copy()

    def advance(self) -> tuple[float, float]:
        """One optimiser step; returns its losses: of the flow, of the sounds in the frames."""
        plan = self.plan
        progress = self.step / plan.steps
        batch = self.sampler.batch(self.step, progress)
        generator = torch.Generator().manual_seed(plan.seed * 1_000_003 + self.step)
        drawn = draw(batch, generator)
        with _autocast(self.device):
            found = losses(self.model, batch.to(self.device), drawn.to(self.device), self.ears)
        found.total.backward()
        norm = nn.utils.clip_grad_norm_(self._trained, plan.clip)
        if norm.isfinite():
            self.optimizer.step(plan.rate(self.step))
        else:  # one such step would turn all weights to nan
            log.warning(
                "step %d left out: no finite gradient (loss %g)", self.step, found.total.item()
            )
        self.optimizer.zero_grad()
        self.step += 1
        if self.step % _EMA_EVERY == 0:
            self._average()
        return found.flow.item(), found.frames.item()

    def learn_to_read(self) -> None:
        """Trains the text encoder alone to tell the sounds of the characters."""
        from tqdm import tqdm

        plan, encoder = self.plan, self.model.dit.text_embed
        rng = random.Random(f"reading-{plan.seed}")
        named = {f"text_embed.{name}": p for name, p in encoder.named_parameters()}
        named |= {f"ear.{name}": p for name, p in self.ears.tokens.named_parameters()}
        optimizer = MuonAdamW(named, weight_decay=plan.weight_decay)
        keep = torch.zeros(_READING_ROWS, dtype=torch.bool, device=self.device)
        with tqdm(total=plan.reading_steps, desc="reading", unit="step", mininterval=5) as bar:
            for step in range(plan.reading_steps):
                tokens, wanted = self.sampler.rows(rng, _READING_ROWS, _READING_WIDTH)
                with _autocast(self.device):
                    rows = self.model.encode(tokens.to(self.device), 7 * _READING_WIDTH, keep)
                    loss = self.ears.token_loss(rows, wanted.to(self.device))
                loss.backward()
                nn.utils.clip_grad_norm_(list(named.values()), plan.clip)
                optimizer.step(plan.reading_rate * plan.share(step, plan.reading_steps))
                optimizer.zero_grad()
                bar.update()
                bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
        self.ema = self._copy()

    def ema_state(self) -> dict[str, Tensor]:
        """The averaged weights and the rotary constant, by f5-tts's names, fp32 on the CPU."""
        names = [name for name, _ in self.model.dit.named_parameters()]
        state = {name: value.cpu() for name, value in zip(names, self.ema, strict=True)}
        state["rotary_embed.inv_freq"] = self.model.dit.rotary_embed.inv_freq.cpu()
        return state

    def save(self, path: Path) -> None:
        """Writes a checkpoint; a crash while writing leaves the one before."""
        part = path.with_suffix(".part")
        state = {
            "step": self.step,
            "plan": asdict(self.plan),
            "model": self.model.dit.state_dict(),
            "ema": self.ema,
            "ears": self.ears.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, part)
        os.replace(part, path)

    def load_weights(self, path: Path) -> dict[str, Any]:
        """Takes weights, average and step of a checkpoint of `save`, all of which it returns."""
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        self.model.dit.load_state_dict(state["model"])
        self.ema = state["ema"]
        self.step = state["step"]
        return state

    def resume(self, path: Path) -> None:
        """Continues from a checkpoint of `save`; a plan of other settings is only reported."""
        state = self.load_weights(path)
        if state["plan"] != asdict(self.plan):
            log.warning(
                "the checkpoint was made with %s; going on with %s", state["plan"], self.plan
            )
        self.ears.load_state_dict(state["ears"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _copy(self) -> list[Tensor]:
        return [p.detach().clone() for p in self.model.parameters()]

    def _average(self) -> None:
        weight = 1 - self.plan.ema_decay**_EMA_EVERY
        torch._foreach_lerp_(self.ema, [p.detach() for p in self.model.parameters()], weight)


def train(
    training: FlowTraining,
    directory: Path,
    *,
    until: int | None = None,
    save_every_s: float = 240.0,
    check_every: int = 0,
    check: Callable[[FlowTraining], object] | None = None,
) -> None:
    """Trains to the last step (or `until`), saving every few minutes and when told to terminate.

    Args:
        directory: where `flow.pt`, `flow.csv` and `flow.svg` go.
        check: called every `check_every` steps.
    """
    from tqdm import tqdm

    end = min(training.plan.steps, until or training.plan.steps)
    if training.step == 0 and training.plan.reading_steps:
        training.learn_to_read()
    curve = LossLog(directory / "flow.csv", first_step=training.step)
    saved = time.monotonic()
    stop = _StopSignal()
    with stop, tqdm(total=end, initial=training.step, unit="step", mininterval=5) as bar:
        while training.step < end:
            began = time.monotonic()
            flow, sounds = training.advance()
            seconds = time.monotonic() - began
            curve.add(training.step, flow, sounds, training.plan.rate(training.step - 1), seconds)
            bar.update()
            bar.set_postfix_str(str(curve), refresh=False)
            if time.monotonic() - saved > save_every_s or training.step == end or stop.came:
                curve.flush()
                training.save(directory / CHECKPOINT)
                saved = time.monotonic()
            if stop.came:
                raise SystemExit("stopped and saved; the same command goes on from here")
            if check is not None and check_every and training.step % check_every == 0:
                check(training)
    curve.flush()


class _StopSignal:
    """While in use, SIGTERM is noted instead of ending the process in the middle of a step."""

    came = False

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGTERM, self._note)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def _note(self, *_: object) -> None:
        self.came = True


def speed_up(training: FlowTraining) -> None:
    """Compiles the blocks; worth it from a few hundred steps on."""
    import torch._dynamo

    torch._dynamo.config.recompile_limit = 4 * len(BUCKETS)
    training.model.compile()


def _autocast(device: torch.device) -> AbstractContextManager[object]:
    return torch.autocast(device.type, torch.bfloat16)
