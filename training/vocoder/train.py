"""Trains the demo's vocoder on the spoken corpus: `python -m training.vocoder.train`.

Random stretches of 0.7 s, their mels in, the waveform out; the loss is `spectral_loss`. Half of
the mels are blurred or noisy, as generated ones are. Seeded; a run that was stopped goes on where
its last checkpoint was. Writes to the work directory: `vocoder.pt` (checkpoint), `vocoder-loss.csv`
and `vocoder-loss.svg`, and with the last step the package `vocos/`.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from engine.dit.linear import cpu_multiplies_bf16
from training.vocoder.losses import Losses, plot, write
from training.vocoder.spectral_loss import BatchLogMel, SpectralLoss
from training.vocoder.vocos_net import TrainableVocos, VocosSize, export

log = logging.getLogger("demo.vocoder")

_LONGEST_STEP_S = 10.0  # a longer one was a machine asleep or a process held, not training
Waves = Callable[[int], NDArray[np.float32]]  # index to (samples,) at 24 kHz


@dataclass(frozen=True)
class VocoderPlan:
    """How to train; the learning rate falls with the share of `steps` or `minutes` that is over."""

    steps: int = 12_000
    minutes: float = 60.0  # of training, over all resumed runs; whichever ends first
    batch: int = 16
    frames: int = 64  # of a stretch, 256 samples each
    rate: float = 1.5e-3
    warm_up: int = 100
    seed: int = 7
    size: VocosSize = field(default_factory=VocosSize)

    @property
    def samples(self) -> int:
        """Length of a stretch: `frames` frames with centred padding."""
        return (self.frames - 1) * 256


@dataclass
class Progress:
    """Where a run is, and the mean losses of each stretch of 50 steps as (step, name to value)."""

    step: int = 0
    seconds: float = 0.0
    losses: Losses = field(default_factory=list)

    def share(self, plan: VocoderPlan) -> float:
        """0 at the start, 1 when done."""
        return min(1.0, max(self.step / plan.steps, self.seconds / (60 * plan.minutes)))


class Stretches:
    """Seeded random stretches of the corpus at random levels; batch `step` is always the same."""

    def __init__(self, waves: Waves, lengths: list[int], plan: VocoderPlan) -> None:
        self.waves, self.plan = waves, plan
        self.shares = np.array(lengths, dtype=np.float64) / sum(lengths)

    def batch(self, step: int) -> Tensor:
        """(batch, samples) waveforms."""
        rng = np.random.default_rng((self.plan.seed, step))
        chosen = rng.choice(len(self.shares), self.plan.batch, p=self.shares)
        return torch.from_numpy(np.stack([self._cut(self.waves(int(i)), rng) for i in chosen]))

    def _cut(self, wave: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        size = self.plan.samples
        if len(wave) < size:
            before = int(rng.integers(0, size - len(wave) + 1))
            wave = np.pad(wave, (before, size - len(wave) - before))
        start = int(rng.integers(0, len(wave) - size + 1))
        gain = np.float32(2.0 ** rng.uniform(-1.5, 1.0))
        return wave[start : start + size] * gain


def degrade(mel: Tensor, generator: torch.Generator) -> Tensor:
    """(batch, mels, frames) with the faults of generated mels: half blurred, half of all noisy."""
    batch = mel.shape[0]

    def draw() -> Tensor:
        return torch.rand(batch, 1, 1, generator=generator).to(mel.device)

    kernel = mel.new_tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16
    blurred = F.conv2d(F.pad(mel[:, None], (1, 1, 1, 1), mode="replicate"), kernel[None, None])
    blur = draw() * (draw() < 0.5)
    noise = torch.randn(mel.shape, generator=generator).to(mel.device)
    return mel + blur * (blurred[:, 0] - mel) + 0.3 * draw() * (draw() < 0.5) * noise


class VocoderTraining:
    """A run: model, optimiser, progress."""

    def __init__(self, stretches: Stretches, plan: VocoderPlan, device: torch.device) -> None:
        torch.manual_seed(plan.seed)
        self.stretches, self.plan, self.device = stretches, plan, device
        self.model = TrainableVocos(plan.size, bf16=fast_bf16(device)).to(device)
        self.loss, self.mel = SpectralLoss().to(device), BatchLogMel().to(device)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), plan.rate, (0.8, 0.99), weight_decay=0.01
        )
        self.progress = Progress()
        self._recent: list[dict[str, float]] = []

    def step(self) -> dict[str, float]:
        """One update; returns the parts of the loss."""
        started, progress = time.perf_counter(), self.progress
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        generator = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + progress.step)
        wanted = self.stretches.batch(progress.step).to(self.device)
        made = self.model(degrade(self.mel(wanted), generator))
        total, parts = self.loss(made, wanted)
        self.optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()
        progress.step += 1
        progress.seconds += min(time.perf_counter() - started, _LONGEST_STEP_S)
        self._note({"loss": float(total.detach()), **parts})
        return parts

    def rate(self) -> float:
        """Learning rate: linear warm-up, cosine to 1 %."""
        warm = min(1.0, (self.progress.step + 1) / self.plan.warm_up)
        fallen = 0.5 + 0.5 * math.cos(math.pi * self.progress.share(self.plan))
        return self.plan.rate * warm * (0.01 + 0.99 * fallen)

    def save(self, path: Path) -> None:
        """Writes a checkpoint, whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": vars(self.progress),
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").rename(path)

    def resume(self, path: Path) -> None:
        """Goes on from a checkpoint."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])

    def _note(self, parts: dict[str, float]) -> None:
        self._recent.append(parts)
        if self.progress.step % 50 == 0:
            mean = {k: float(np.mean([p[k] for p in self._recent])) for k in parts}
            self.progress.losses.append((self.progress.step, mean))
            self._recent = []


def fast_bf16(device: torch.device) -> bool:
    """Whether the device multiplies in bfloat16 itself."""
    return device.type == "cuda" or cpu_multiplies_bf16()


def train(training: VocoderTraining, work_dir: Path, *, save_every_s: float = 120.0) -> Path:
    """Trains to the end with a progress bar; returns the directory of the exported vocoder."""
    from tqdm import tqdm

    checkpoint, progress = work_dir / "vocoder.pt", training.progress
    saved = time.monotonic()
    with tqdm(total=100.0, unit="%", bar_format="{l_bar}{bar}| {elapsed} {postfix}") as bar:
        while progress.share(training.plan) < 1.0:
            parts = training.step()
            bar.n = 100 * progress.share(training.plan)
            bar.set_postfix({"step": progress.step, **{k: f"{v:.2f}" for k, v in parts.items()}})
            if time.monotonic() - saved > save_every_s:
                training.save(checkpoint)
                write(progress.losses, work_dir / "vocoder-loss.csv")
                saved = time.monotonic()
    training.save(checkpoint)
    write(progress.losses, work_dir / "vocoder-loss.csv")
    plot(progress.losses, work_dir / "vocoder-loss.svg")
    size = export(training.model, work_dir / "vocos")
    log.info("%d steps, %.0f s; vocoder of %.1f MB", progress.step, progress.seconds, size / 1e6)
    return work_dir / "vocos"


def export_checkpoint(checkpoint: Path, directory: Path) -> None:
    """Writes the vocoder of a checkpoint, finished or not, as a package."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = TrainableVocos(VocoderPlan().size)
    model.load_state_dict(state["model"])
    size = export(model, directory)
    log.info("step %d, %.1f MB in %s", state["progress"]["step"], size / 1e6, directory)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    from training.data import corpus

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = VocoderPlan()
    parser.add_argument("--work-dir", type=Path, default=corpus.WORK_DIR)
    parser.add_argument("--minutes", type=float, default=default.minutes)
    parser.add_argument("--steps", type=int, default=default.steps)
    parser.add_argument("--batch", type=int, default=default.batch)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as there are cores")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--export", type=Path, help="write the checkpoint's vocoder here, and end")
    parser.add_argument("--fresh", action="store_true", help="do not resume")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    checkpoint = options.work_dir / "vocoder.pt"
    if options.export:
        export_checkpoint(checkpoint, options.export)
        return
    if options.threads:
        torch.set_num_threads(options.threads)
    plan = replace(
        default,
        minutes=options.minutes,
        steps=options.steps,
        batch=options.batch,
        seed=options.seed,
    )
    spoken = corpus.load(options.work_dir)
    lengths = [utterance.samples for utterance in spoken.utterances]
    log.info("%d utterances, %.1f h", len(lengths), sum(lengths) / 24000 / 3600)
    stretches = Stretches(spoken.wave, lengths, plan)
    training = VocoderTraining(stretches, plan, torch.device(options.device))
    if checkpoint.is_file() and not options.fresh:
        training.resume(checkpoint)
        log.info("going on from step %d", training.progress.step)
    train(training, options.work_dir)


if __name__ == "__main__":
    main()
