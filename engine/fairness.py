"""Whose chunk is next, by the frames that were served and not by the seconds that passed.

A chunk is due when the device would begin it, had it served its job alone from the moment the job
came; a job's first chunk is due earlier, by a head start. So a new job waits for no later chunk of
another, on a slow device as on a fast one; long texts are slowed down no more than short ones; and
under new jobs that never cease a later chunk waits for no more work than the head start.

Measured against equal rights for each job (weighted fair queueing) in docs/engine.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, islice

# Of a first chunk, in frames times steps: 16 chunks of 11 s in 32 steps, guidance counted.
HEAD_START = 1 << 20


class Turns:
    """The order of one device's chunks; `served` is the work it has done, in frames times steps,
    both guidance branches counted."""

    def __init__(self) -> None:
        self.served = 0

    def due(self, works: Sequence[int]) -> list[int]:
        """When each chunk of a job that comes now is due, from the `works` of its chunks."""
        before = islice(accumulate(works, initial=self.served), len(works))
        return [due if number else due - HEAD_START for number, due in enumerate(before)]
