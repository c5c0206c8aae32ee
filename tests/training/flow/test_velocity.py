"""The training forward pass and loss are f5-tts's own, number for number."""

from __future__ import annotations

import pytest
import torch

from engine.dit.layers import spread_index
from tests.training import synthetic
from training.data.sounds import SLOTS
from training.flow import f5
from training.flow.ears import NOT_ASKED, Ears
from training.flow.objective import Draw, losses
from training.flow.samples import Batch, row_length
from training.flow.velocity import REACH, TextBatch, Velocity

LENGTHS = (31, 20, 7)  # characters of the three samples
FRAMES = 150


@pytest.fixture(scope="module")
def dit() -> torch.nn.Module:
    torch.manual_seed(0)
    model = f5.new_dit(synthetic.ARCH, synthetic.VOCAB_SIZE).eval()
    model.load_state_dict(synthetic.official_state())
    return model


def tokens(width: int) -> torch.Tensor:
    ids = torch.full((len(LENGTHS), width), -1)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.arange(length) % 17 + 3
    return ids


def text() -> TextBatch:
    spread = torch.stack([spread_index(length, FRAMES) for length in LENGTHS])
    return TextBatch(tokens(max(LENGTHS) + REACH), spread)


def sounds() -> tuple[torch.Tensor, torch.Tensor]:
    """Of the frames, and of the characters of `text`."""
    ids = tokens(max(LENGTHS) + REACH)
    spoken = (ids + 1).clamp(max=9)[..., None].repeat(1, 1, SLOTS)
    frames = torch.arange(FRAMES).repeat(len(LENGTHS), 1) // 20
    return frames, spoken.masked_fill((ids < 0)[..., None], NOT_ASKED)


@pytest.mark.parametrize("drop_audio, drop_text", [(False, False), (True, False), (True, True)])
def test_velocity_equals_f5(dit: torch.nn.Module, drop_audio: bool, drop_text: bool) -> None:
    x, cond, time = synthetic.inputs(len(LENGTHS), FRAMES)
    with torch.no_grad():
        expected = dit(
            x=x,
            cond=cond,
            text=tokens(max(LENGTHS)),
            time=time,
            drop_audio_cond=drop_audio,
            drop_text=drop_text,
        )
        drops = (torch.full((len(LENGTHS),), flag) for flag in (drop_audio, drop_text))
        got = Velocity(dit)(x, cond, text(), time, *drops).velocity
    torch.testing.assert_close(got, expected, atol=2e-4, rtol=1e-4)


def test_wider_text_rows_change_nothing(dit: torch.nn.Module) -> None:
    x, cond, time = synthetic.inputs(len(LENGTHS), FRAMES)
    keep = torch.zeros(len(LENGTHS), dtype=torch.bool)
    wide = TextBatch(tokens(row_length(FRAMES) + 40), text().spread)
    with torch.no_grad():
        narrow = Velocity(dit)(x, cond, text(), time, keep, keep).velocity
        torch.testing.assert_close(
            Velocity(dit)(x, cond, wide, time, keep, keep).velocity, narrow, atol=2e-4, rtol=1e-4
        )


@pytest.mark.parametrize("n_tokens, frames", [(7, 7), (7, 20), (31, 150), (1, 9)])
def test_gather_upsampling_equals_f5(dit: torch.nn.Module, n_tokens: int, frames: int) -> None:
    rows = torch.randn(1, frames, 32)
    mask = (torch.arange(frames) < n_tokens)[None]
    expected = dit.text_embed.average_upsample_text_by_mask(rows, mask, torch.tensor([frames]))
    assert torch.equal(rows[:, spread_index(n_tokens, frames)], expected)


