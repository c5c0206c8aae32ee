"""Same weights, same noise, same steps as f5-tts: the same mel, within 1e-4 relative in fp32."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
import torch

from engine.dit.convolution import ConvPositionEmbedding
from engine.dit.model import DiT
from engine.dit.packing import Packing
from engine.sampler import Flow, PreparedSchedule, Schedule
from engine.tokens import tokenize
from engine.weights.checkpoint import read_state
from standins.checkpoints import ARCHS, TinyCheckpoint, make_checkpoint
from standins.comparison import CHINESE, ENGLISH, given, relative_error
from standins.comparison import our_model as ours
from standins.comparison import their_mel as theirs
from standins.sampling import sample

TOLERANCE = 1e-4


@pytest.fixture(scope="module", params=list(ARCHS))
def checkpoint(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> TinyCheckpoint:
    return make_checkpoint(tmp_path_factory.mktemp(request.param), request.param)


def sample_together(
    model: DiT,
    chunks: Sequence[tuple[tuple[torch.Tensor, torch.Tensor, int], int]],
    cfg: float,
    schedule: Schedule,
) -> list[torch.Tensor]:
    """Mels of chunks, each with its seed, in one batch."""
    flow, prepared = Flow(model), PreparedSchedule.of(model, schedule)
    trajectories = [
        flow.start(*chunk, prepared, seed=seed, cfg_strength=cfg) for chunk, seed in chunks
    ]
    for trajectory in trajectories:
        flow.admit(trajectory)
    for _ in range(len(prepared.deltas)):
        flow.step()
    for trajectory in trajectories:
        flow.leave(trajectory)
    return [trajectory.mel for trajectory in trajectories]


SCHEDULES = {
    "epss": Schedule(7),
    "even": Schedule(7, epss=False),
    "unswayed": Schedule(4, sway=None),
}
TEXTS = {"english": ENGLISH, "chinese": CHINESE}
GUIDANCE = {"guided": 2.0, "unguided": 0.0}
# Each text, schedule and guidance, and each text and guidance together; the others are slow.
USUAL = {
    ("english", "epss", "guided"), ("chinese", "even", "guided"),
    ("chinese", "epss", "unguided"), ("english", "unswayed", "unguided"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "schedule", "cfg"),
    [
        pytest.param(
            TEXTS[names[0]],
            SCHEDULES[names[1]],
            GUIDANCE[names[2]],
            id="-".join(names),
            marks=[] if names in USUAL else pytest.mark.slow,
        )
        for names in product(TEXTS, SCHEDULES, GUIDANCE)
    ],
)
def test_one_chunk_gives_the_mel_of_f5_tts(
    checkpoint: TinyCheckpoint, text: str, schedule: Schedule, cfg: float
) -> None:
    model, vocab = ours(checkpoint)
    mel = sample(model, *given(text, vocab, 180), schedule, seed=5, cfg_strength=cfg)
    expected = theirs(checkpoint, text, 180, 5, cfg, schedule)
    assert mel.shape == expected.shape
    assert relative_error(mel, expected) < TOLERANCE


@pytest.mark.parametrize("cfg", [2.0, 0.0], ids=["guided", "unguided"])
def test_in_bf16_the_mel_is_that_of_f5_tts_within_3_percent(
    checkpoint: TinyCheckpoint, cfg: float
) -> None:
    model, vocab = ours(checkpoint, dtype=torch.bfloat16)
    mel = sample(model, *given(ENGLISH, vocab, 180), Schedule(7), seed=5, cfg_strength=cfg)
    error = relative_error(mel, theirs(checkpoint, ENGLISH, 180, 5, cfg, Schedule(7)))
    assert 1e-4 < error < 3e-2  # and it did run in bf16


@pytest.mark.parametrize("cfg", [2.0, 0.0], ids=["guided", "unguided"])
def test_chunks_of_different_length_in_one_batch_give_what_each_gives_alone(
    checkpoint: TinyCheckpoint, cfg: float
) -> None:
    model, vocab = ours(checkpoint)
    jobs = [(ENGLISH, 150, 1), (CHINESE, 211, 2), ("Short.", 120, 3), (ENGLISH, 150, 4)]
    schedule = Schedule(5)
    chunks = [(given(text, vocab, frames), seed) for text, frames, seed in jobs]
    mels = sample_together(model, chunks, cfg, schedule)
    for mel, (text, frames, seed) in zip(mels, jobs, strict=True):
        assert (
            relative_error(mel, theirs(checkpoint, text, frames, seed, cfg, schedule)) < TOLERANCE
        )


@pytest.mark.parametrize(
    "cfg",
    [pytest.param(2.0, id="guided"), pytest.param(0.0, id="unguided", marks=pytest.mark.slow)],
)
def test_on_a_cpu_a_chunks_bits_do_not_depend_on_its_batch(
    checkpoint: TinyCheckpoint, cfg: float
) -> None:
    """What a resumed job counts on: chunks spoken again give what they gave before."""
    model, vocab = ours(checkpoint)
    jobs = [(ENGLISH, 300, 1), (CHINESE, 411, 2), ("Short.", 220, 3), (ENGLISH, 533, 4)]
    chunks = [(given(text, vocab, frames), seed) for text, frames, seed in jobs]
    alone = [
        sample(model, *chunk, Schedule(2), seed=seed, cfg_strength=cfg) for chunk, seed in chunks
    ]
    for order in ([0, 1, 2, 3], [3, 1], [2, 0]):
        together = sample_together(model, [chunks[i] for i in order], cfg, Schedule(2))
        for mel, i in zip(together, order, strict=True):
            assert torch.equal(mel, alone[i]), (order, i)


def test_the_convolution_in_one_row_is_that_by_chunk() -> None:
    """GPUs run the first, CPUs the second."""
    torch.manual_seed(0)
    layer = ConvPositionEmbedding(64)
    for branches in (1, 2):
        packing = Packing([40, 7, 133], [branches == 2] * 3, torch.device("cpu"))
        x = torch.randn(packing.tokens, 64)
        torch.testing.assert_close(layer.in_one_row(x, packing), layer.by_chunk(x, packing))


def test_pt_and_safetensors_checkpoints_load_the_same(checkpoint: TinyCheckpoint) -> None:
    from_pt = read_state(checkpoint.directory / "model_1.pt")
    from_safetensors = read_state(checkpoint.weights)
    assert from_pt.keys() == from_safetensors.keys()
    for name, tensor in from_safetensors.items():
        assert torch.equal(tensor, from_pt[name]), name
    model, vocab = ours(checkpoint, checkpoint.directory / "model_1.pt")
    mel = sample(model, *given(ENGLISH, vocab, 120), Schedule(3), seed=5, cfg_strength=2.0)
    assert relative_error(mel, theirs(checkpoint, ENGLISH, 120, 5, 2.0, Schedule(3))) < TOLERANCE


def test_more_text_than_frames_is_cut_as_f5_tts_cuts_it(checkpoint: TinyCheckpoint) -> None:
    model, vocab = ours(checkpoint)
    text = ENGLISH * 4
    frames = len(tokenize(text)) + 1
    mel = sample(model, *given(text, vocab, frames), Schedule(3), seed=5, cfg_strength=2.0)
    assert relative_error(mel, theirs(checkpoint, text, 10, 5, 2.0, Schedule(3))) < TOLERANCE
