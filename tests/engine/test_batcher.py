"""The shared inference thread: packing, cancelling, splitting on out-of-memory, failing cleanly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.batcher import Batcher, ChunkJob
from engine.boot import EngineConfig, load_engine, pick_device
from engine.locate import ModelRequest, locate
from engine.model import DiT
from engine.sampler import FlowInput, Schedule
from worker.errors import InferenceFailed, ModelUnavailable


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> DiT:
    files = locate(ModelRequest(models_dir=tmp_path_factory.mktemp("m")))
    return load_engine(files, EngineConfig()).synthesizer.batcher.model


class CountingModel:
    """The real model, counting the packed chunks of each pass; fails as told."""

    def __init__(self, model: DiT) -> None:
        self.model = model
        self.passes: list[int] = []
        self.max_chunks = 1000
        self.gate: threading.Event | None = None
        self.error: Exception | None = None

    def __call__(self, x: Tensor, context: Tensor, step: Any, packing: Any) -> Tensor:
        if self.gate:
            self.gate.wait(10)
        if self.error:
            raise self.error
        self.passes.append(len(packing.lengths))
        if len(packing.lengths) > self.max_chunks:
            raise torch.OutOfMemoryError("no memory")
        return self.model(x, context, step, packing)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


@pytest.fixture
def counting(model: DiT) -> CountingModel:
    return CountingModel(model)


@pytest.fixture
def batcher(counting: CountingModel) -> Iterator[Batcher]:
    batcher = Batcher(counting, lambda mel: mel.sum(1), max_frames=4000)  # type: ignore[arg-type]
    yield batcher
    batcher.close()


def job(frames: int, *, seed: int = 0, nfe: int = 3, cfg: float = 2.0) -> ChunkJob:
    noise = torch.randn(frames, 100, generator=torch.Generator().manual_seed(seed))
    flow = FlowInput(torch.zeros(20, 100), torch.arange(1, 30), noise, cfg)
    return ChunkJob(flow, Schedule(nfe), 20)


def test_chunks_that_wait_together_share_a_pass_and_keep_their_results(
    batcher: Batcher, counting: CountingModel
) -> None:
    alone = [batcher.submit(job(n, seed=n)).result(30).samples for n in (60, 90, 75)]
    counting.gate = threading.Event()
    blocker = batcher.submit(job(50, nfe=2))
    together = [batcher.submit(job(n, seed=n)) for n in (60, 90, 75)]
    counting.gate.set()
    blocker.result(30)
    for future, expected in zip(together, alone, strict=True):
        assert np.allclose(future.result(30).samples, expected, rtol=1e-4, atol=1e-3)
    assert max(counting.passes) == 3


def test_chunks_of_other_schedules_do_not_share_a_pass(
    batcher: Batcher, counting: CountingModel
) -> None:
    counting.gate = threading.Event()
    futures = [batcher.submit(job(50, nfe=nfe, cfg=cfg)) for nfe, cfg in [(2, 2), (3, 2), (2, 0)]]
    counting.gate.set()
    for future in futures:
        future.result(30)
    assert set(counting.passes) == {1}


def test_a_pass_stays_within_the_frame_budget(batcher: Batcher, counting: CountingModel) -> None:
    counting.gate = threading.Event()
    futures = [batcher.submit(job(500)) for _ in range(7)]  # 1,000 frames each with guidance
    counting.gate.set()
    for future in futures:
        future.result(60)
    assert max(counting.passes) <= 4


def test_a_batch_that_runs_out_of_memory_is_split_and_every_chunk_succeeds(
    batcher: Batcher, counting: CountingModel
) -> None:
    counting.max_chunks = 1
    counting.gate = threading.Event()
    blocker = batcher.submit(job(50, nfe=2))
    futures = [batcher.submit(job(60)) for _ in range(4)]
    counting.gate.set()
    assert all(future.result(30).samples.shape == (40,) for future in futures)
    blocker.result(30)


def test_a_single_chunk_that_does_not_fit_fails_with_a_next_step(
    batcher: Batcher, counting: CountingModel
) -> None:
    counting.max_chunks = 0
    with pytest.raises(InferenceFailed, match="does not fit the device's memory") as caught:
        batcher.submit(job(60)).result(30)
    assert "shorter text" in caught.value.hint
    assert caught.value.retryable


def test_a_cancelled_chunk_leaves_and_the_others_go_on(
    batcher: Batcher, counting: CountingModel
) -> None:
    counting.gate = threading.Event()
    blocker = batcher.submit(job(40, nfe=2))
    doomed, kept = batcher.submit(job(60, nfe=20)), batcher.submit(job(70, nfe=20))
    counting.gate.set()
    blocker.result(30)
    counting.gate = threading.Event()
    assert doomed.cancel()
    counting.gate.set()
    assert kept.result(30).samples.shape == (50,)
    assert counting.passes[-1] == 1


def test_an_error_fails_its_batch_and_the_thread_lives_on(
    batcher: Batcher, counting: CountingModel
) -> None:
    counting.error = RuntimeError("CUDA error: device-side assert")
    with pytest.raises(InferenceFailed, match="RuntimeError"):
        batcher.submit(job(50)).result(30)
    counting.error = None
    assert batcher.submit(job(50)).result(30).samples.shape == (30,)


def test_nan_never_leaves_the_engine(counting: CountingModel) -> None:
    batcher = Batcher(counting, lambda mel: mel.sum(1) * float("nan"), max_frames=4000)  # type: ignore[arg-type]
    with pytest.raises(InferenceFailed, match="NaN"):
        batcher.submit(job(50)).result(30)
    batcher.close()


def test_closing_cancels_what_waits(counting: CountingModel) -> None:
    batcher = Batcher(counting, lambda mel: mel.sum(1), max_frames=10)  # type: ignore[arg-type]
    counting.gate = threading.Event()
    running, waiting = batcher.submit(job(50)), batcher.submit(job(60))
    closing = threading.Thread(target=batcher.close)
    closing.start()
    counting.gate.set()
    closing.join(30)
    assert running.done()
    assert waiting.cancelled()


def test_a_gpu_that_is_not_there_is_said_at_start(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(ModelUnavailable, match="F5_DEVICE=cuda, but PyTorch sees no GPU"):
        pick_device("cuda")
