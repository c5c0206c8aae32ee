"""Reports of a running job to the platform before its result: progress, and chunks of a stream.

The RunPod SDK posts progress from threads of their own, so an update can arrive after the result
and undo it. Here one task per job posts everything in order on the worker's own loop, and the
result is not posted before `close`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

Post = Callable[[dict[str, Any]], Awaitable[None]]


class Reports:
    """Posts a job's reports one after the other, progress at most every `interval_s` seconds.

    `post_progress` and `post_chunk` send one report and do not raise when the platform fails.
    """

    streams = True

    def __init__(self, post_progress: Post, post_chunk: Post, interval_s: float) -> None:
        self._post_progress, self._post_chunk = post_progress, post_chunk
        self._interval_s = interval_s
        self._next_at = time.monotonic() + interval_s  # a short job reports nothing
        self._update: dict[str, Any] | None = None
        self._chunks: list[dict[str, Any]] = []
        self._wake = asyncio.Event()
        self._closing = False
        self.streamed = False
        self._task = asyncio.create_task(self._run())

    def progress(self, update: dict[str, Any]) -> None:
        if self._interval_s:
            self._update = update
            self._wake.set()

    def chunk(self, chunk: dict[str, Any]) -> None:
        self.streamed = True
        self._chunks.append(chunk)
        self._wake.set()

    async def close(self, timeout_s: float = 10.0) -> None:
        """Sends the chunks that are left and waits; after it nothing of this job is sent."""
        self._closing = True
        self._wake.set()
        done, _ = await asyncio.wait({self._task}, timeout=timeout_s)
        if not done:
            self.abort()
            await asyncio.wait({self._task}, timeout=1.0)

    def abort(self) -> None:
        """Stops at once, for a job that is cancelled."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            await self._wait()
            while self._chunks:
                await self._post_chunk(self._chunks.pop(0))
            if self._closing:
                return
            if self._update is not None and time.monotonic() >= self._next_at:
                update, self._update = self._update, None
                await self._post_progress(update)
                self._next_at = time.monotonic() + self._interval_s

    async def _wait(self) -> None:
        """Until there is something to send, or it is time for a withheld update."""
        pending = self._update is not None
        delay = max(0.0, self._next_at - time.monotonic()) if pending else None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), delay)
        self._wake.clear()
