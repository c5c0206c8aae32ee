"""Waiting for what must happen, on any machine."""

from __future__ import annotations

import time
from collections.abc import Callable

# Seconds. A worker and its test may share one busy core, and a machine that is paused finds its
# clock far ahead: limits are for what hangs, never for what is slow.
PATIENCE_S = 180.0


def until(condition: Callable[[], object], what: str = "") -> None:
    """Asks `condition` again and again until it holds; else fails the test."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not in {PATIENCE_S:g} s: {what or condition}"
        time.sleep(0.02)
