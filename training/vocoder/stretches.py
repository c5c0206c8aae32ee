"""What the vocoder learns from: stretches of the corpus, and mels as imperfect as generated ones.

A stretch is 0.7 s long. Half of the mels are blurred, and half are noisy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training import Samples
from training.vocoder.options import VocoderPlan

Waves = Callable[[int], Samples]  # by index


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

    def _cut(self, wave: Samples, rng: np.random.Generator) -> Samples:
        size = self.plan.samples
        if len(wave) < size:
            before = int(rng.integers(0, size - len(wave) + 1))
            wave = np.pad(wave, (before, size - len(wave) - before))
        start = int(rng.integers(0, len(wave) - size + 1))
        gain = np.float32(2.0 ** rng.uniform(-1.5, 1.0))
        return wave[start : start + size] * gain


def degrade(mel: Tensor, generator: torch.Generator) -> Tensor:
    """(batch, mels, frames) with the faults of generated mels: half are blurred, half are noisy."""
    batch = mel.shape[0]

    def draw() -> Tensor:
        return torch.rand(batch, 1, 1, generator=generator).to(mel.device)

    kernel = mel.new_tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16
    blurred = F.conv2d(F.pad(mel[:, None], (1, 1, 1, 1), mode="replicate"), kernel[None, None])
    blur = draw() * (draw() < 0.5)
    noise = torch.randn(mel.shape, generator=generator).to(mel.device)
    return mel + blur * (blurred[:, 0] - mel) + 0.3 * draw() * (draw() < 0.5) * noise
