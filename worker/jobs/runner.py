"""The life of one job: the error boundary around whatever it asks for.

A job's coroutine ends in exactly one output: the result, or the typed error as `error`,
`error_code`, `retryable`, `hint`. A cancelled job raises CancelledError, as the SDK expects.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from errors import JobTimeout, Unexpected, WorkerError
from worker.app import App
from worker.jobs import speech_job as tts
from worker.log import get_logger, job_context
from worker.operations.base import Operation
from worker.operations.table import OPERATIONS
from worker.platform.reports import Reporter, Silent
from worker.request.parse import parse

log = get_logger("jobs")


class JobRunner:
    """Runs jobs of every endpoint; `handle` is the RunPod handler."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.interrupted = False  # a job was cut off; Ctrl-C in a local run
        self.draining = False  # the worker ends: interrupted jobs will be delivered elsewhere

    async def handle(
        self, job: Mapping[str, Any], reporter: Reporter | None = None
    ) -> dict[str, object]:
        """The output of `job` (`id`, `input`); a failed one has `error`, never a traceback."""
        job_id = str(job.get("id") or "unnamed")
        with job_context(job_id):
            started = time.perf_counter()
            try:
                output = await self._within_budget(job_id, job.get("input"), reporter or Silent())
            except WorkerError as error:
                output = {"job_id": job_id, **error.as_output()}
            except asyncio.CancelledError:
                self.interrupted = True
                raise
            seconds = round(time.perf_counter() - started, 3)
            log.info("%s", output.get("error_code") or "done", extra={"seconds": seconds})
            return output

    async def _within_budget(
        self, job_id: str, raw: object, reporter: Reporter
    ) -> dict[str, object]:
        """Every failure that is not a WorkerError becomes one here, with its cause in the log."""
        budget = self.app.settings.jobs.timeout_s
        try:
            async with asyncio.timeout(budget) as deadline:
                context = tts.Context(
                    self.app, job_id, reporter, lambda: self.draining or deadline.expired()
                )
                return await self._run(context, raw)
        except WorkerError:
            raise
        except TimeoutError as exc:
            if not deadline.expired():
                log.exception("unexpected time-out")
                raise Unexpected("TimeoutError") from exc
            raise JobTimeout(
                f"The job took longer than {budget:g} s.",
                "Shorten the text, or raise JOB_TIMEOUT_S.",
            ) from exc
        except Exception as exc:
            log.exception("unexpected failure")
            raise Unexpected(type(exc).__name__) from exc

    async def _run(self, context: tts.Context, raw: object) -> dict[str, object]:
        request = await asyncio.to_thread(parse, raw, OPERATIONS, self.app.settings)
        if not isinstance(request.input, Operation):
            return await tts.run(context, request)
        answer = await asyncio.to_thread(request.input.run, self.app)
        warnings = [*request.warnings, *answer.pop("warnings", ())]
        return {"job_id": context.job_id, "status": "completed", **answer, "warnings": warnings}
