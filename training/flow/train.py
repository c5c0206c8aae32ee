"""Training of the demo's DiT: seeded, resumable, on a CPU or a GPU.

Everything random about a step comes from the seed and the step's number, and the learning rate
from the step's number, so a run that was stopped and resumed has the weights of one that was not.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from engine.arch import Arch
from training import loop
from training.flow import f5
from training.flow.ears import Ears
from training.flow.muon import MuonAdamW
from training.flow.objective import draw, losses
from training.flow.options import FlowPlan
from training.flow.samples import BUCKETS, Sampler
from training.flow.velocity import Velocity

log = logging.getLogger(__name__)

CHECKPOINT = "flow.pt"
_EMA_EVERY = 4  # steps
_READING_ROWS, _READING_WIDTH = 48, 136  # texts of a step of reading, and their characters
_READING_PACE = 7  # frames a character, as a stretch of speech would have


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

    def share(self) -> float:
        """How much of the training is over: 0 at the start, 1 when done."""
        return self.step / self.plan.steps

    def advance(self) -> dict[str, float]:
        """Makes one step; returns its `learning_rate`, the flow's `loss` and that of `sounds`."""
        plan = self.plan
        rate = plan.rate(self.step)
        batch = self.sampler.batch(self.step, self.share())
        generator = torch.Generator().manual_seed(plan.seed * 1_000_003 + self.step)
        drawn = draw(batch, generator)
        with _autocast(self.device):
            found = losses(self.model, batch.to(self.device), drawn.to(self.device), self.ears)
        found.total.backward()
        norm = nn.utils.clip_grad_norm_(self._trained, plan.clip)
        if norm.isfinite():
            self.optimizer.step(rate)
        else:  # one such step would turn all weights to nan
            log.warning(
                "step %d left out: no finite gradient (loss %g)", self.step, found.total.item()
            )
        self.optimizer.zero_grad()
        self.step += 1
        if self.step % _EMA_EVERY == 0:
            self._average()
        flow, sounds = found.flow.item(), found.frames.item()
        return {"learning_rate": rate, "loss": flow, "sounds": sounds}

    def learn_to_read(self) -> None:
        """Trains the text encoder alone to tell the sounds of the characters."""
        plan, encoder = self.plan, self.model.dit.text_embed
        rng = random.Random(f"reading-{plan.seed}")
        named = {f"text_embed.{name}": p for name, p in encoder.named_parameters()}
        named |= {f"ear.{name}": p for name, p in self.ears.tokens.named_parameters()}
        optimizer = MuonAdamW(named, weight_decay=plan.weight_decay)
        keep = torch.zeros(_READING_ROWS, dtype=torch.bool, device=self.device)
        bar = tqdm(range(plan.reading_steps), desc="reading", unit="step", mininterval=5)
        for step in bar:
            tokens, wanted = self.sampler.rows(rng, _READING_ROWS, _READING_WIDTH)
            with _autocast(self.device):
                rows = self.model.encode(
                    tokens.to(self.device), _READING_PACE * _READING_WIDTH, keep
                )
                loss = self.ears.token_loss(rows, wanted.to(self.device))
            loss.backward()
            nn.utils.clip_grad_norm_(list(named.values()), plan.clip)
            optimizer.step(plan.reading_rate * plan.share(step, plan.reading_steps))
            optimizer.zero_grad()
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
        self.ema = self._copy()

    def ema_state(self) -> dict[str, Tensor]:
        """The averaged weights and the rotary constant, by f5-tts's names, fp32 on the CPU."""
        names = [name for name, _ in self.model.dit.named_parameters()]
        state = {name: value.cpu() for name, value in zip(names, self.ema, strict=True)}
        state["rotary_embed.inv_freq"] = self.model.dit.rotary_embed.inv_freq.cpu()
        return state

    def save(self, path: Path) -> None:
        """Writes a checkpoint, whole or not at all."""
        state = {
            "step": self.step,
            "plan": asdict(self.plan),
            "model": self.model.dit.state_dict(),
            "ema": self.ema,
            "ears": self.ears.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        loop.write(state, path)

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
    check_every: int = 0,
    check: Callable[[FlowTraining], object] | None = None,
) -> None:
    """Teaches the text encoder to read, then trains to the last step or to `until`.

    Args:
        directory: where the checkpoint, its log and its curves go (`training.loop`).
        check: called every `check_every` steps.

    Raises:
        SystemExit: SIGTERM came and everything was saved.
    """

    def after_step() -> None:
        if check is not None and check_every and training.step % check_every == 0:
            check(training)

    if training.step == 0 and training.plan.reading_steps:
        training.learn_to_read()
    loop.train(training, directory / CHECKPOINT, until=until, after_step=after_step)


def speed_up(training: FlowTraining) -> None:
    """Compiles the blocks; worth it from a few hundred steps on."""
    import torch._dynamo

    torch._dynamo.config.recompile_limit = 4 * len(BUCKETS)
    training.model.compile()


def _autocast(device: torch.device) -> AbstractContextManager[object]:
    return torch.autocast(device.type, torch.bfloat16)
