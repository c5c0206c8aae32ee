"""Who is next: a short job waits for no later chunk of another, and no long one waits for ever."""

from __future__ import annotations

from itertools import count

import pytest

from engine.fairness import HEAD_START, Turns


class Device:
    """Serves one chunk after the other, the one that is due first."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.waiting: list[tuple[int, int, str, int]] = []  # due, arrival, job, work
        self._arrivals = count()

    def come(self, job: str, works: list[int]) -> None:
        for due, work in zip(self.turns.due(works), works, strict=True):
            self.waiting.append((due, next(self._arrivals), job, work))

    def serve(self) -> str:
        _, _, job, work = chosen = min(self.waiting)
        self.waiting.remove(chosen)
        self.turns.served += work
        return job


def test_a_job_that_comes_is_served_before_the_rest_of_long_ones() -> None:
    device = Device()
    device.come("a", [10] * 20)
    device.come("b", [10] * 20)
    for turn in range(12):
        device.serve()
        if turn in (3, 6):
            device.come(f"short {turn}", [10])
            assert device.serve() == f"short {turn}"


@pytest.mark.parametrize("others", [1, 4])
def test_jobs_that_come_together_advance_together(others: int) -> None:
    """Whether their chunks are long or short: none has more done than another by two chunks."""
    device, done = Device(), {"long chunks": 0}
    device.come("long chunks", [40] * 50)
    for number in range(others):
        done[f"short chunks {number}"] = 0
        device.come(f"short chunks {number}", [10] * 200)
    for _ in range(100):
        job = device.serve()
        done[job] += 40 if job == "long chunks" else 10
        assert max(done.values()) - min(done.values()) <= 80


def test_a_long_job_ends_though_short_ones_never_cease() -> None:
    """Each of its chunks is overtaken by a head start's work at most, by all of them together."""
    device, work = Device(), HEAD_START // 50
    device.come("long", [work] * 6)
    for number in range(7):
        device.come(f"short {number}", [work])
    served = []
    for number in range(7, 90):
        served.append(device.serve())
        if served[-1] != "long":
            device.come(f"short {number}", [work])
    assert served.count("long") == 6
    assert served.index("long") == 0
    assert served[1:50].count("long") == 0
