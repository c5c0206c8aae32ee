"""Posts callbacks beside the jobs: no answer waits for a receiver, and no receiver for another.

An event is kept in storage before the first try and deleted when it was taken, so neither a
worker that dies nor a receiver that is away loses it; `send_callbacks` sends again what is kept.
Tries run in a lane of their own, a few at a time for one host. Between them the event waits,
without a thread, with growing pauses and for `CALLBACK_RETRY_S` in all.
"""

from __future__ import annotations

import contextvars
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from errors import WorkerError
from s3_utils import BRIEF_S, time_limit
from worker.callbacks.event import Event
from worker.callbacks.post import Tried, post
from worker.files.jobfiles import JobFiles
from worker.log import get_logger
from worker.settings.callbacks import CallbackConfig
from worker.threads import Lane, submit

log = get_logger("callbacks")

_PAUSES_S = (1.0, 5.0, 15.0, 30.0, 60.0)  # between tries; the last one again and again
_AT_ONCE = 4  # tries for one host
_MOST = 512  # events in memory
_MOST_BYTES = 64 << 20  # of their bodies

UNSIGNED = (
    "The callback is not signed: set CALLBACK_SECRETS, so that its receiver can know who posted it."
)
FULL = (
    "So many callbacks wait that this job's is not posted by itself: it is kept in storage, and "
    "`send_callbacks` posts it."
)
_KEPT = "`send_callbacks` sends it again"


@dataclass(eq=False)
class _Delivery:
    """An event on its way. Times are `time.monotonic()` seconds."""

    event: Event
    files: JobFiles
    until: float
    due: float
    tries: int = 0
    kept: bool = False
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    @property
    def size(self) -> int:
        return len(self.event.body)


