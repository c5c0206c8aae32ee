"""The RunPod SDK's worker loop with what a busy worker needs on top of it.

The SDK's `JobScaler` takes jobs, tracks them and stops them; this subclass changes how it ends and
how it answers:
- SIGTERM ends the taking of jobs at once (the SDK waits for its long poll, and may take a job
  that nobody runs any more), gives running jobs a grace, then interrupts them.
- Progress, stream and result of a job are posted in order by one task (see
  `worker.platform.reports`), the result with patience: the SDK gives up after three tries within
  seconds. Everything private of the SDK that is used here is imported at the top of `_Loop`; the
  tests run it against a local platform, so an SDK release that changes it fails them.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from worker.log import get_logger
from worker.platform.reports import Reports
from worker.platform.start import import_runpod

if TYPE_CHECKING:
    from worker.jobs.runner import JobRunner

log = get_logger("runpod")

# Waits between tries to hand over a result, seconds; two minutes in all.
RESULT_WAITS = (0.5, 1, 2, 4, 8, 15, 30, 60)
_INTERRUPT_S = 15.0  # for interrupted jobs to store what they have
_HEADERS = {"charset": "utf-8", "Content-Type": "application/x-www-form-urlencoded"}


def start(runner: JobRunner) -> None:
    """Runs jobs until the platform ends the worker; in local mode one job, then SystemExit."""
    runpod = import_runpod()
    from runpod.serverless.modules import rp_logger, rp_scale

    rp_logger.RunPodLogger().set_level(runner.app.settings.log.sdk_level)
    rp_scale.JobScaler = functools.partial(_loop_class(), runner=runner)
    runpod.serverless.register_fitness_check(runner.app.model_ready)
    runpod.serverless.start(
        {"handler": runner.handle, "concurrency_modifier": runner.app.concurrency}
    )


@functools.cache
def _loop_class() -> type:
    """The subclass; a function, because the SDK is imported late (see `worker.platform.start`)."""
    import aiohttp
    from runpod.http_client import AsyncClientSession
    from runpod.serverless.modules.rp_http import JOB_DONE_URL, JOB_STREAM_URL
    from runpod.serverless.modules.rp_job import run_job
    from runpod.serverless.modules.rp_scale import JobScaler

    class Loop(JobScaler):  # type: ignore[misc]
        """See the module's docstring."""

        def __init__(self, config: dict[str, Any], runner: JobRunner) -> None:
            super().__init__(config)
            self._runner = runner
            self._deliveries: set[asyncio.Task[None]] = set()
            self._stopped_early: set[str] = set()
            self.jobs_handler = self._answer

        async def stop_job(self, job_id: str) -> bool:
            """Also stops a job that is taken but not begun; the SDK forgets such a signal."""
            if await super().stop_job(job_id):
                return True
            if any(job["id"] == job_id for job in list(self.jobs_queue._queue)):
                self._stopped_early.add(job_id)
                return True
            return False

        async def run(self) -> None:
            async with AsyncClientSession() as session:
                taking = asyncio.create_task(self.get_jobs(session))
                running = asyncio.create_task(self.run_jobs(session))
                stopping = asyncio.create_task(self.monitor_stop_signals(session))
                ended = asyncio.create_task(self._shutdown_event.wait())
                await asyncio.wait({taking, running, ended}, return_when=asyncio.FIRST_COMPLETED)
                self.kill_worker()  # also when a loop failed, so that the others end
                taking.cancel()
                await self._drain(running)
                for task in (stopping, ended):
                    task.cancel()
                outcomes = await asyncio.gather(
                    taking, running, stopping, ended, return_exceptions=True
                )
                if self._deliveries:
                    await asyncio.wait(self._deliveries, timeout=_INTERRUPT_S)
                for outcome in outcomes:
                    if isinstance(outcome, Exception):
                        raise outcome  # a loop of the SDK failed: the process must end with 1

        async def _drain(self, running: asyncio.Task[None]) -> None:
            """Lets running jobs finish within the grace, then interrupts the rest."""
            grace = self._runner.app.settings.jobs.drain_grace_s
            if self.jobs_tasks:
                log.info("ending; %d jobs have %g s to finish", len(self.jobs_tasks), grace)
            done, _ = await asyncio.wait({running}, timeout=grace)
            if done:
                return
            self._runner.draining = True
            for job_id, task in list(self.jobs_tasks.items()):
                log.warning("interrupting %s; it goes on where it is delivered again", job_id)
                task.cancel()
            await asyncio.wait({running}, timeout=_INTERRUPT_S)

        async def _answer(
            self, session: aiohttp.ClientSession, config: dict[str, Any], job: dict[str, Any]
        ) -> None:
            """Runs one job and posts what it has to say, the result last."""
            if job["id"] in self._stopped_early:
                self._stopped_early.discard(job["id"])
                raise asyncio.CancelledError
            progress_url = self._url(JOB_DONE_URL, job, is_stream=False)
            stream_url = self._url(JOB_STREAM_URL, job, is_stream=False)

            async def post_progress(update: dict[str, Any]) -> None:
                body = {"status": "IN_PROGRESS", "output": update}
                await self._post(session, progress_url, body, job["id"], waits=())

            async def post_chunk(chunk: dict[str, Any]) -> None:
                await self._post(session, stream_url, {"output": chunk}, job["id"])

            reports = Reports(
                post_progress, post_chunk, self._runner.app.settings.jobs.progress_interval_s
            )
            try:
                handler = functools.partial(config["handler"], reporter=reports)
                result = await run_job(handler, job)
                await reports.close()
            except asyncio.CancelledError:
                reports.abort()
                raise
            done_url = self._url(JOB_DONE_URL, job, is_stream=reports.streamed)
            # A task of its own: a result that is on its way is not lost to an interruption.
            delivery = asyncio.create_task(self._post(session, done_url, result, job["id"]))
            self._deliveries.add(delivery)
            delivery.add_done_callback(self._deliveries.discard)
            await asyncio.shield(delivery)
            if result.get("stopPod"):
                log.error("this worker asked to be replaced; it takes no more jobs")
                self.kill_worker()

        @staticmethod
        def _url(template: str, job: Mapping[str, Any], *, is_stream: bool) -> str:
            return f"{template.replace('$ID', job['id'])}&isStream={str(is_stream).lower()}"

        async def _post(
            self,
            session: aiohttp.ClientSession,
            url: str,
            body: Mapping[str, Any],
            job_id: str,
            waits: tuple[float, ...] = RESULT_WAITS,
        ) -> None:
            """Posts until the platform takes it, refuses it for good, or `waits` are used up."""
            data = await asyncio.to_thread(json.dumps, body, ensure_ascii=False)
            headers = {**_HEADERS, "X-Request-ID": job_id}
            for wait in (*waits, None):
                try:
                    async with session.post(url, data=data.encode(), headers=headers) as answer:
                        await answer.read()
                        answer.raise_for_status()
                        return
                except aiohttp.ClientResponseError as error:
                    problem = f"status {error.status}"
                    if error.status < 500 and error.status not in (408, 429):
                        wait = None
                except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                    problem = type(error).__name__
                if wait is None:
                    log.error("the platform did not take a report of %s: %s", job_id, problem)
                    return
                await asyncio.sleep(wait)

    return Loop
