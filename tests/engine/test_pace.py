"""The host waits for a GPU's steps, and only for those that are far behind."""

from __future__ import annotations

import pytest
import torch

from engine.pace import AHEAD, Pace


class Gpu:
    """Counts the steps that were launched on it and those that were waited for."""

    launched = done = 0

    def event(self, *, blocking: bool) -> Gpu.End:
        assert blocking
        return Gpu.End(self)

    class End:
        """The end of a step on a stream."""

        def __init__(self, gpu: Gpu) -> None:
            self._gpu, self._number = gpu, 0

        def record(self, stream: str) -> None:
            assert stream == "stream of cuda:1"
            self._gpu.launched += 1
            self._number = self._gpu.launched

        def synchronize(self) -> None:
            assert self._number == self._gpu.done + 1  # in their order
            self._gpu.done = self._number


def test_the_host_stays_two_steps_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = Gpu()
    monkeypatch.setattr(torch.cuda, "Event", gpu.event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"stream of {device}")
    pace = Pace(torch.device("cuda:1"))
    for number in range(1, 8):
        pace.launched()
        assert gpu.launched == number
        assert gpu.done == max(0, number - AHEAD)


def test_on_a_cpu_there_is_nothing_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cuda, "Event")
    Pace(torch.device("cpu")).launched()
