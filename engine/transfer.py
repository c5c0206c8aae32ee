"""Between the CPU's memory and the device's without stopping either.

A plain copy waits until all that was launched on a GPU is done. Through page-locked memory it takes
its place among what was launched, and the host goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """`tensor` on `device`. From the CPU to a GPU, what was launched there is not waited for."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


class Copies:
    """Waveforms on their way to the CPU's memory, from the moment this is made.

    Args:
        waves: (n,) each, on any device.
    """

    def __init__(self, waves: Sequence[Tensor]) -> None:
        self._copied: torch.cuda.Event | None = None
        self._waves = [wave.float() for wave in waves]
        if self._waves and self._waves[0].device.type == "cuda":
            self._waves = [_page_locked(wave) for wave in self._waves]
            self._copied = torch.cuda.Event()
            self._copied.record(torch.cuda.current_stream(waves[0].device))

    def arrays(self) -> list[NDArray[np.float32]]:
        """(n,) fp32 each. Waits for the copies, not for what was launched after them."""
        if self._copied is None:
            return [wave.cpu().numpy() for wave in self._waves]
        self._copied.synchronize()
        # Page-locked memory is short, and a job may keep its samples for minutes.
        return [wave.numpy().copy() for wave in self._waves]


def _page_locked(wave: Tensor) -> Tensor:
    memory = torch.empty(wave.shape, dtype=wave.dtype, pin_memory=True)
    return memory.copy_(wave, non_blocking=True)
