"""The memory that S3 is down, so that not every request has to find it out anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TypeVar

from errors import StorageUnavailable, WorkerError
from storage.patience import BRIEF_S, time_limit
from storage.s3.errors import is_outage, is_time_out

T = TypeVar("T")
DOWN_S = 10.0
_QUICK_S = 1.0


class Outage:
    """Asks S3, unless it was found down a moment ago. Thread-safe.

    When a request and its retries have failed, the others cost next to nothing: where S3 refuses at
    once, each is tried once, and the first that succeeds ends it; where S3 is silent, they fail
    without being sent, but for one every ten seconds. `on_up` is called, on the thread that found
    out, when S3 answers again.
    """

    def __init__(
        self, on_up: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._on_up, self._clock = on_up, clock
        # Words only: the error itself would hold whatever its traceback holds.
        self._known: tuple[str, str] | None = None  # message and hint
        self._is_slow = False
        self._next_try = 0.0
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        """Whether S3 was down when it was last asked."""
        return self._known is not None

    def ask(self, request: Callable[[], T], *, spare: bool = False) -> T:
        """What `request`, a call of the S3 store, gives. `spare`: the disk can do what S3 does not:
        it is given up after five seconds. Raises StorageUnavailable: also at once, for what another
        request has found out; WorkerError: whatever `request` raises."""
        patience = self._patience(spare)
        begun = self._clock()
        try:
            with nullcontext() if patience is None else time_limit(patience):
                answer = request()
        except WorkerError as error:
            if isinstance(error, StorageUnavailable) and is_outage(error):
                tried_once_s = self._clock() - begun if patience == 0.0 else 0.0
                self._down(error, is_time_out(error) or tried_once_s > _QUICK_S)
            raise
        self._up()
        return answer

    def _patience(self, spare: bool) -> float | None:
        """How long to try, seconds; None: as long as ever. Raises what is known already."""
        with self._lock:
            known, now = self._known, self._clock()
            if known is None:
                return BRIEF_S if spare else None
            if not self._is_slow or now >= self._next_try:
                self._next_try = now + DOWN_S
                return 0.0
            left = self._next_try - now
        message, hint = known
        raise StorageUnavailable(
            f"{message} S3 was found down before; it is asked again in {left:.0f} s.", hint
        )

    def _down(self, error: StorageUnavailable, is_slow: bool) -> None:
        with self._lock:
            self._known, self._is_slow = (error.message, error.hint), is_slow
            self._next_try = self._clock() + DOWN_S

    def _up(self) -> None:
        with self._lock:
            was_down, self._known = self._known is not None, None
        if was_down:
            self._on_up()
