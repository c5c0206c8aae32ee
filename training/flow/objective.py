"""The flow-matching objective of F5-TTS (`f5_tts.model.cfm.CFM.forward`) on one batch.

    x_t = (1 - t) x_0 + t x_1
    loss = weighted mean over masked frames of |v(x_t, t | cond, text) - (x_1 - x_0)|^2

x_1 is speech, x_0 noise, cond the speech outside of the mask. As in f5-tts the reference is dropped
for some samples, and reference and text for others. Different from f5-tts: fewer are dropped, which
is decided for each sample; chances are spread evenly over a batch; times are mostly early; for four
fifths of the samples with a reference the mask is everything after it, as at inference, not a
random span of 70 to 100 %; the first words after it count more. Besides, training asks for the
sounds (`training.flow.ears`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.flow.ears import Ears
from training.flow.samples import Batch
from training.flow.velocity import Velocity

AUDIO_DROP, COND_DROP = 0.05, 0.05  # CFM: 0.3 and 0.2
# Times are u ** EARLY of uniform u (CFM: 1). What is said is decided where there is hardly anything
# but noise: without the text the loss of a trained model rises by 66 % at t = 0, by 32 % at 0.1, by
# 6 % at 0.2 and by 1 % at 0.35, as log-mels have a standard deviation of 2.7. So half of the times
# are below 0.06.
EARLY = 4.0
FRAMES_WEIGHT, TOKENS_WEIGHT = 0.5, 0.3  # of the sounds' losses
VISIBLE_WEIGHT = 0.3  # of the sounds in frames that are not masked
SPAN = (0.7, 1.0)  # CFM's frac_lengths_mask
AFTER_REFERENCE = 0.8  # of the samples with a reference have everything after it masked
# The first words after a reference, which nothing before them explains, count more: frames, weight.
ONSET, ONSET_WEIGHT = 60, 2.5


@dataclass
class Draw:
    """Everything random about a step.

    `noise` (batch, frames, 100); `time` (batch,); `weight` (batch, frames) how much each frame
    counts, 0 for those that are not to be predicted; `drop_audio`, `drop_text` (batch,) bool.
    """

    noise: Tensor
    time: Tensor
    weight: Tensor
    drop_audio: Tensor
    drop_text: Tensor

    @property
    def mask(self) -> Tensor:
        """(batch, frames) bool, what is to be predicted."""
        return self.weight > 0

    def to(self, device: torch.device) -> Draw:
        """The draw on `device`."""
        return Draw(*(value.to(device, non_blocking=True) for value in vars(self).values()))


def draw(batch: Batch, generator: torch.Generator) -> Draw:
    """The noise, times, masks and drops of one step, from `generator` (CPU)."""
    size, frames, _ = batch.mel.shape

    def uniform() -> Tensor:
        """(batch,) uniform in [0, 1), one in each of `size` equal parts: steps differ less."""
        strata = torch.randperm(size, generator=generator)
        return (strata + torch.rand(size, generator=generator)) / size

    time = uniform() ** EARLY
    length = ((SPAN[0] + (SPAN[1] - SPAN[0]) * uniform()) * frames).long()
    start = ((frames - length) * uniform()).long()
    after = (batch.reference > 0) & (uniform() < AFTER_REFERENCE)
    start = torch.where(after, batch.reference, start)
    end = torch.where(after, torch.full_like(start, frames), start + length)
    position = torch.arange(frames)[None]
    mask = (position >= start[:, None]) & (position < end[:, None])
    since = position - batch.reference[:, None]
    onset = (since >= 0) & (since < ONSET) & (batch.reference > 0)[:, None]
    weight = mask * torch.where(onset, ONSET_WEIGHT, 1.0)
    # f5-tts draws twice: whether both are dropped and, where they are not, whether the audio is.
    chance = uniform()
    drop_text = chance < COND_DROP
    drop_audio = chance < COND_DROP + (1 - COND_DROP) * AUDIO_DROP
    noise = torch.randn(batch.mel.shape, generator=generator)
    return Draw(noise, time, weight, drop_audio, drop_text)


@dataclass
class Losses:
    """Of one batch, scalars: flow matching, and the cross entropies of the sounds (`Ears`)."""

    flow: Tensor
    frames: Tensor
    tokens: Tensor

    @property
    def total(self) -> Tensor:
        """What is minimised."""
        return self.flow + FRAMES_WEIGHT * self.frames + TOKENS_WEIGHT * self.tokens


def losses(model: Velocity, batch: Batch, random: Draw, ears: Ears) -> Losses:
    """The losses of a batch, all of whose tensors are on the model's device.

    The sounds are asked for in all samples that see their text, in the reference as well, where
    they are mostly heard.
    """
    mel, noise, t = batch.mel, random.noise, random.time[:, None, None]
    x_t = (1 - t) * noise + t * mel
    masked = random.mask[..., None]
    cond = mel.masked_fill(masked, 0.0)
    passed = model(x_t, cond, batch.text, random.time, random.drop_audio, random.drop_text)
    error = (passed.velocity - (mel - noise)).square() * random.weight[..., None]
    flow = error.sum() / (random.weight.sum() * mel.shape[-1])
    read = ~random.drop_text
    asked = random.weight.clamp(min=VISIBLE_WEIGHT)
    return Losses(
        flow,
        ears.frame_loss(passed.half_way[read], batch.sounds[read], asked[read]),
        ears.token_loss(passed.text[read], batch.token_sounds[read]),
    )
