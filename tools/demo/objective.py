"""The flow-matching objective of F5-TTS (`f5_tts.model.cfm.CFM.forward`) on one batch.

    x_t = (1 - t) x_0 + t x_1
    loss = mean over masked frames of |v(x_t, t | cond, text) - (x_1 - x_0)|^2

x_1 is speech, x_0 noise, cond the speech outside of the mask. As in f5-tts the reference is dropped
for 30 % of the samples, and reference and text for 20 %. Different from f5-tts: dropping is decided
for each sample, times and chances are spread evenly over a batch, and for most samples with a
reference the mask is everything after it, as at inference, not a random span of 70 to 100 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.demo.samples import Batch
from tools.demo.velocity import Velocity

AUDIO_DROP, COND_DROP = 0.3, 0.2  # CFM's audio_drop_prob and cond_drop_prob
SPAN = (0.7, 1.0)  # CFM's frac_lengths_mask
AFTER_REFERENCE = 0.75  # of the samples with a reference have everything after it masked


@dataclass
class Draw:
    """Everything random about a step.

    `noise` (batch, frames, 100); `time` (batch,); `mask` (batch, frames) bool, what is to be
    predicted; `drop_audio`, `drop_text` (batch,) bool.
    """

    noise: Tensor
    time: Tensor
    mask: Tensor
    drop_audio: Tensor
    drop_text: Tensor

    def to(self, device: torch.device) -> Draw:
        """The draw on `device`."""
        return Draw(*(value.to(device, non_blocking=True) for value in vars(self).values()))


def draw(batch: Batch, generator: torch.Generator, *, early: float = 0.0) -> Draw:
    """The noise, times, masks and drops of one step, from `generator` (CPU).

    Args:
        early: times are `u ** (1 + early)` of uniform u. Near 0, where there is only noise, the
            text decides what is said; near 1 the model merely cleans up. f5-tts: 0.
    """
    size, frames, _ = batch.mel.shape

    def uniform() -> Tensor:
        """Uniform for each sample, spread evenly over the batch: less noise between steps."""
        strata = torch.randperm(size, generator=generator)
        return (strata + torch.rand(size, generator=generator)) / size

    time = uniform() ** (1 + early)
    length = ((SPAN[0] + (SPAN[1] - SPAN[0]) * uniform()) * frames).long()
    start = ((frames - length) * uniform()).long()
    after = (batch.reference > 0) & (uniform() < AFTER_REFERENCE)
    start = torch.where(after, batch.reference, start)
    end = torch.where(after, torch.full_like(start, frames), start + length)
    position = torch.arange(frames)[None]
    mask = (position >= start[:, None]) & (position < end[:, None])
    # In f5-tts two independent chances: both are dropped, else only the audio.
    chance = uniform()
    drop_text = chance < COND_DROP
    drop_audio = chance < COND_DROP + (1 - COND_DROP) * AUDIO_DROP
    noise = torch.randn(batch.mel.shape, generator=generator)
    return Draw(noise, time, mask, drop_audio, drop_text)


def flow_loss(model: Velocity, batch: Batch, random: Draw) -> Tensor:
    """The loss of a batch, a scalar; all tensors on the model's device."""
    mel, noise, t = batch.mel, random.noise, random.time[:, None, None]
    x_t = (1 - t) * noise + t * mel
    masked = random.mask[..., None]
    cond = mel.masked_fill(masked, 0.0)
    v = model(x_t, cond, batch.text, random.time, random.drop_audio, random.drop_text)
    error = (v - (mel - noise)).square() * masked
    return error.sum() / (random.mask.sum() * mel.shape[-1])
