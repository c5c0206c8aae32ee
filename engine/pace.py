"""How far the host may be ahead of a GPU.

Launching a step takes less time than computing it, and a GPU takes about a thousand launches before
the host has to wait: several steps, or all steps of a chunk where one launch is a whole step. A job
that comes, or is cancelled, would then wait until all of them are done.
"""

from __future__ import annotations

from collections import deque

import torch

AHEAD = 2  # steps launched and not done: the one that runs, and one so that the GPU never idles


class Pace:
    """Keeps the host at most `AHEAD` steps ahead of `device`; a CPU's steps are done when they
    return."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._ends: deque[torch.cuda.Event] = deque()

    def launched(self) -> None:
        """After each step: waits until no more than `AHEAD` are under way. Raises RuntimeError: the
        device is broken."""
        if self._device.type != "cuda":
            return
        end = torch.cuda.Event(blocking=True)  # the processor is left to others meanwhile
        end.record(torch.cuda.current_stream(self._device))
        self._ends.append(end)
        while len(self._ends) > AHEAD:
            self._ends.popleft().synchronize()
