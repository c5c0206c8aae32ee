"""What is random about a training step."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from training.flow import objective
from training.flow.ears import Ears
from training.flow.objective import draw
from training.flow.samples import Batch
from training.flow.velocity import TextBatch

SIZE, FRAMES, REFERENCE = 2000, 200, 80


def batch() -> Batch:
    mel = torch.zeros(SIZE, FRAMES, 1)
    nothing = torch.zeros(SIZE, 1, dtype=torch.long)
    reference = torch.full((SIZE,), REFERENCE)
    reference[: SIZE // 2] = 0
    return Batch(mel, TextBatch(nothing, nothing), reference, nothing, nothing)


def test_shares() -> None:
    drawn = draw(batch(), torch.Generator().manual_seed(1))
    assert drawn.time.median() == pytest.approx(0.5**objective.EARLY, rel=0.05)
    assert drawn.time.min() >= 0 and drawn.time.max() <= 1
    assert drawn.drop_text.float().mean() == pytest.approx(objective.COND_DROP, abs=0.01)
    assert drawn.drop_audio[drawn.drop_text].all()
    only_audio = drawn.drop_audio & ~drawn.drop_text
    share = (1 - objective.COND_DROP) * objective.AUDIO_DROP
    assert only_audio.float().mean() == pytest.approx(share, abs=0.01)


def test_masks_are_one_span() -> None:
    drawn = draw(batch(), torch.Generator().manual_seed(1))
    masked = drawn.mask.sum(1)
    edges = drawn.mask.int().diff(dim=1).abs().sum(1)
    assert (edges <= 2).all()
    after = ~drawn.mask[:, :REFERENCE].any(1) & drawn.mask[:, REFERENCE:].all(1)
    assert not after[: SIZE // 2].any()
    assert after[SIZE // 2 :].float().mean() == pytest.approx(objective.AFTER_REFERENCE, abs=0.03)
    least, _ = objective.SPAN
    assert (masked[~after] >= int(least * FRAMES)).all()


def test_the_first_words_after_a_reference_count_more() -> None:
    drawn = draw(batch(), torch.Generator().manual_seed(1))
    assert drawn.weight.unique().tolist() == [0.0, 1.0, objective.ONSET_WEIGHT]
    assert (drawn.weight[: SIZE // 2] <= 1).all()  # without a reference
    onset = slice(REFERENCE, REFERENCE + objective.ONSET)
    heavier = drawn.weight[SIZE // 2 :] == objective.ONSET_WEIGHT
    assert torch.equal(heavier[:, onset], drawn.mask[SIZE // 2 :, onset])
    heavier[:, onset] = False
    assert not heavier.any()


def test_one_seed_one_draw() -> None:
    first, second, other = (draw(batch(), torch.Generator().manual_seed(n)) for n in (1, 1, 2))
    assert torch.equal(first.noise, second.noise) and torch.equal(first.time, second.time)
    assert not torch.equal(first.time, other.time)


def test_sounds_count_as_their_frames_do() -> None:
    torch.manual_seed(0)
    ears, half_way = Ears(dim=8, text_dim=8, classes=5), torch.randn(2, 6, 8)
    wanted, weight = torch.randint(0, 5, (2, 6)), torch.ones(2, 6)
    each = F.cross_entropy(ears.frames(half_way).transpose(1, 2), wanted, reduction="none")
    assert ears.frame_loss(half_way, wanted, weight).item() == pytest.approx(each.mean().item())
    weight[:, :3] = 0.0
    weight[0, 4] = 3.0
    expected = (each * weight).sum() / weight.sum()
    assert ears.frame_loss(half_way, wanted, weight).item() == pytest.approx(expected.item())
