"""The measure of what grows with the square of a length tells it from what does not."""

from __future__ import annotations

import pytest

from standins import growth


def squared(length: int) -> None:
    for _ in range(length):
        sum(range(length))


def linear(length: int) -> None:
    for _ in range(length):
        sum(range(100))


def test_a_square_is_found_and_a_line_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "AT_ONCE_S", 0.0)
    assert not growth.grows_with_length(squared, 1_000)
    assert growth.grows_with_length(linear, 8_000)


def test_what_takes_no_time_is_not_looked_into() -> None:
    asked: list[int] = []
    assert growth.grows_with_length(asked.append, 100)
    assert asked == [100]


def test_units_are_of_this_machine() -> None:
    assert growth.takes_less_than(20, growth.unit_s)
    assert not growth.takes_less_than(0.1, lambda: [growth.unit_s() for _ in range(3)])
