"""The same work on many things side by side, as if on the caller's own thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(work: Callable[[T], R], items: Iterable[T], at_once: int) -> list[R]:
    """Results in the order of `items`, from up to `at_once` threads. The caller's context counts in
    them as well: how long it lets storage try (`storage.patience`), and the job in the log. Raises
    The first item's error, after all that have begun are done; the rest are not begun."""
    each = [(copy_context(), item) for item in items]
    if not each:
        return []
    pool = ThreadPoolExecutor(min(at_once, len(each)))
    try:
        return list(pool.map(lambda pair: pair[0].run(work, pair[1]), each))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
