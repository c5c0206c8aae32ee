"""How a pass's frames come back after out-of-memory, and what counts as that."""

from __future__ import annotations

import pytest
import torch

from engine.memory import FrameBudget, ran_out


def steps_until(budget: FrameBudget, frames: int) -> int:
    for step in range(1, 100_000):
        budget.went_well()
        if budget.frames >= frames:
            return step
    raise AssertionError(f"still {budget.frames} frames")


def test_what_did_not_fit_is_tried_again_later_and_then_later_still() -> None:
    budget = FrameBudget(8000)
    waited = []
    for _ in range(4):
        budget.halve(6000)
        assert budget.frames == 3000
        waited.append(steps_until(budget, 6000))
    assert waited == [waited[0] * 2**n for n in range(4)]


def test_the_bound_comes_back_whole_and_is_never_passed() -> None:
    budget = FrameBudget(5000)
    for _ in range(3):
        budget.halve(2000)
    assert budget.frames == 250
    steps_until(budget, 5000)
    for _ in range(10_000):
        budget.went_well()
        assert budget.frames == 5000


def test_a_card_that_never_holds_the_bound_loses_few_steps() -> None:
    budget, lost = FrameBudget(8000), 0
    for _ in range(100_000):
        if budget.frames > 5000:
            budget.halve(budget.frames)
            lost += 1
        else:
            budget.went_well()
    assert lost < 30


def test_want_of_memory_is_known_by_what_is_said_and_by_what_it_led_to() -> None:
    assert ran_out(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert ran_out(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"))
    assert ran_out(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"))
    assert not ran_out(RuntimeError("CUDA error: device-side assert triggered"))
    assert not ran_out(ValueError("a text about being out of memory"))
    with pytest.raises(RuntimeError) as caught:
        try:
            raise torch.OutOfMemoryError("while recording")
        finally:
            raise RuntimeError("CUDA error: the capture was ended")
    assert ran_out(caught.value)
