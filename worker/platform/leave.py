"""Ending the process at once, whatever its threads wait for."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from typing import NoReturn

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
