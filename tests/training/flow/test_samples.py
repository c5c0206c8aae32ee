"""How samples are put together for the DiT."""

from __future__ import annotations

import random

import pytest
import torch

from tests.training import synthetic
from training.flow.samples import BUCKETS, Batch, batch_size, bucket_weights


@pytest.mark.parametrize("frames", [256, 448, 960])
def test_samples_fill_their_bucket(frames: int) -> None:
    sampler = synthetic.sampler(frames_per_step=2000)
    size = batch_size(frames, 2000)
    batch = sampler.of_length(random.Random(4), frames, size)
    assert batch.mel.shape == (size, frames, 100)
    assert batch.text.spread.shape == (size, frames)
    silence = (batch.mel < -11).all(-1)
    assert not silence[:, 0].any()
    assert (silence[:, -int(0.05 * frames) - 1 :].sum(1) <= 0.05 * frames).all()
    counts = (batch.text.tokens >= 0).sum(1)
    assert torch.equal(batch.text.spread[:, -1] + 1, counts)
    assert (batch.reference < frames).all()


def test_batches_depend_on_seed_and_step_only() -> None:
    first, second = synthetic.sampler(), synthetic.sampler()
    second.batch(1, 0.0)
    again = second.batch(7, 0.0)
    assert torch.equal(first.batch(7, 0.0).mel, again.mel)
    assert not torch.equal(first.batch(8, 0.0).mel[0, :9], again.mel[0, :9])


def test_long_buckets_come_later() -> None:
    assert bucket_weights(0.0)[-1] == 0.0 < bucket_weights(1.0)[-1]
    assert len(bucket_weights(0.5)) == len(BUCKETS)


def wrong_share(batch: Batch) -> float:
    """Share of the frames after the reference that do not say the character they show."""
    shown = batch.text.tokens.gather(1, batch.text.spread)
    after = torch.arange(batch.mel.shape[1]) >= batch.reference[:, None]
    sounding = (batch.mel > -6).any(-1) & (shown > 0) & after
    bands = batch.mel.argmax(-1).float()
    return ((bands - 2.5 * shown).abs()[sounding] > 3).float().mean().item()


def test_speech_moves_to_its_characters() -> None:
    sampler = synthetic.sampler(frames_per_step=2000)
    natural, half, steady = (
        sampler.of_length(random.Random(4), 448, 4, even=even) for even in (0.0, 0.5, 1.0)
    )
    assert torch.equal(natural.text.tokens, steady.text.tokens)
    assert wrong_share(steady) < wrong_share(half) < wrong_share(natural)
    assert wrong_share(steady) < 0.3  # frames between two characters, and the hurried ones


def test_a_sound_is_stretched_with_its_speech() -> None:
    batch = synthetic.sampler().of_length(random.Random(4), 448, 4)
    heard, mel = batch.sounds[:, 1:-1], batch.mel[:, 1:-1]
    inside = (heard == batch.sounds[:, 2:]) & (heard == batch.sounds[:, :-2])
    spoken, pause = inside & (heard > 0), inside & (heard == 0)
    assert spoken.float().mean() > 0.5 and pause.any()
    assert (mel.argmax(-1) - 2.5 * heard)[spoken].abs().max() <= 1
    assert (mel[pause] < -11).all()
