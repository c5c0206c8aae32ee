"""Posts a job's progress, stream and result to the platform.

The SDK gives up after three tries within seconds; here stream and result are tried for minutes.
Imported late, see `worker.platform.start`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from runpod.serverless.modules.rp_http import JOB_DONE_URL, JOB_STREAM_URL

from worker.log import get_logger
from worker.threads import Lane, in_thread

log = get_logger("runpod")

# Waits between tries, seconds; two minutes in all.
_WAITS = (0.5, 1, 2, 4, 8, 15, 30, 60)
_TRY_AGAIN = (408, 429)  # and everything from 500 on
_HEADERS = {"charset": "utf-8", "Content-Type": "application/x-www-form-urlencoded"}


class Poster:
    """Posts for one job. A post that the platform does not take is only logged."""

    def __init__(self, session: aiohttp.ClientSession, job_id: str) -> None:
        self._session, self._job_id = session, job_id

    async def progress(self, update: dict[str, Any]) -> None:
        """Posts how far the job is, without a second try: the next update comes soon."""
        await self._post(JOB_DONE_URL, {"status": "IN_PROGRESS", "output": update}, waits=())

    async def chunk(self, chunk: dict[str, Any]) -> None:
        """Posts a chunk of the job's stream."""
        await self._post(JOB_STREAM_URL, {"output": chunk})

    async def result(self, result: Mapping[str, Any], *, streamed: bool) -> None:
        """Posts how the job ended; `streamed`: chunks were posted before."""
        await self._post(JOB_DONE_URL, result, is_stream=streamed)

    async def _post(
        self,
        template: str,
        body: Mapping[str, Any],
        *,
        is_stream: bool = False,
        waits: Sequence[float] = _WAITS,
    ) -> None:
        """Posts until the platform takes it, refuses it for good, or `waits` are used up."""
        url = f"{template.replace('$ID', self._job_id)}&isStream={str(is_stream).lower()}"
        data = await in_thread(Lane.CHECK, json.dumps, body, ensure_ascii=False)
        headers = {**_HEADERS, "X-Request-ID": self._job_id}
        for wait in (*waits, None):
            try:
                async with self._session.post(url, data=data.encode(), headers=headers) as reply:
                    await reply.read()
                    reply.raise_for_status()
                    return
            except aiohttp.ClientResponseError as error:
                problem = f"status {error.status}"
                if error.status < 500 and error.status not in _TRY_AGAIN:
                    wait = None
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                problem = type(error).__name__
            if wait is None:
                log.error("the platform did not take a post of %s: %s", self._job_id, problem)
                return
            await asyncio.sleep(wait)
