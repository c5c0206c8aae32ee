"""The shared inference thread: packing, cancelling, splitting on out-of-memory, failing cleanly."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.batcher import Batcher
from engine.boot import load_engine, pick_device
from engine.chunk import Chunk, SpeechParameters
from engine.config import EngineConfig
from engine.dit.model import DiT
from engine.weights.locate import ModelRequest, locate
from errors import InferenceFailed, ModelUnavailable


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> DiT:
    files = locate(ModelRequest(models_dir=tmp_path_factory.mktemp("m")))
    return load_engine(files, EngineConfig()).synthesizer.batcher.model


def sums(mels: Sequence[Tensor]) -> list[Tensor]:
    """Stands in for a vocoder: one sample per frame."""
    return [mel.sum(1) for mel in mels]


class CountingModel:
    """The real model, counting the packed chunks of each pass; waits and fails as told."""

    def __init__(self, model: DiT) -> None:
        self.model = model
        self.passes: list[int] = []
        self.tokens: list[int] = []
        self.max_chunks = 1000
        self.overflows = 0  # chunks of that many frames give no numbers
        self.gate: threading.Event | None = None
        self.entered = threading.Event()
        self.error: Exception | None = None

    def __call__(self, x: Tensor, context: Tensor, steps: Any, packing: Any) -> Tensor:
        self.entered.set()
        if self.gate:
            self.gate.wait(60)
        if self.error:
            raise self.error
        self.passes.append(len(packing.lengths))
        self.tokens.append(packing.tokens)
        if len(packing.lengths) > self.max_chunks:
            raise torch.OutOfMemoryError("no memory")
        v: Tensor = self.model(x, context, steps, packing)
        for length, (start, stop) in zip(packing.lengths, packing.chunk_tokens, strict=True):
            if length == self.overflows:
                v[start:stop] = torch.nan
        return v

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def hold(self) -> threading.Event:
        """From now on passes wait inside the model until the event is set."""
        self.entered.clear()
        self.gate = threading.Event()
        return self.gate


@pytest.fixture
def counting(model: DiT) -> CountingModel:
    return CountingModel(model)


@pytest.fixture
def batcher(counting: CountingModel) -> Iterator[Batcher]:
    batcher = Batcher(counting, sums, max_frames=4000, join="step")  # type: ignore[arg-type]
    yield batcher
    batcher.close()


def job(
    frames: int, *, seed: int = 0, nfe: int = 3, cfg: float = 2.0, index: int = 0
) -> tuple[Chunk, Tensor]:
    """A chunk and its reference's mel, of which it has 20 frames."""
    parameters = SpeechParameters(nfe_step=nfe, cfg_strength=cfg)
    voice: Any = None  # the batcher is given its mel
    chunk = Chunk(index, "", voice, parameters, list(range(1, 30)), frames, 20, seed)
    return chunk, torch.zeros(20, 100)


def test_a_chunk_that_arrives_joins_at_the_next_step_whatever_its_schedule(
    batcher: Batcher, counting: CountingModel
) -> None:
    kinds = [(60, 3, 2.0), (90, 5, 2.0), (75, 4, 0.0)]
    alone = [
        batcher.submit(*job(n, seed=n, nfe=nfe, cfg=cfg)).result(60).samples
        for n, nfe, cfg in kinds
    ]
    counting.passes.clear()
    gate = counting.hold()
    first = batcher.submit(*job(50, nfe=6))
    assert counting.entered.wait(60)  # its first step is under way
    others = [batcher.submit(*job(n, seed=n, nfe=nfe, cfg=cfg)) for n, nfe, cfg in kinds]
    gate.set()
    first.result(60)
    for future, expected in zip(others, alone, strict=True):
        assert np.array_equal(future.result(60).samples, expected)
    assert counting.passes == [1, 4, 4, 4, 3, 2]


def test_with_join_batch_chunks_wait_for_the_running_ones(counting: CountingModel) -> None:
    batcher = Batcher(counting, sums, max_frames=4000, join="batch")  # type: ignore[arg-type]
    gate = counting.hold()
    first = batcher.submit(*job(50, nfe=3))
    assert counting.entered.wait(60)
    others = [batcher.submit(*job(n, nfe=2)) for n in (60, 70)]
    gate.set()
    for future in (first, *others):
        future.result(60)
    batcher.close()
    assert counting.passes == [1, 1, 1, 2, 2]


def test_a_pass_stays_within_the_frame_budget(batcher: Batcher, counting: CountingModel) -> None:
    gate = counting.hold()
    futures = [batcher.submit(*job(500)) for _ in range(7)]  # 1,000 frames each with guidance
    gate.set()
    for future in futures:
        future.result(60)
    assert max(counting.tokens) <= 4000