def test_loss_and_gradients_equal_f5_cfm(
    dit: torch.nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    mel = torch.randn(len(LENGTHS), FRAMES, 100, generator=torch.Generator().manual_seed(2))
    cfm = f5.classes().CFM(transformer=dit)
    monkeypatch.setattr("f5_tts.model.cfm.random", lambda: 0.99)
    torch.manual_seed(11)
    expected, _, _ = cfm(mel, tokens(max(LENGTHS)))
    expected.backward()
    wanted = {name: p.grad.clone() for name, p in dit.named_parameters() if p.grad is not None}
    dit.zero_grad()

    torch.manual_seed(11)  # the same draws in CFM's order
    fractions = torch.zeros(len(LENGTHS)).uniform_(0.7, 1.0)
    lengths = (fractions * FRAMES).long()
    start = ((FRAMES - lengths) * torch.rand(len(LENGTHS))).long()
    position = torch.arange(FRAMES)[None]
    mask = (position >= start[:, None]) & (position < (start + lengths)[:, None])
    noise = torch.randn_like(mel)
    keep = torch.zeros(len(LENGTHS), dtype=torch.bool)
    draw = Draw(noise, torch.rand(len(LENGTHS)), mask.float(), keep, keep)
    batch = Batch(mel, text(), torch.zeros(len(LENGTHS)), *sounds())
    loss = losses(Velocity(dit), batch, draw, Ears(64, 32, 10)).flow
    loss.backward()
    torch.testing.assert_close(loss, expected, atol=1e-4, rtol=1e-4)
    for name, parameter in dit.named_parameters():
        if name in wanted and parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, wanted[name], atol=2e-3, rtol=2e-3)
    dit.zero_grad()


def test_a_channel_that_is_zero_everywhere_has_a_gradient() -> None:
    """GRN's root has an infinite slope at 0: one dead channel once turned all weights to nan."""
    model = f5.new_dit(synthetic.ARCH, synthetic.VOCAB_SIZE)
    model.load_state_dict(synthetic.official_state())
    first = model.text_embed.text_blocks[0].pwconv1
    with torch.no_grad():
        first.weight[0], first.bias[0] = 0.0, 0.0
    x, cond, time = synthetic.inputs(len(LENGTHS), FRAMES)
    keep = torch.zeros(len(LENGTHS), dtype=torch.bool)
    Velocity(model)(x, cond, text(), time, keep, keep).velocity.square().mean().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_the_sounds_teach_what_comes_before_the_ears() -> None:
    model = f5.new_dit(synthetic.ARCH, synthetic.VOCAB_SIZE)
    model.load_state_dict(synthetic.official_state())
    ears = Ears(64, 32, 10)
    mel, _, time = synthetic.inputs(len(LENGTHS), FRAMES)
    mask = torch.ones(mel.shape[:2], dtype=torch.bool)
    unread = torch.tensor([False, False, True])
    draw = Draw(torch.randn_like(mel), time, mask.float(), unread, unread)
    frames, characters = sounds()

    def found() -> tuple[torch.Tensor, torch.Tensor]:
        batch = Batch(mel, text(), torch.zeros(len(LENGTHS)), frames, characters)
        both = losses(Velocity(model), batch, draw, ears)
        return both.frames, both.tokens

    before = [loss.item() for loss in found()]
    frames[2], characters[2, :7] = 9, 9  # of the sample without its text
    assert [loss.item() for loss in found()] == pytest.approx(before)
    frames[0, 10:50], characters[1, 3] = 9, 9
    assert all(a != pytest.approx(b.item()) for a, b in zip(before, found(), strict=True))

    def taught(loss: torch.Tensor) -> set[str]:
        model.zero_grad()
        loss.backward()
        return {
            ".".join(n.split(".")[:2]) for n, p in model.named_parameters() if p.grad is not None
        }

    encoder = {name for name in taught(found()[1])}
    assert encoder == {"text_embed.text_embed", "text_embed.text_blocks"}
    by_frames = taught(found()[0])
    assert by_frames >= encoder | {"input_embed.proj", "transformer_blocks.0"}
    assert not by_frames & {"transformer_blocks.1", "norm_out.linear", "proj_out.weight"}
