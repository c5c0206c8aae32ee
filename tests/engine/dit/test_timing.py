"""What is timed when a worker starts, with a modelled clock."""

from __future__ import annotations

import pytest

from engine.dit.timing import best_seconds


class Clock:
    """Moves when something runs: each call of `run` takes the next of its seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def __call__(self) -> float:
        return self.now

    def run(self, name: str, seconds: list[float]) -> None:
        self.calls.append(name)
        self.now += seconds.pop(0) if len(seconds) > 1 else seconds[0]


def test_each_is_timed_in_turn_by_its_best_and_the_first_call_does_not_count() -> None:
    clock = Clock()
    slow, fast = [9.0, 5.0, 3.0, 4.0], [0.1, 2.0, 2.0, 1.0]
    runs = [lambda: clock.run("slow", slow), lambda: clock.run("fast", fast)]
    assert best_seconds(runs, clock=clock) == pytest.approx([3.0, 1.0])
    assert clock.calls == ["slow", "fast"] * 4


def test_short_products_are_timed_until_the_budget_is_used() -> None:
    clock = Clock()
    assert best_seconds([lambda: clock.run("a", [0.001])], clock=clock) == pytest.approx([0.001])
    assert 0.02 <= clock.now < 0.023
