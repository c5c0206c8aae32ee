"""The shared inference thread: admitting, packing, turns, cancelling, closing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.batcher import Batcher
from engine.boot import pick_device
from errors import InferenceFailed, ModelUnavailable
from standins.counting_model import CountingModel, job, sums
from standins.waiting import PATIENCE_S


def test_a_chunk_that_arrives_joins_at_the_next_step_whatever_its_schedule(
    batcher: Batcher, counting: CountingModel
) -> None:
    kinds = [(60, 3, 2.0), (90, 5, 2.0), (75, 4, 0.0)]
    alone = [
        batcher.submit(*job(n, seed=n, nfe=nfe, cfg=cfg)).result(PATIENCE_S).samples
        for n, nfe, cfg in kinds
    ]
    counting.passes.clear()
    gate = counting.hold()
    first = batcher.submit(*job(50, nfe=6))
    assert counting.entered.wait(PATIENCE_S)  # its first step is under way
    others = [batcher.submit(*job(n, seed=n, nfe=nfe, cfg=cfg)) for n, nfe, cfg in kinds]
    gate.set()
    first.result(PATIENCE_S)
    for future, expected in zip(others, alone, strict=True):
        assert np.array_equal(future.result(PATIENCE_S).samples, expected)
    assert counting.passes == [1, 4, 4, 4, 3, 2]


def test_with_join_batch_chunks_wait_for_the_running_ones(counting: CountingModel) -> None:
    batcher = Batcher(counting, sums, max_frames=4000, join="batch")  # type: ignore[arg-type]
    gate = counting.hold()
    first = batcher.submit(*job(50, nfe=3))
    assert counting.entered.wait(PATIENCE_S)
    others = [batcher.submit(*job(n, nfe=2)) for n in (60, 70)]
    gate.set()
    for future in (first, *others):
        future.result(PATIENCE_S)
    batcher.close()
    assert counting.passes == [1, 1, 1, 2, 2]


def test_a_pass_stays_within_the_frame_budget(counting: CountingModel) -> None:
    batcher = Batcher(counting, sums, max_frames=400, join="step")  # type: ignore[arg-type]
    gate = counting.hold()
    futures = [batcher.submit(*job(50)) for _ in range(7)]  # 100 frames each with guidance
    gate.set()
    for future in futures:
        future.result(PATIENCE_S)
    batcher.close()
    assert max(counting.tokens) <= 400


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
            arrived.wait(PATIENCE_S)

    def submitted(name: str, count: int) -> list[Any]:
        futures = batcher.submit_job([job(100, index=i) for i in range(count)])
        for i, future in enumerate(futures):
            future.add_done_callback(lambda _, label=f"{name} {i}": finished(label))  # type: ignore[misc]
        return futures

    futures = submitted(before, 4)
    assert running.wait(PATIENCE_S)
    for name in names:
        futures += submitted(name, len(name))
    arrived.set()
    for future in futures:
        future.result(PATIENCE_S)
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
            future.result(PATIENCE_S)
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


def test_a_cancelled_chunk_leaves_at_the_next_step_and_the_others_go_on(
    batcher: Batcher, counting: CountingModel
) -> None:
    gate = counting.hold()
    doomed, kept = batcher.submit(*job(60, nfe=20)), batcher.submit(*job(70, nfe=20))
    assert counting.entered.wait(PATIENCE_S)
    assert doomed.cancel()
    gate.set()
    assert kept.result(PATIENCE_S).samples.shape == (50,)
    assert set(counting.passes[1:]) == {1}


def test_what_waits_at_the_end_or_comes_after_it_fails_and_can_be_sent_again(
    counting: CountingModel,
) -> None:
    batcher = Batcher(counting, sums, max_frames=10)  # type: ignore[arg-type]
    gate = counting.hold()
    running, waiting = batcher.submit(*job(50)), batcher.submit(*job(60))
    assert counting.entered.wait(PATIENCE_S)
    closing = threading.Thread(target=batcher.close)
    closing.start()
    gate.set()
    closing.join(PATIENCE_S)
    assert running.done()
    with pytest.raises(InferenceFailed, match="engine is ending") as caught:
        waiting.result(0)
    assert caught.value.retryable
    with pytest.raises(InferenceFailed, match="engine is ending"):
        batcher.submit(*job(50))
    batcher.close()  # once more changes nothing


def test_a_job_without_chunks_ends_nothing(batcher: Batcher) -> None:
    """One whose chunks had all been stored by an earlier attempt."""
    assert batcher.submit_job([]) == []
    assert batcher.submit(*job(50)).result(PATIENCE_S).samples.shape == (30,)


def test_a_gpu_that_is_not_there_is_said_at_start(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(ModelUnavailable, match="F5_DEVICE=cuda, but PyTorch sees no GPU"):
        pick_device("cuda")
