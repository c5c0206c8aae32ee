"""A limit on the bytes of a store, without listing the store on every put."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from errors import StorageFull

REFRESH_S = 300.0


class Quota:
    """Counts what is added and removed; measures anew every five minutes and before a refusal.

    What other processes store is seen at the next measurement only; until then the limit may be
    exceeded by it.
    """

    def __init__(self, limit: int | None, measure: Callable[[], int], setting: str) -> None:
        """`limit` in bytes, None for no limit; `setting` is the variable to name in the hint."""
        self._limit = limit
        self._measure = measure
        self._setting = setting
        self._used = 0
        self._pending = 0
        self._measured_at: float | None = None
        self._lock = threading.Lock()

    @contextmanager
    def reserve(self, size: int, replaced: Callable[[], int]) -> Iterator[None]:
        """Room for `size` bytes while the block stores them; given back if it raises.

        `replaced` gives the size of the object that is overwritten; it is only asked when the quota
        looks full, because it may cost a request. Raises StorageFull: there is no room.
        """
        if self._limit is None:
            yield
            return
        with self._lock:
            self._admit(size, self._limit, replaced)
            self._pending += size
        stored = 0
        try:
            yield
            stored = size
        finally:
            with self._lock:
                self._pending -= size
                self._used += stored

    def check(self, size: int, replaced: Callable[[], int]) -> None:
        """Raises StorageFull where `reserve` would now; nothing is reserved."""
        if self._limit is not None:
            with self._lock:
                self._admit(size, self._limit, replaced)

    def released(self, size: int) -> None:
        """`size` bytes were deleted."""
        with self._lock:
            self._used = max(0, self._used - size)

    def _admit(self, size: int, limit: int, replaced: Callable[[], int]) -> None:
        now = time.monotonic()
        if self._measured_at is None or now - self._measured_at > REFRESH_S:
            self._refresh(now)
        if self._used + self._pending + size <= limit:
            return
        self._refresh(now)
        used = self._used - replaced()
        if used + self._pending + size > limit:
            raise StorageFull(
                f"The storage quota is used up: {used} of {limit} bytes, {size} more are needed.",
                f"Delete objects (endpoint=cleanup) or raise {self._setting}.",
            )

    def _refresh(self, now: float) -> None:
        self._used = self._measure()
        self._measured_at = now
