"""What only a GPU can show: f5-tts's mel, no step that waits, memory that ends is survived.

`pytest -m gpu tests/engine/test_cuda.py` on a machine that has one; a few seconds. Speed is not
looked at here: `make bench-gpu`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.arch import MelConfig
from engine.batcher import Batcher
from engine.boot import load_engine
from engine.chunk import Chunk, Reference, SpeechParameters
from engine.config import EngineConfig
from engine.dit import attention
from engine.dit.model import DiT
from engine.mel import LogMel
from engine.pace import AHEAD, Pace
from engine.sampler import Flow, PreparedSchedule, Schedule
from engine.tokens import read_vocab
from engine.vocoder.vocos import load_vocos
from engine.weights.checkpoint import load_dit
from engine.weights.config import read_config
from engine.weights.locate import ModelRequest, locate
from standins.checkpoints import ARCHS, TinyCheckpoint, make_checkpoint, make_vocos
from standins.comparison import ENGLISH, REFERENCE, given, relative_error, their_mel
from standins.random_weights import ARCH, random_dit
from standins.sampling import sample
from standins.waiting import PATIENCE_S

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that PyTorch can use"),
]
DEVICE = "cuda"
CPU = torch.device("cpu")
# Relative error of a mel after seven steps. On a GPU convolutions of fp32 may run in TF32.
TOLERANCE = {torch.float32: 5e-3, torch.float16: 1e-2, torch.bfloat16: 3e-2}
DTYPES = pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)


@pytest.fixture(scope="module", params=list(ARCHS))
def checkpoint(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> TinyCheckpoint:
    return make_checkpoint(tmp_path_factory.mktemp(request.param), request.param)


def on_gpu(checkpoint: TinyCheckpoint, dtype: torch.dtype, kernel: str = "auto") -> DiT:
    device = torch.device(DEVICE)
    arch, _ = read_config(checkpoint.config)
    vocab_size = len(read_vocab(checkpoint.vocab))
    model = load_dit(checkpoint.weights, arch, vocab_size, device=device, dtype=dtype)
    model.use_attention(attention.pick(kernel, device, dtype)[1])
    return model


@DTYPES
def test_the_mel_is_that_of_f5_tts(checkpoint: TinyCheckpoint, dtype: torch.dtype) -> None:
    chunk = given(ENGLISH, read_vocab(checkpoint.vocab), 180)
    for cfg in (2.0, 0.0):
        mel = sample(on_gpu(checkpoint, dtype), *chunk, Schedule(7), seed=5, cfg_strength=cfg)
        expected = their_mel(checkpoint, ENGLISH, 180, 5, cfg, Schedule(7))
        assert relative_error(mel.cpu(), expected) < TOLERANCE[dtype]


@DTYPES
def test_chunks_together_give_what_each_gives_alone(dtype: torch.dtype) -> None:
    model = random_dit(ARCH, dtype, device=DEVICE)
    model.use_attention(attention.pick("auto", torch.device(DEVICE), dtype)[1])
    flow, prepared = Flow(model), PreparedSchedule.of(model, Schedule(7))
    cond, tokens = torch.randn(60, 100), torch.arange(1, 40)
    mixed = [
        flow.start(
            cond, tokens, 300 + 77 * seed, prepared, seed=seed, cfg_strength=2.0 * (seed % 2)
        )
        for seed in range(6)
    ]
    for trajectory in mixed:  # each joins a step later than the one before it
        flow.admit(trajectory)
        flow.step()
    while flow.trajectories:
        for trajectory in [t for t in flow.trajectories if t.done]:
            flow.leave(trajectory)
        if flow.trajectories:
            flow.step()
    for seed, trajectory in enumerate(mixed):
        frames, strength = 300 + 77 * seed, 2.0 * (seed % 2)
        alone = sample(model, cond, tokens, frames, Schedule(7), seed=seed, cfg_strength=strength)
        assert relative_error(trajectory.mel, alone) < TOLERANCE[dtype]


def test_half_precision_takes_flash_attention_from_ampere_on() -> None:
    if torch.cuda.get_device_capability() < (8, 0):
        pytest.skip("FlashAttention needs Ampere or later")
    for dtype in (torch.float16, torch.bfloat16):
        assert attention.pick("auto", torch.device(DEVICE), dtype)[0] == "varlen"


def test_no_step_waits_for_the_device() -> None:
    model = random_dit(ARCH, torch.float16, device=DEVICE)
    model.use_attention(attention.pick("auto", torch.device(DEVICE), torch.float16)[1])
    flow, prepared = Flow(model), PreparedSchedule.of(model, Schedule(16))
    for seed in range(3):
        flow.admit(
            flow.start(torch.randn(60, 100), torch.arange(1, 40), 300 + seed, prepared, seed=seed)
        )
        flow.step()  # packs them, which does wait
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(5):
            flow.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_the_host_is_not_more_than_two_steps_ahead() -> None:
    pace, ends = Pace(torch.device(DEVICE)), []
    large = torch.randn(8192, 8192, device=DEVICE)
    for _ in range(20):
        large @ large  # longer than it takes to launch
        ends.append(torch.cuda.Event())
        ends[-1].record()
        pace.launched()
        assert sum(not end.query() for end in ends) <= AHEAD


def test_the_vocoder_gives_the_waveform_of_the_cpu(tmp_path: Path) -> None:
    make_vocos(tmp_path)
    mel = LogMel(MelConfig(), CPU)(REFERENCE)
    [expected] = load_vocos(tmp_path, CPU)([mel])
    first, second = load_vocos(tmp_path, torch.device(DEVICE))(
        [mel.to(DEVICE), mel[:40].to(DEVICE)]
    )
    assert relative_error(first.float().cpu(), expected) < 1e-2
    assert len(second) == 39 * 256


def test_a_whole_engine_speaks(tmp_path: Path) -> None:
    make_checkpoint(tmp_path)
    make_vocos(tmp_path / "vocos")
    engine = load_engine(locate(ModelRequest(model=f"{tmp_path}/")), EngineConfig(device=DEVICE))
    voice = Reference("tone", REFERENCE.numpy(), 0.1, 1.0, "A tone. ", "tone")
    parameters = SpeechParameters(nfe_step=4)
    texts = ["A short one.", "Another one, somewhat longer.", "And a third."]
    chunks = [engine.synthesizer.plan(voice, text, parameters)[0] for text in texts]
    futures = [engine.synthesizer.submit(chunk) for chunk in chunks]
    for chunk, future in zip(chunks, futures, strict=True):
        samples = future.result(PATIENCE_S).samples
        assert torch.from_numpy(samples).isfinite().all()
        assert len(samples) == pytest.approx(engine.synthesizer.seconds(chunk) * 24_000, abs=512)
    engine.close()


@pytest.fixture
def little_memory() -> Iterator[None]:
    """250 MB beside what is held already."""
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 250e6) / total)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)


def test_a_pass_that_does_not_fit_the_memory_is_halved(little_memory: None) -> None:
    model = random_dit(ARCH, torch.float16, device=DEVICE)
    batcher = Batcher(
        model, lambda mels: [mel.new_zeros(256) for mel in mels], max_frames=1_000_000, join="step"
    )
    voice = Reference("tone", REFERENCE.numpy(), 0.1, 1.0, "A tone. ", "tone")
    futures = []
    for seed in range(24):  # more than 500 MB together, each 25
        chunk = Chunk(0, "", voice, SpeechParameters(nfe_step=4), [1] * 40, 1_500, 94, seed)
        futures.append(batcher.submit(chunk, torch.randn(94, 100)))
    for future in futures:
        assert len(future.result(PATIENCE_S).samples) == 256
    assert batcher.max_frames < 1_000_000  # it did not fit
    batcher.close()