class Sender:
    """See the module's docstring. Thread-safe; its thread begins with the first event."""

    def __init__(self, config: CallbackConfig) -> None:
        self._config = config
        self._changed = threading.Condition()
        self._waiting: list[_Delivery] = []
        self._running: set[_Delivery] = set()
        self._thread: threading.Thread | None = None
        self._closing = False

    def warnings(self) -> list[str]:
        """What an answer should say of the callback that its job is about to get."""
        with self._changed:
            full = [] if self._has_room(0) else [FULL]
        return [*([] if self._config.keys else [UNSIGNED]), *full]

    def add(self, event: Event, files: JobFiles) -> None:
        """Sends an event in the background; where too many wait, it is kept only."""
        now = time.monotonic()
        delivery = _Delivery(event, files, until=now + self._config.retry_s, due=now)
        with self._changed:
            if self._has_room(delivery.size):
                self._waiting.append(delivery)
                self._begin()
                self._changed.notify_all()
                return
            self._running.add(delivery)
        submit(Lane.CALLBACK, partial(delivery.context.run, self._only_keep, delivery))

    def close(self, timeout_s: float) -> None:
        """Ends it: what was not tried yet is tried once, nothing is tried again, and what is not
        taken within `timeout_s` seconds stays in storage."""
        until = time.monotonic() + timeout_s
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            self._changed.wait_for(self._is_idle, max(0.0, until - time.monotonic()))
            left = [*self._waiting, *self._running]
            self._waiting.clear()
        for delivery in left:
            place = f"it is kept; {_KEPT}" if delivery.kept else "it is lost"
            delivery.context.copy().run(
                log.error, "callback not delivered: the worker ends; %s", place
            )

    def _has_room(self, size: int) -> bool:
        held = [*self._waiting, *self._running]
        return len(held) < _MOST and sum(each.size for each in held) + size <= _MOST_BYTES

    def _is_idle(self) -> bool:
        return not self._waiting and not self._running

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="callbacks", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        """Hands out what is due, one after the other, for as long as the process lives."""
        with self._changed:
            while True:
                if delivery := self._next():
                    self._waiting.remove(delivery)
                    self._running.add(delivery)
                    submit(Lane.CALLBACK, partial(delivery.context.run, self._try, delivery))
                else:
                    self._changed.wait(self._pause_s())

    def _next(self) -> _Delivery | None:
        """The longest due whose host has a try free. A worker that ends tries nothing again."""
        now, busy = time.monotonic(), Counter(each.event.host for each in self._running)
        if self._closing:
            for delivery in [each for each in self._waiting if each.tries]:
                self._waiting.remove(delivery)
                self._running.add(delivery)
                submit(Lane.CALLBACK, partial(delivery.context.run, self._give_up, delivery))
        due = [
            each for each in self._waiting if each.due <= now and busy[each.event.host] < _AT_ONCE
        ]
        return min(due, key=lambda each: each.due, default=None)

    def _pause_s(self) -> float | None:
        """Until the next one is due; those of busy hosts wait for the end of a try."""
        now = time.monotonic()
        later = [each.due - now for each in self._waiting if each.due > now]
        return min(later, default=None)

    def _try(self, delivery: _Delivery) -> None:
        again = False
        try:
            self._keep(delivery, brief=True)
            delivery.tries += 1
            tried = post(delivery.event, self._config)
            again = self._after(delivery, tried)
        except Exception:  # the thread's lane goes on, and so must the other events
            log.exception("callback failed unexpectedly")
            self._give_up_quietly(delivery)
        finally:
            self._done(delivery, again=again)

    def _after(self, delivery: _Delivery, tried: Tried) -> bool:
        """Whether the delivery is tried again, which is noted in it."""
        if tried.taken:
            log.info(
                "callback delivered", extra={"host": delivery.event.host, "tries": delivery.tries}
            )
            self._forget(delivery)
            return False
        pause = _PAUSES_S[min(delivery.tries, len(_PAUSES_S)) - 1] * random.uniform(0.8, 1.2)
        due = time.monotonic() + max(pause, tried.wait_s)
        if tried.again and due <= delivery.until and not self._closing:
            delivery.due = due
            log.info("callback not taken: %s; tried again", tried.reason)
            return True
        self._undelivered(delivery, tried.reason)
        return False

    def _undelivered(self, delivery: _Delivery, reason: str) -> None:
        self._keep(delivery, brief=False)
        place = f"it is kept, and {_KEPT}" if delivery.kept else "storage did not take it either"
        log.error(
            "callback not delivered: %s; %s",
            reason.rstrip("."),
            place,
            extra={"host": delivery.event.host, "tries": delivery.tries},
        )

    def _give_up(self, delivery: _Delivery) -> None:
        try:
            self._undelivered(delivery, "the worker ends")
        finally:
            self._done(delivery, again=False)

    def _give_up_quietly(self, delivery: _Delivery) -> None:
        try:
            self._undelivered(delivery, "it failed unexpectedly")
        except Exception:
            log.exception("callback not kept")

    def _only_keep(self, delivery: _Delivery) -> None:
        try:
            self._undelivered(delivery, "too many wait")
        finally:
            self._done(delivery, again=False)

    def _done(self, delivery: _Delivery, *, again: bool) -> None:
        with self._changed:
            self._running.discard(delivery)
            if again:
                self._waiting.append(delivery)
            self._changed.notify_all()

    def _keep(self, delivery: _Delivery, *, brief: bool) -> None:
        """Stores the event; while storage is away the first try does not wait for it."""
        if delivery.kept:
            return
        file = delivery.files.callback(delivery.event.outcome)
        try:
            with time_limit(BRIEF_S if brief else 10 * BRIEF_S):
                delivery.files.put(file, delivery.event.encode())
        except WorkerError as error:
            log.warning("callback not kept: %s", error.message)
        else:
            delivery.kept = True

    def _forget(self, delivery: _Delivery) -> None:
        if not delivery.kept:
            return
        try:
            delivery.files.storage.delete(delivery.files.callback(delivery.event.outcome).key)
        except WorkerError as error:
            log.warning(
                "a delivered callback is still kept, and may be sent again: %s", error.message
            )
