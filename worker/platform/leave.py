"""Ending the process at once, whatever its threads wait for; and Ctrl-C while it starts."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_Handler = Callable[[int, FrameType | None], object]
_Usual = _Handler | signal.Handlers

INTERRUPTED = 130  # what shells give a program ended by Ctrl-C


def leave(code: object) -> NoReturn:
    """Ends the process with an exit code, or a last line, as `sys.exit` does, but at once.

    The interpreter would join the threads of ThreadPoolExecutor that still wait for storage, and
    then takes seconds to take itself apart, which is time of the platform's grace.
    """
    for child in multiprocessing.active_children():
        child.terminate()  # the SDK's pings
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Ctrl-C takes effect when the block ends, a second one at once.

    For imports while another thread imports as well: in Python 3.11 an interrupt in the midst of
    one may leave the lock of imports taken, and then both wait for ever.
    """
    came: list[int] = []

    def note(number: int, _: object) -> None:
        if came:
            os._exit(INTERRUPTED)
        came.append(number)

    with _handled(signal.SIGINT, note, usual=signal.default_int_handler):
        yield
    if came:
        raise KeyboardInterrupt


@contextmanager
def told_to_end_as_by_ctrl_c() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C would, so that it cleans up."""

    def end(number: int, _: object) -> None:
        if not callable(signal.getsignal(signal.SIGINT)):  # a shell's background: it is ignored
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    with _handled(signal.SIGTERM, end, usual=signal.SIG_DFL):
        yield


@contextmanager
def _handled(number: signal.Signals, handler: _Handler, *, usual: _Usual) -> Iterator[None]:
    """Inside the block `handler` minds the signal, where this thread may have it do so."""
    if not _is_free(number, usual):
        yield
        return
    signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, usual)


def _is_free(number: signal.Signals, usual: object) -> bool:
    """Whether this thread may handle the signal: it is the main one, the only one that can, and
    nobody ignores the signal or handles it in place of the `usual` way."""
    main = threading.current_thread() is threading.main_thread()
    return main and signal.getsignal(number) is usual
