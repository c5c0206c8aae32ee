"""Try again with backoff, inside a time budget.

botocore's own retries know a count but no deadline, and do not cover a body that breaks while it
is read; a job has a deadline. So botocore is told to try once and this is the only retry loop.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from errors import StorageUnavailable

T = TypeVar("T")
log = logging.getLogger("f5worker.storage")


@dataclass(frozen=True)
class Retry:
    """How often and how long to try. Times in seconds.

    The wait before try n is random in [0, min(cap, base * 2^n)] ("full jitter", AWS Architecture
    Blog 2015): many workers hitting a throttled bucket must not come back together.
    """

    attempts: int = 5
    budget_s: float = 60.0
    base_s: float = 0.2
    cap_s: float = 10.0

    def run(self, operation: Callable[[], T]) -> T:
        """What `operation` returns; its last StorageUnavailable when attempts or time are spent."""
        deadline = time.monotonic() + self.budget_s
        attempt = 0
        while True:
            try:
                return operation()
            except StorageUnavailable as exc:
                attempt += 1
                self.wait(attempt, deadline, exc)

    def wait(self, attempt: int, deadline: float, exc: StorageUnavailable) -> None:
        """Sleeps before try `attempt` (1 is the first retry), or raises `exc` if none is left."""
        delay = random.uniform(0, min(self.cap_s, self.base_s * 2**attempt))
        if attempt >= self.attempts or time.monotonic() + delay > deadline:
            raise exc
        log.info("storage: try %d of %d in %.1f s", attempt + 1, self.attempts, delay)
        time.sleep(delay)
