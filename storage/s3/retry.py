"""Try again with backoff, until the time for it is over.

botocore's own retries know a count but no deadline, and do not cover a body that breaks while it
is read; a job has a deadline. So botocore is told to try once and this is the only retry loop.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from errors import StorageUnavailable
from storage.patience import deadline
from storage.s3.errors import retry_after

T = TypeVar("T")
log = logging.getLogger("f5worker.storage")


@dataclass(frozen=True)
class Retry:
    """How long to try, and how often where `attempts` is set. Times in seconds.

    The time decides, so that an outage shorter than it is not noticed: `budget_s` from the first
    try, or the caller's `storage.patience.time_limit` where that ends earlier. The last try is made
    when it is over. The wait before try n is random in [0, min(cap, base * 2^n)] ("full jitter",
    AWS Architecture Blog 2015): many workers hitting a throttled bucket must not come back
    together. Where the service names a wait (Retry-After), that is the least.
    """

    attempts: int | None = None
    budget_s: float = 60.0
    base_s: float = 0.2
    cap_s: float = 10.0
    stopped: threading.Event = field(default_factory=threading.Event)  # ends all waits at once

    def begin(self) -> Tries:
        """Counts the tries of one request, from now on."""
        return Tries(self, deadline(self.budget_s))

    def run(self, operation: Callable[[], T]) -> T:
        """What `operation` returns; its last StorageUnavailable when time or attempts are spent."""
        tries = self.begin()
        while True:
            try:
                return operation()
            except StorageUnavailable as exc:
                tries.failed(exc)


class Tries:
    """The tries of one request; not thread-safe."""

    def __init__(self, retry: Retry, ends_at: float) -> None:
        self._retry, self._ends_at = retry, ends_at
        self._failed = 0

    def failed(self, exc: StorageUnavailable) -> None:
        """Sleeps before the next try, or raises `exc` if there is none."""
        retry = self._retry
        self._failed += 1
        left = self._ends_at - time.monotonic()
        if left <= 0 or self._failed == retry.attempts:
            raise exc
        longest = min(retry.cap_s, retry.base_s * 2 ** min(self._failed, 30))
        delay = random.uniform(0, longest)
        if asked := retry_after(exc):
            delay = asked + min(delay, 1.0)
        delay = min(delay, left)
        log.info("storage: try %d in %.1f s, %.0f s are left", self._failed + 1, delay, left)
        if retry.stopped.wait(delay):
            raise exc
