"""How long storage may try: a limit that its caller sets, for everything below it."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

BRIEF_S = 5.0  # for what can be done in another way
_ends_at: ContextVar[float] = ContextVar("storage_ends_at", default=math.inf)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Inside the block no request is tried again when `seconds` have passed; of nested limits the
    nearer one counts. Tasks and `asyncio.to_thread` inherit it, other threads do not. A request
    that is under way is not cut off."""
    token = _ends_at.set(min(_ends_at.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends_at.reset(token)


def brief_beside_a_disk(stores: Collection[str]) -> AbstractContextManager[None]:
    """`time_limit` of five seconds in hybrid mode (`stores` are the places of `Storage.stores`),
    for what the disk has an answer to, or what a job can go on without."""
    return time_limit(BRIEF_S) if {"local", "s3"} <= set(stores) else nullcontext()


def deadline(budget_s: float) -> float:
    """When tries that begin now must end, on `time.monotonic()`'s clock: after `budget_s` seconds,
    or earlier if the caller's limit says so."""
    return min(time.monotonic() + budget_s, _ends_at.get())
