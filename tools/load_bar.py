"""A progress bar on a terminal; nothing elsewhere."""

from __future__ import annotations

import asyncio
from typing import TextIO

from tools.load_client import Outcome

_WIDTH = 30


class Bar:
    """Counts ended jobs; `count` is a task's done callback."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total, self._stream = total, stream
        self._done = self._failed = 0
        self._shown = stream.isatty()
        self._draw()

    def count(self, task: asyncio.Task[Outcome]) -> None:
        self._done += 1
        if task.cancelled() or task.exception() or task.result().error_code:
            self._failed += 1
        self._draw()

    def close(self) -> None:
        if self._shown:
            self._stream.write("\n")
            self._shown = False

    def _draw(self) -> None:
        if self._shown:
            full = "#" * (self._done * _WIDTH // self._total)
            failed = f", {self._failed} failed" if self._failed else ""
            self._stream.write(f"\r[{full:<{_WIDTH}}] {self._done}/{self._total}{failed} ")
            self._stream.flush()