def spoken_in_turn(
    counting: CountingModel, before: str, names: Sequence[str], *, until: int = 1
) -> list[str]:
    """The order in which chunks finish where one at a time fits: job `before`, of four, is in its
    chunk number `until` when the others come, of as many chunks as their name has letters."""
    batcher = Batcher(counting, sums, max_frames=200)  # type: ignore[arg-type]
    done: list[str] = []
    running = threading.Event()
    arrived = threading.Event()

    def finished(label: str) -> None:
        done.append(label)
        if len(done) == until:  # on the engine's thread: what comes now comes before the next step
            running.set()
            arrived.wait(60)

    def submitted(name: str, count: int) -> list[Any]:
        futures = batcher.submit_job([job(100, index=i) for i in range(count)])
        for i, future in enumerate(futures):
            future.add_done_callback(lambda _, label=f"{name} {i}": finished(label))  # type: ignore[misc]
        return futures

    futures = submitted(before, 4)
    assert running.wait(60)
    for name in names:
        futures += submitted(name, len(name))
    arrived.set()
    for future in futures:
        future.result(60)
    batcher.close()
    return done


def test_no_long_text_holds_up_the_first_chunk_of_a_later_job(counting: CountingModel) -> None:
    assert spoken_in_turn(counting, "long", ["a", "b"]) == [
        "long 0", "a 0", "b 0", "long 1", "long 2", "long 3",
    ]  # fmt: skip


def test_two_long_texts_are_spoken_in_turn(counting: CountingModel) -> None:
    done = spoken_in_turn(counting, "long", ["late"])
    assert done.index("late 0") == 1
    for chunk in range(1, 3):  # neither is ever two chunks ahead of its right
        assert done.index(f"late {chunk}") < done.index(f"long {chunk + 1}") + 2
        assert done.index(f"long {chunk}") < done.index(f"late {chunk}") + 2


