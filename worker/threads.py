"""Threads for work that blocks, in lanes of their own, so that no job waits behind another's.

    await in_thread(Lane.STORE, files.put, file, data)

Threads exist on demand; a lane's number is its upper bound, so lanes where work only waits (for
storage, for a host) hold all that the most jobs in flight can ask for. asyncio's default pool has
cores + 4 threads for everything, so six silent hosts would stop a worker.

Nobody waits for these threads at exit: see `handler.py`. Work whose caller has gone (its job
failed, was cancelled or ran out of time) is told by its `Stop`.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from enum import Enum
from functools import cache, partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Lane(Enum):
    """What a thread is for, and the most of them at once."""

    CHECK = ("check", 16)  # memory only and short: the schema, JSON
    COMPUTE = ("compute", (os.cpu_count() or 1) + 4)  # planning, joining, encoding
    LISTEN = ("listen", 256)  # aligners and recognisers, which take one text at a time: all wait
    STORE = ("store", 256)  # a job's own files
    OPERATION = ("operation", 256)  # one a job, and MAX_CONCURRENCY is at most 256
    CALLBACK = ("callback", 64)  # receivers of answers, each for CALLBACK_TIMEOUT_S at most
    USAGE = ("usage", 16)  # records of what jobs took
    VOICE = ("voice", 1024)  # finding and downloading: a few a job
    LEXICON = ("lexicon", 1)  # reads the bucket's lexicons, for all jobs
    DECODE = ("decode", 2)  # preparing them: it takes the memory that CONFIG.md states


class Abandoned(Exception):
    """Work was given up because nobody waits for it any more."""


class Stop:
    """Tells work in a thread that nobody waits for it any more. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Callable[[], object]] = []
        self.is_set = False

    def set(self) -> None:
        """Says so, and ends what the work is waiting for."""
        with self._lock:
            self.is_set = True
            calls, self._calls = self._calls, []
        for call in calls:
            call()

    @contextmanager
    def ending(self, call: Callable[[], object]) -> Iterator[None]:
        """Inside the block `call` is made when the work is given up; at once if it already is."""
        with self._lock:
            late = self.is_set
            if not late:
                self._calls.append(call)
        if late:
            call()
        try:
            yield
        finally:
            with self._lock:
                if call in self._calls:
                    self._calls.remove(call)


_stop: contextvars.ContextVar[Stop | None] = contextvars.ContextVar("stop", default=None)


def current_stop() -> Stop:
    """The stop of the work this thread does; one that is never set outside a lane."""
    return _stop.get() or Stop()


async def in_thread(lane: Lane, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work(*args, **kwargs)` returns or raises, run in a thread of `lane`.

    It runs in the caller's context (the job's id in the log). Cancelled, it is not begun any more,
    or goes on with its `Stop` set.
    """
    stop, context = Stop(), contextvars.copy_context()
    context.run(_stop.set, stop)
    future = _pool(lane).submit(partial(context.run, work, *args, **kwargs))
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        stop.set()
        raise


def in_turn(lane: Lane, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work(*args, **kwargs)` returns or raises, run in a thread of `lane`.

    For work of another lane, which waits here for a turn there; it has its caller's context and
    `Stop`.

    Raises:
        Abandoned: the caller was given up before its turn came.
    """
    context = contextvars.copy_context()
    future = _pool(lane).submit(partial(context.run, work, *args, **kwargs))
    with current_stop().ending(future.cancel):
        try:
            return future.result()
        except CancelledError as exc:
            raise Abandoned from exc


def submit(lane: Lane, work: Callable[[], T]) -> Future[T]:
    """Has `work()` done in a thread of `lane` for whoever waits for the future: no job's, so
    neither a job's `Stop` nor its time counts."""
    return _pool(lane).submit(work)


class _Pool:
    """Daemon threads, unlike those of ThreadPoolExecutor, which an ending process waits for."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._unfinished = 0

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Raises RuntimeError where the system gives the lane not even one thread."""
        future: Future[T] = Future()
        with self._lock:
            if self._threads <= self._unfinished and self._threads < self._most:
                self._start()
            self._unfinished += 1
        self._work.put((future, work))
        return future

    def _start(self) -> None:
        name = f"{self._name}-{self._threads}"
        try:
            threading.Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError:
            if not self._threads:
                raise
        else:
            self._threads += 1

    def _run(self) -> None:
        while True:
            _do(*self._work.get())
            with self._lock:
                self._unfinished -= 1


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as exc:  # whoever waits for it is told
        future.set_exception(exc)


@cache
def _pool(lane: Lane) -> _Pool:
    return _Pool(*lane.value)


@contextmanager
def meanwhile(work: Coroutine[Any, Any, T]) -> Iterator[asyncio.Task[T]]:
    """Runs `work` beside the block, and no longer; its failure counts where it is awaited."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        yield task
    finally:
        task.cancel()
