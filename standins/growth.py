"""Whether work takes time in proportion to its length, told by figures of one and the same run.

A bound in seconds says as much of the machine as of the code; these hold on one three times slower.
"""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 4  # a busy machine is slow for a moment, a fault each time
AT_ONCE_S = 0.1  # nothing that takes less is looked into


def seconds_of(work: Callable[[], object]) -> float:
    """What `work` takes of this thread, in seconds of the processor."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def grows_with_length(work: Callable[[int], object], length: int, *, times: int = 8) -> bool:
    """Whether `work(length)` takes about as much of each unit as `work(length // times)`.

    It may take twice as much a unit: a cost that grows with the square takes `times` times as much.
    """
    for _ in range(TRIES):
        long = seconds_of(lambda: work(length))
        if long < AT_ONCE_S:
            return True
        short = min(seconds_of(lambda: work(length // times)) for _ in range(2))
        if long < 2 * times * short:
            return True
    return False


def unit_s() -> float:
    """What a fixed piece of Python takes here and now: 10 ms on a core of 2023 that is idle."""
    return seconds_of(lambda: sum(len(f"{n}") for n in range(90_000)))


def takes_less_than(units: float, work: Callable[[], object]) -> bool:
    """Whether `work` takes less than `units` times `unit_s()`, at one of a few tries."""
    return any(seconds_of(work) < units * max(unit_s(), unit_s()) for _ in range(TRIES))