class Order:
    """What the engine does, in order: passes of the model, and chunks handed over."""

    def __init__(self, counting: CountingModel, *, ahead: bool | None) -> None:
        self.events: list[str] = []
        self.model, counting.model = counting.model, self  # type: ignore[assignment]
        self.batcher = Batcher(counting, sums, max_frames=200, ahead=ahead)  # type: ignore[arg-type]
        futures = self.batcher.submit_job([job(100, index=i, nfe=2) for i in range(2)])
        for i, future in enumerate(futures):
            future.add_done_callback(lambda _, i=i: self.events.append(f"chunk {i}"))  # type: ignore[misc]
        for future in futures:
            future.result(60)
        self.batcher.close()

    def __call__(self, *passed: Any) -> Tensor:
        self.events.append("step")
        return self.model(*passed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


def test_the_next_step_is_launched_before_finished_chunks_are_handed_over(
    counting: CountingModel,
) -> None:
    """So that a GPU has work while they are copied out and checked."""
    found = Order(counting, ahead=True).events
    assert found == ["step", "step", "step", "chunk 0", "step", "chunk 1"]


def test_on_a_cpu_a_finished_chunk_waits_for_no_step(counting: CountingModel) -> None:
    found = Order(counting, ahead=None).events
    assert found == ["step", "step", "chunk 0", "step", "step", "chunk 1"]


def test_out_of_memory_halves_the_pass_and_no_step_is_lost(
    batcher: Batcher, counting: CountingModel
) -> None:
    alone = [batcher.submit(*job(60, seed=i, nfe=4)).result(60).samples for i in range(4)]
    counting.passes.clear()
    gate = counting.hold()
    blocker = batcher.submit(*job(50, nfe=2))
    assert counting.entered.wait(60)
    futures = [batcher.submit(*job(60, seed=i, nfe=4)) for i in range(4)]
    counting.max_chunks = 2
    gate.set()
    for future, expected in zip(futures, alone, strict=True):
        assert np.array_equal(future.result(60).samples, expected)
    blocker.result(60)
    assert batcher.max_frames < 4000
    failed = sum(n > 2 for n in counting.passes)
    advanced = sum(n for n in counting.passes if n <= 2)
    assert failed >= 1
    assert advanced == 2 + 4 * 4  # every step of every chunk once


def test_waveforms_that_do_not_fit_together_are_made_one_at_a_time(
    counting: CountingModel,
) -> None:
    asked: list[int] = []

    def narrow(mels: Sequence[Tensor]) -> list[Tensor]:
        asked.append(len(mels))
        if len(mels) > 1:
            raise torch.OutOfMemoryError("no memory")
        return sums(mels)

    batcher = Batcher(counting, narrow, max_frames=4000)  # type: ignore[arg-type]
    gate = counting.hold()
    futures = [batcher.submit(*job(60, seed=i)) for i in range(4)]
    gate.set()
    assert all(future.result(60).samples.shape == (40,) for future in futures)
    batcher.close()
    assert max(asked) > 1


def test_a_single_chunk_that_does_not_fit_fails_with_a_next_step(
    batcher: Batcher, counting: CountingModel
) -> None:
    counting.max_chunks = 0
    with pytest.raises(InferenceFailed, match="does not fit the device's memory") as caught:
        batcher.submit(*job(60)).result(60)
    assert "shorter text" in caught.value.hint
    assert caught.value.retryable


def test_a_cancelled_chunk_leaves_at_the_next_step_and_the_others_go_on(
    batcher: Batcher, counting: CountingModel
) -> None:
    gate = counting.hold()
    doomed, kept = batcher.submit(*job(60, nfe=20)), batcher.submit(*job(70, nfe=20))
    assert counting.entered.wait(60)
    assert doomed.cancel()
    gate.set()
    assert kept.result(60).samples.shape == (50,)
    assert set(counting.passes[1:]) == {1}


def test_an_error_fails_its_batch_and_the_thread_lives_on(
    batcher: Batcher, counting: CountingModel
) -> None:
    counting.error = RuntimeError("CUDA error: device-side assert")
    with pytest.raises(InferenceFailed, match="RuntimeError"):
        batcher.submit(*job(50)).result(60)
    counting.error = None
    assert batcher.submit(*job(50)).result(60).samples.shape == (30,)


@pytest.mark.parametrize("bad", ["nan", "inf"])
def test_samples_that_are_no_numbers_never_leave_the_engine(
    counting: CountingModel, bad: str
) -> None:
    def broken(mels: Sequence[Tensor]) -> list[Tensor]:
        return [wave * float(bad) for wave in sums(mels)]

    batcher = Batcher(counting, broken, max_frames=4000)  # type: ignore[arg-type]
    with pytest.raises(InferenceFailed, match="NaN or infinite samples"):
        batcher.submit(*job(50)).result(60)
    batcher.close()


@pytest.mark.parametrize("ahead", [False, True], ids=["copied at once", "copied meanwhile"])
@pytest.mark.parametrize("at_once", [1000, 2], ids=["under way", "set aside for want of memory"])
def test_after_an_overflow_what_has_begun_starts_over_and_what_was_done_is_kept(
    counting: CountingModel, model: DiT, at_once: int, ahead: bool
) -> None:
    kinds = {"done": (60, 3), "broken": (90, 3), "begun": (90, 5), "joins": (50, 2)}
    chunks = {name: job(n, seed=n, nfe=nfe) for name, (n, nfe) in kinds.items()}
    plain = Batcher(counting, sums, max_frames=4000, join="step")  # type: ignore[arg-type]
    alone = {name: plain.submit(*given).result(60).samples for name, given in chunks.items()}
    plain.close()
    loaded: list[CountingModel] = []

    def wider() -> CountingModel:
        loaded.append(CountingModel(model))
        return loaded[-1]

    counting.overflows, counting.max_chunks = 90, at_once
    batcher = Batcher(
        counting,
        sums,
        max_frames=4000,
        join="step",
        wider=wider,
        ahead=ahead,  # type: ignore[arg-type]
    )
    gate = counting.hold()
    futures = {"done": batcher.submit(*chunks["done"])}
    assert counting.entered.wait(60)
    futures |= {name: batcher.submit(*chunks[name]) for name in ("broken", "begun")}
    gate.set()
    spoken = {name: future.result(60) for name, future in futures.items()}
    spoken["joins"] = batcher.submit(*chunks["joins"]).result(60)
    batcher.close()
    for name, expected in alone.items():
        assert np.array_equal(spoken[name].samples, expected), name
    told = {name for name, found in spoken.items() if found.warnings}
    assert told == {"broken", "begun"}
    assert len(loaded) == 1 and batcher.model is loaded[0]
    assert sum(loaded[0].passes) == 3 + 5 + 2  # every step of the three, once


def test_closing_cancels_what_waits(counting: CountingModel) -> None:
    batcher = Batcher(counting, sums, max_frames=10)  # type: ignore[arg-type]
    gate = counting.hold()
    running, waiting = batcher.submit(*job(50)), batcher.submit(*job(60))
    assert counting.entered.wait(60)
    closing = threading.Thread(target=batcher.close)
    closing.start()
    gate.set()
    closing.join(60)
    assert running.done()
    assert waiting.cancelled()


def test_a_gpu_that_is_not_there_is_said_at_start(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(ModelUnavailable, match="F5_DEVICE=cuda, but PyTorch sees no GPU"):
        pick_device("cuda")
