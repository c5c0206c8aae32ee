"""Which of several ways to compute the same thing is the fastest here: timed when a worker starts.

What is fast differs between processors that have the same instructions: an AMD EPYC multiplies
twice as fast in bf16 as in fp32, an Intel Xeon whose AMX the host hides half as fast; oneDNN is
twice as fast as MKL on the first and level with it on the second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

# How many times faster something must be to be taken: less is within what two timings differ by,
# and a worker's results should not change their last bits from one start to the next.
WORTH = 1.05
_BUDGET_S = 0.02
_FEWEST_ROUNDS = 3


def best_seconds(
    runs: Sequence[Callable[[], object]],
    *,
    budget_s: float = _BUDGET_S,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """The shortest time of each of `runs`, called in turn so that a neighbour on the machine slows
    all of them alike: after a first call of each, three rounds, and more while `budget_s` lasts."""
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
