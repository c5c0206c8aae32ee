"""What a device's memory holds: telling that it ran out, and finding the way back afterwards."""

from __future__ import annotations

import logging

import torch

log = logging.getLogger("f5worker.batcher")

# PyTorch's allocator has an error of its own; the driver, cuBLAS, cuDNN and a CPU's do not.
_SAID = ("out of memory", "STATUS_ALLOC_FAILED", "HOST_ALLOCATION_FAILED", "can't allocate memory")
_FEWEST_STEPS, _MOST_STEPS = 64, 1 << 13  # that go well before more is tried: seconds to minutes


def ran_out(exc: BaseException | None) -> bool:
    """Whether `exc` says that memory ran out, or came while another that says so was handled."""
    while exc is not None:
        if isinstance(exc, torch.OutOfMemoryError | MemoryError):
            return True
        if isinstance(exc, RuntimeError) and any(said in str(exc) for said in _SAID):
            return True
        exc = exc.__cause__ or exc.__context__
    return False


class FrameBudget:
    """How many frames a pass may hold: `most` as long as they fit.

    After out-of-memory half of them; after some steps that went well twice as many again, up to
    `most`, for what took the memory may be gone. Each time that was too early, it waits for twice
    as many steps: a try costs one step that is made again, and no chunk.
    """

    def __init__(self, most: int) -> None:
        self.most = self.frames = most
        self._steps, self._wanted = 0, _FEWEST_STEPS

    def halve(self, in_pass: int) -> None:
        """A pass of `in_pass` frames did not fit."""
        self.frames = max(1, min(self.frames, in_pass) // 2)
        log.warning("out of memory with %d frames; now %d frames per pass", in_pass, self.frames)
        self._steps, self._wanted = 0, min(2 * self._wanted, _MOST_STEPS)

    def went_well(self) -> None:
        """After each step that fitted."""
        self._steps += 1
        if self._steps < self._wanted:
            return
        self._steps = 0
        if self.frames == self.most:
            self._wanted = _FEWEST_STEPS
        else:
            self.frames = min(2 * self.frames, self.most)
            log.info("up to %d frames per pass are tried again", self.frames)
