"""The RunPod SDK's worker loop with what a busy worker needs on top of it.

The SDK's `JobScaler` takes jobs, tracks them and stops them; this subclass changes how it ends and
how it answers:
- SIGTERM ends the taking of jobs at once (the SDK waits for its long poll, and may take a job
  that nobody runs any more), gives running jobs a grace, then interrupts them.
- A batch with broken elements costs only these (see `worker.platform.take`); where a loop of the
  SDK fails all the same, running jobs end as after SIGTERM.
- Progress, stream and result of a job are posted in order by one task (see
  `worker.platform.reports`), the result for minutes if need be (`worker.platform.post`).

What is private to the SDK and used here is imported at the top. The tests run it against a local
platform, so an SDK release that changes it fails them. Imported late, see `worker.platform.start`.
"""

from __future__ import annotations

import asyncio
import functools
import time
from typing import TYPE_CHECKING, Any

import aiohttp
from runpod.http_client import AsyncClientSession
from runpod.serverless.modules.rp_job import run_job
from runpod.serverless.modules.rp_scale import JobScaler

from worker.log import get_logger
from worker.platform.post import Poster
from worker.platform.reports import Reports
from worker.platform.take import Taking
from worker.threads import Lane, in_thread

if TYPE_CHECKING:
    from worker.jobs.runner import JobRunner

log = get_logger("runpod")

_AFTER_S = 1.0  # at least, for callbacks to be kept
_INTERRUPT_S = 5.0  # after the grace, to store what interrupted jobs have and to post results


class Loop(JobScaler):  # type: ignore[misc]
    """See the module's docstring."""

    def __init__(self, config: dict[str, Any], runner: JobRunner) -> None:
        super().__init__(config)
        self._runner = runner
        self._posting: set[asyncio.Task[None]] = set()
        self._stopped_early: set[str] = set()
        self.jobs_handler = self._answer
        if "jobs_fetcher" not in config:  # the SDK's local runs bring one
            self.jobs_fetcher = Taking()

    async def stop_job(self, job_id: str) -> bool:
        """Also stops a job that is taken but not begun, for which the SDK ignores the signal."""
        if await super().stop_job(job_id):
            return True
        if any(job["id"] == job_id for job in list(self.jobs_queue._queue)):
            self._stopped_early.add(job_id)
            return True
        return False

    async def run(self) -> None:
        """Takes and runs jobs until the worker is to end, then lets the running ones end."""
        async with AsyncClientSession() as session:
            taking = asyncio.create_task(self.get_jobs(session))
            running = asyncio.create_task(self.run_jobs(session))
            stopping = asyncio.create_task(self.monitor_stop_signals(session))
            ended = asyncio.create_task(self._shutdown_event.wait())
            await asyncio.wait({taking, running, ended}, return_when=asyncio.FIRST_COMPLETED)
            self.kill_worker()  # also when a loop failed, so that the others end
            taking.cancel()
            grace = self._runner.app.settings.jobs.drain_grace_s
            until = time.monotonic() + grace + _INTERRUPT_S  # whatever hangs
            await self._drain(running, grace, until)
            loops = (taking, running, stopping, ended)
            for task in loops:
                task.cancel()
            for tasks in (loops, self._posting):
                if tasks:
                    await asyncio.wait(tasks, timeout=max(0.0, until - time.monotonic()))
            left = max(_AFTER_S, until - time.monotonic())
            await in_thread(Lane.STORE, self._runner.close, left)
            self._runner.app.end_storage()
            for task in loops:
                if task.done() and not task.cancelled() and (failure := task.exception()):
                    raise failure  # a loop of the SDK failed: the process must end with 1

    async def _drain(self, running: asyncio.Task[None], grace: float, until: float) -> None:
        """Lets running jobs finish within `grace` seconds, then interrupts the rest and waits for
        them `until` then at most, on `time.monotonic()`'s clock.

        What is waited for are the jobs themselves where the SDK's loop has failed beside them.
        """
        jobs = set(self.jobs_tasks.values())
        if jobs:
            log.info("ending; %d jobs have %g s to finish", len(jobs), grace)
        waited = jobs if running.done() else {running}
        if not waited or not (await asyncio.wait(waited, timeout=grace))[1]:
            return
        self._runner.draining = True
        for job_id, task in list(self.jobs_tasks.items()):
            log.warning("interrupting %s; it goes on where it is redelivered", job_id)
            task.cancel()
        await asyncio.wait(waited, timeout=max(0.0, until - time.monotonic()))

    async def _answer(
        self, session: aiohttp.ClientSession, config: dict[str, Any], job: dict[str, Any]
    ) -> None:
        """Runs one job and posts its reports, then its result."""
        if job["id"] in self._stopped_early:
            self._stopped_early.discard(job["id"])
            self._runner.stopped(job)
            raise asyncio.CancelledError
        poster = Poster(session, job["id"])
        interval_s = self._runner.app.settings.jobs.progress_interval_s
        reports = Reports(poster.progress, poster.chunk, interval_s)
        try:
            handler = functools.partial(config["handler"], reporter=reports)
            result = await run_job(handler, job)
            await reports.close()
        except asyncio.CancelledError:
            reports.abort()
            raise
        # A task of its own: a result that is on its way is not lost to an interruption.
        posting = asyncio.create_task(poster.result(result, streamed=reports.streamed))
        self._posting.add(posting)
        posting.add_done_callback(self._posting.discard)
        await asyncio.shield(posting)
        if result.get("stopPod"):
            log.error("this worker asked to be replaced; it takes no more jobs")
            self.kill_worker()
