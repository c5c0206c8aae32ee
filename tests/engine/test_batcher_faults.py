"""What the shared inference thread survives: too little memory, errors, numbers that overflow."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from engine import memory
from engine.batcher import Batcher
from engine.dit.model import DiT
from errors import DeviceFailed, InferenceFailed
from standins.counting_model import CountingModel, job, sums
from standins.waiting import PATIENCE_S


def test_out_of_memory_halves_the_pass_and_no_step_is_lost(
    batcher: Batcher, counting: CountingModel
) -> None:
    alone = [batcher.submit(*job(60, seed=i, nfe=4)).result(PATIENCE_S).samples for i in range(4)]
    counting.passes.clear()
    gate = counting.hold()
    blocker = batcher.submit(*job(50, nfe=2))
    assert counting.entered.wait(PATIENCE_S)
    futures = [batcher.submit(*job(60, seed=i, nfe=4)) for i in range(4)]
    counting.max_chunks = 2
    gate.set()
    for future, expected in zip(futures, alone, strict=True):
        assert np.array_equal(future.result(PATIENCE_S).samples, expected)
    blocker.result(PATIENCE_S)
    assert batcher.max_frames < 4000
    failed = sum(n > 2 for n in counting.passes)
    advanced = sum(n for n in counting.passes if n <= 2)
    assert failed >= 1
    assert advanced == 2 + 4 * 4  # every step of every chunk once


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
        RuntimeError("CUDA error: out of memory"),
        MemoryError(),
    ],
    ids=str,
)
def test_memory_that_runs_out_elsewhere_than_in_the_allocator_halves_the_pass_too(
    counting: CountingModel, error: Exception
) -> None:
    def short(mels: Sequence[Tensor]) -> list[Tensor]:
        if len(mels) > 1:
            raise error
        return sums(mels)

    batcher = Batcher(counting, short, max_frames=4000, join="step")  # type: ignore[arg-type]
    counting.max_chunks, counting.no_room = 2, error
    futures = batcher.submit_job([job(60, seed=i, nfe=4) for i in range(4)])
    assert all(future.result(PATIENCE_S).samples.shape == (40,) for future in futures)
    batcher.close()


def test_after_a_passing_want_of_memory_passes_are_as_long_as_before(
    counting: CountingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_FEWEST_STEPS", 2)
    batcher = Batcher(counting, sums, max_frames=4000, join="step")  # type: ignore[arg-type]
    counting.max_chunks = 2
    for future in batcher.submit_job([job(60, seed=i, nfe=2) for i in range(4)]):
        future.result(PATIENCE_S)
    assert batcher.max_frames < 4000
    counting.max_chunks = 1000
    spoken = 0
    while batcher.max_frames < 4000 and spoken < 60:
        batcher.submit(*job(22, nfe=4, cfg=0.0)).result(PATIENCE_S)
        spoken += 1
    assert batcher.max_frames == 4000
    batcher.close()


def test_an_error_between_two_steps_fails_what_waits_and_the_thread_lives_on(
    counting: CountingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    batcher = Batcher(counting, sums, max_frames=4000, join="step")  # type: ignore[arg-type]
    counting.max_chunks = 1
    monkeypatch.setattr(batcher, "_make_room", broken)
    for future in batcher.submit_job([job(60), job(70)]):
        with pytest.raises(DeviceFailed):
            future.result(PATIENCE_S)
    counting.max_chunks = 1000
    assert batcher.submit(*job(50)).result(PATIENCE_S).samples.shape == (30,)
    batcher.close()


def test_an_error_while_a_cancelled_chunk_leaves_does_not_end_the_thread(
    counting: CountingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    batcher = Batcher(counting, sums, max_frames=4000, join="step")  # type: ignore[arg-type]
    gate = counting.hold()
    gone, other = batcher.submit_job([job(60, nfe=4), job(60, seed=1, nfe=4)])
    assert counting.entered.wait(PATIENCE_S)
    with monkeypatch.context() as faulty:
        faulty.setattr("engine.sampler.Flow.leave", broken)
        gone.cancel()
        gate.set()
        with pytest.raises(DeviceFailed):
            other.result(PATIENCE_S)
    assert batcher.submit(*job(60, nfe=2)).result(PATIENCE_S).samples.size
    batcher.close()


def test_closing_finishes_what_was_set_aside_for_want_of_memory(counting: CountingModel) -> None:
    batcher = Batcher(counting, sums, max_frames=4000, join="step")  # type: ignore[arg-type]
    counting.max_chunks = 2
    gate = counting.hold()
    futures = batcher.submit_job([job(60, seed=i, nfe=4) for i in range(4)])
    assert counting.entered.wait(PATIENCE_S)
    closing = threading.Thread(target=batcher.close)
    closing.start()
    gate.set()
    closing.join(PATIENCE_S)
    assert counting.passes[0] == 4  # all had begun
    assert all(future.result(0).samples.shape == (40,) for future in futures)


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
    assert all(future.result(PATIENCE_S).samples.shape == (40,) for future in futures)
    batcher.close()
    assert max(asked) > 1


class Activations:
    """What a pass holds of the device's memory; `held` looks whether any is left."""

    made: ClassVar[list[weakref.ref[Activations]]]

    def __init__(self) -> None:
        self.made.append(weakref.ref(self))

    @classmethod
    def held(cls) -> bool:
        return any(each() is not None for each in cls.made)


