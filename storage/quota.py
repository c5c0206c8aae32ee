"""A limit on the bytes of a store, without listing the store on every put."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
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
        self._measuring: Future[None] | None = None
        self._stored_meanwhile = 0  # since the measurement that runs has begun
        self._lock = threading.Lock()  # never held while storage is asked

    @contextmanager
    def reserve(self, size: int, replaced: Callable[[], int]) -> Iterator[None]:
        """Room for `size` bytes while the block stores them; given back if it raises.

        `replaced` gives the size of the object that is overwritten; it is only asked when the quota
        looks full, because it may cost a request. Raises StorageFull: there is no room.
        """
        if self._limit is None:
            yield
            return
        self._admit(size, self._limit, replaced, reserved=size)
        stored = 0
        try:
            yield
            stored = size
        finally:
            with self._lock:
                self._pending -= size
                self._used += stored
                self._stored_meanwhile += stored

    def check(self, size: int, replaced: Callable[[], int]) -> None:
        """Raises StorageFull where `reserve` would now; nothing is reserved."""
        if self._limit is not None:
            self._admit(size, self._limit, replaced, reserved=0)

    def released(self, size: int) -> None:
        """`size` bytes were deleted."""
        with self._lock:
            self._used = max(0, self._used - size)

    def _admit(self, size: int, limit: int, replaced: Callable[[], int], *, reserved: int) -> None:
        if self._is_old():
            self._join()
        if self._take(size, limit, 0, reserved) is None:
            return
        if not self._join():  # that one had begun before
            self._join()
        used = self._take(size, limit, replaced(), reserved)
        if used is not None:
            raise StorageFull(
                f"The storage quota is used up: {used} of {limit} bytes, {size} more are needed.",
                f"Delete objects (endpoint=cleanup) or raise {self._setting}.",
            )

    def _is_old(self) -> bool:
        """Whether to measure before anything is stored. Meanwhile others go by what is known."""
        with self._lock:
            if self._measured_at is None:
                return True
            old = time.monotonic() - self._measured_at > REFRESH_S
            return old and self._measuring is None

    def _take(self, size: int, limit: int, freed: int, reserved: int) -> int | None:
        """Reserves room if there is some; else the bytes that are used."""
        with self._lock:
            used = self._used - freed
            if used + self._pending + size > limit:
                return used
            self._pending += reserved
            return None

    def _join(self) -> bool:
        """Measures, or waits for whoever is measuring already; True if it has begun only now. Where
        another's fails, in its own time, this one measures for itself."""
        with self._lock:
            running = self._measuring
            if running is None:
                mine = self._measuring = Future()
                self._stored_meanwhile = 0
        if running is not None:
            if running.exception() is None:
                return False
            self._note(self._measure())
            return True
        try:
            self._note(self._measure())
        except BaseException as error:
            self._end(mine, error)
            raise
        self._end(mine, None)
        return True

    def _note(self, measured: int) -> None:
        with self._lock:
            self._used = measured + self._stored_meanwhile  # rather twice than not at all
            self._measured_at = time.monotonic()

    def _end(self, mine: Future[None], error: BaseException | None) -> None:
        with self._lock:
            self._measuring = None
        if error is None:
            mine.set_result(None)
        else:
            mine.set_exception(error)
