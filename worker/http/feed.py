"""A running job's sound on its way from the job to one listener."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from engine.chunk import Samples
from worker.http.kept import Job


class Feed:
    """A job's reporter that keeps what is heard until it is taken. A text's length bounds it."""

    streams = True

    def __init__(self, kept: Job) -> None:
        self._kept = kept  # is told how far it is
        self._pieces: asyncio.Queue[Samples | None] = asyncio.Queue()
        self.warnings: Sequence[str] = ()  # before the first sound
        self.whole = False  # nothing follows the pieces there are

    def progress(self, update: dict[str, Any]) -> None:
        self._kept.progress(update)

    def warn(self, warnings: Sequence[str]) -> None:
        self.warnings = warnings

    def chunk(self, chunk: dict[str, Any]) -> None: ...

    def hear(self, samples: Samples, *, last: bool) -> None:
        self.whole = last
        if len(samples):
            self._pieces.put_nowait(samples)

    def ends_with(self, job: asyncio.Task[Any]) -> None:
        """After the last piece of `job` comes None."""
        job.add_done_callback(lambda _: self._pieces.put_nowait(None))

    async def next(self, patience_s: float | None = None) -> Samples | None:
        """The next piece, None at the end. Raises TimeoutError: none came in `patience_s`."""
        async with asyncio.timeout(patience_s):
            return await self._pieces.get()