def test_what_did_not_fit_is_let_go_of_before_less_is_tried(
    counting: CountingModel, model: DiT, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error holds its traceback, and that the tensors of the pass: with them a half would find
    no room either."""
    Activations.made = []
    left: list[bool] = []

    def narrow(what: Any, count: int) -> Any:
        left.append(Activations.held())
        activations = Activations()
        if count > 1:
            raise torch.OutOfMemoryError("no memory")
        assert activations
        return what()

    class Narrow(CountingModel):
        def __call__(self, x: Tensor, context: Tensor, steps: Any, packing: Any) -> Tensor:
            given = (x, context, steps, packing)
            return narrow(lambda: self.model(*given), len(packing.lengths))

    def vocoder(mels: Sequence[Tensor]) -> list[Tensor]:
        return narrow(lambda: sums(mels), len(mels))

    def made_room(self: Batcher) -> None:
        left.append(Activations.held())
        make_room(self)

    make_room = Batcher._make_room
    monkeypatch.setattr(Batcher, "_make_room", made_room)
    for used in ((Narrow(model), sums), (counting, vocoder)):
        batcher = Batcher(*used, max_frames=4000)  # type: ignore[arg-type]
        futures = batcher.submit_job([job(60, seed=i) for i in range(4)])
        assert all(future.result(PATIENCE_S).samples.shape == (40,) for future in futures)
        batcher.close()
        assert len(left) > 4 and not any(left)
        left.clear()


def test_a_chunk_that_the_vocoder_cannot_decode_costs_no_other_its_speech(
    counting: CountingModel,
) -> None:
    def choosy(mels: Sequence[Tensor]) -> list[Tensor]:
        if any(len(mel) == 50 for mel in mels):
            raise RuntimeError("Padding size should be less than the input dimension")
        return sums(mels)

    batcher = Batcher(counting, choosy, max_frames=4000)  # type: ignore[arg-type]
    first, odd, last = batcher.submit_job([job(60), job(70), job(80)])
    assert first.result(PATIENCE_S).samples.shape == (40,)
    assert last.result(PATIENCE_S).samples.shape == (60,)
    with pytest.raises(InferenceFailed, match="RuntimeError"):
        odd.result(PATIENCE_S)
    batcher.close()


def test_a_single_chunk_that_does_not_fit_fails_with_a_next_step(
    batcher: Batcher, counting: CountingModel
) -> None:
    counting.max_chunks = 0
    with pytest.raises(InferenceFailed, match="does not fit the device's memory") as caught:
        batcher.submit(*job(60)).result(PATIENCE_S)
    assert "shorter text" in caught.value.hint
    assert caught.value.retryable


def test_an_error_fails_its_batch_and_the_thread_lives_on(
    batcher: Batcher, counting: CountingModel
) -> None:
    counting.error = RuntimeError("CUDA error: device-side assert")
    with pytest.raises(InferenceFailed, match="RuntimeError"):
        batcher.submit(*job(50)).result(PATIENCE_S)
    counting.error = None
    assert batcher.submit(*job(50)).result(PATIENCE_S).samples.shape == (30,)


@pytest.mark.parametrize("bad", ["nan", "inf"])
def test_samples_that_are_no_numbers_never_leave_the_engine(
    counting: CountingModel, bad: str
) -> None:
    def broken(mels: Sequence[Tensor]) -> list[Tensor]:
        return [wave * float(bad) for wave in sums(mels)]

    batcher = Batcher(counting, broken, max_frames=4000)  # type: ignore[arg-type]
    with pytest.raises(InferenceFailed, match="NaN or infinite samples"):
        batcher.submit(*job(50)).result(PATIENCE_S)
    batcher.close()


@pytest.mark.parametrize("ahead", [False, True], ids=["copied at once", "copied meanwhile"])
@pytest.mark.parametrize("at_once", [1000, 2], ids=["under way", "set aside for want of memory"])
def test_after_an_overflow_what_has_begun_starts_over_and_what_was_done_is_kept(
    counting: CountingModel, model: DiT, at_once: int, ahead: bool
) -> None:
    kinds = {"done": (60, 3), "broken": (90, 3), "begun": (90, 5), "joins": (50, 2)}
    chunks = {name: job(n, seed=n, nfe=nfe) for name, (n, nfe) in kinds.items()}
    plain = Batcher(counting, sums, max_frames=4000, join="step")  # type: ignore[arg-type]
    alone = {
        name: plain.submit(*given).result(PATIENCE_S).samples for name, given in chunks.items()
    }
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
    assert counting.entered.wait(PATIENCE_S)
    futures |= {name: batcher.submit(*chunks[name]) for name in ("broken", "begun")}
    gate.set()
    spoken = {name: future.result(PATIENCE_S) for name, future in futures.items()}
    spoken["joins"] = batcher.submit(*chunks["joins"]).result(PATIENCE_S)
    batcher.close()
    for name, expected in alone.items():
        assert np.array_equal(spoken[name].samples, expected), name
    told = {name for name, found in spoken.items() if found.warnings}
    assert told == {"broken", "begun"}
    assert len(loaded) == 1 and batcher.model is loaded[0]
    assert sum(loaded[0].passes) == 3 + 5 + 2  # every step of the three, once
