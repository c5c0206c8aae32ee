"""What jobs take of the device: shares of passes by frames, which add up to its busy time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.batcher import Batcher
from engine.meter import Clock, Meter
from standins.counting_model import CountingModel, job, sums
from standins.waiting import PATIENCE_S


@dataclass
class Part:
    pass_frames: int
    meter: Meter | None


passes = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5_000)), max_size=6), max_size=30
)


@given(passes, st.sets(st.integers(0, 4)))
def test_shares_of_any_passes_add_up(passes: list[list[tuple[int, int]]], ended: set[int]) -> None:
    clock, meters = Clock(), [Meter() for _ in range(5)]
    for number, chunks in enumerate(passes):
        if number == len(passes) // 2:
            for each in ended:
                meters[each].close()
        clock.charge([Part(frames, meters[which]) for which, frames in chunks])
    total = sum(meter.close() for meter in meters)
    assert total + clock.unclaimed_s == pytest.approx(clock.busy_s, rel=1e-9, abs=1e-12)
    assert ended or clock.unclaimed_s == 0


def test_a_pass_is_split_by_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count(0, 4)
    monkeypatch.setattr("engine.meter.time.perf_counter", lambda: float(next(ticks)))
    clock, small, large = Clock(), Meter(), Meter()
    clock.charge([Part(100, small), Part(300, large)])
    clock.charge([Part(300, large)])
    clock.begin()  # four seconds of nobody
    clock.charge([Part(100, small)])
    assert (small.close(), large.close(), clock.busy_s) == (1 + 4, 3 + 4, 12)


@pytest.mark.parametrize("ahead", [False, True])
def test_jobs_side_by_side_add_up(counting: CountingModel, ahead: bool) -> None:
    batcher = Batcher(counting, sums, max_frames=120, ahead=ahead, join="step")  # type: ignore[arg-type]
    meters = [Meter() for _ in range(4)]
    futures = [
        batcher.submit_job([job(30 + 10 * n, seed=n, nfe=1 + n, cfg=n % 2)] * (1 + n % 2), meter)
        for n, meter in enumerate(meters)
    ]
    for each in futures:
        for future in each:
            future.result(PATIENCE_S)
    assert all(meter.seconds > 0 for meter in meters)
    batcher.close()
    total = sum(meter.close() for meter in meters)
    assert total == pytest.approx(batcher.clock.busy_s, rel=1e-9)


def test_what_a_cancelled_job_takes_after_its_end_is_nobodys(
    batcher: Batcher, counting: CountingModel
) -> None:
    doomed, kept = Meter(), Meter()
    gate = counting.hold()
    (first,) = batcher.submit_job([job(60, nfe=20)], doomed)
    (second,) = batcher.submit_job([job(70, nfe=3)], kept)
    counting.entered.wait(PATIENCE_S)
    first.cancel()
    at_end = doomed.close()
    gate.set()
    second.result(PATIENCE_S)
    batcher.close()
    assert doomed.seconds == at_end
    clock = batcher.clock
    assert clock.unclaimed_s > 0
    assert at_end + kept.close() + clock.unclaimed_s == pytest.approx(clock.busy_s, rel=1e-9)
