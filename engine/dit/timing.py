"""Which of several ways to compute the same thing is the fastest here: timed when a worker starts.

What is fast differs between processors that have the same instructions: an AMD EPYC multiplies
twice as fast in bf16 as in fp32, an Intel Xeon whose AMX the host hides half as fast; oneDNN is
twice as fast as MKL on the first and level with it on the second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch

# How many times faster something must be to be taken: far more than two timings differ by, for a
# worker's results must not change their last bits from one start to the next.
WORTH = 1.3
_BUDGET_S = 0.02
_FEWEST_ROUNDS = 3


def best_seconds(
    runs: Sequence[Callable[[], object]],
    *,
    budget_s: float = _BUDGET_S,
    clock: Callable[[], float] = time.thread_time,
) -> list[float]:
    """The shortest processor time of each of `runs`, called in turn on one thread, so that
    neighbours on the machine count little: after a first call of each, three rounds, and more while
    `budget_s` lasts."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _best(runs, budget_s, clock)
    finally:
        torch.set_num_threads(threads)


def _best(
    runs: Sequence[Callable[[], object]], budget_s: float, clock: Callable[[], float]
) -> list[float]:
    for run in runs:
        run()
    best = [float("inf")] * len(runs)
    begun, rounds = clock(), 0
    while rounds < _FEWEST_ROUNDS or clock() - begun < budget_s:
        for index, run in enumerate(runs):
            started = clock()
            run()
            best[index] = min(best[index], clock() - started)
        rounds += 1
    return best
