"""What a job takes of the device, shared pass by pass.

The inference thread is busy from when it begins a pass until it has handed out what the pass made.
That time is split among the chunks that were in the pass, by their frames (both guidance branches
counted), so the shares of all jobs together are the time it was busy, whatever they ran beside.
Time in which it waits for work belongs to nobody. On a GPU the host is up to two steps ahead of
the device (`engine.pace`): a share may then be of a neighbouring pass, the sum stays what it is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Protocol


class Meter:
    """Seconds of the device that one job took. Thread-safe: the inference thread adds to it."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._closed = False
        self._lock = threading.Lock()

    def add(self, seconds: float) -> bool:
        """False, and nothing was added, once it was read for good."""
        with self._lock:
            if not self._closed:
                self._seconds += seconds
            return not self._closed

    @property
    def seconds(self) -> float:
        """So far."""
        return self._seconds

    def close(self) -> float:
        """Reads it for good: the job has ended. A chunk that was cancelled may be in the pass under
        way; what that still takes is nobody's."""
        with self._lock:
            self._closed = True
            return self._seconds


class Metered(Protocol):
    """What takes time of a pass: its `pass_frames` are its part of it."""

    meter: Meter | None

    @property
    def pass_frames(self) -> int: ...


class Clock:
    """Splits the inference thread's time, in seconds. `busy_s`: all that was split so far;
    `unclaimed_s`: what of it went to chunks of no job, or of one that had ended."""

    def __init__(self) -> None:
        self.busy_s = self.unclaimed_s = 0.0
        self._mark = time.perf_counter()

    def begin(self) -> None:
        """What was until now belongs to nobody."""
        self._mark = time.perf_counter()

    def charge(self, chunks: Sequence[Metered]) -> None:
        """The time since the last call goes to `chunks`; with none, it waits for the next call."""
        frames = sum(chunk.pass_frames for chunk in chunks)
        if not frames:
            return
        now = time.perf_counter()
        seconds, self._mark = now - self._mark, now
        self.busy_s += seconds
        for chunk in chunks:
            share = seconds * chunk.pass_frames / frames
            if chunk.meter is None or not chunk.meter.add(share):
                self.unclaimed_s += share
