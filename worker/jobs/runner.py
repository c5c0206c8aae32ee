"""The life of one job: the error boundary around whatever it asks for.

A job's coroutine ends in exactly one answer: what it made, or the typed error as `error`,
`error_code`, `retryable`, `hint`. A cancelled job raises CancelledError, as the SDK expects.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from errors import JobTimeout, Unexpected, WorkerError
from s3_utils import time_limit
from worker.app import App
from worker.callbacks.event import Event, event_of
from worker.callbacks.sender import Sender
from worker.files.inline import check_size
from worker.files.jobfiles import JobFiles
from worker.jobs.reporter import Reporter, Silent
from worker.jobs.speech_job import SpeechJob
from worker.log import get_logger, job_context
from worker.operations.base import Operation
from worker.operations.table import OPERATIONS
from worker.request.callback import callback_of
from worker.request.parse import parse
from worker.request.speech import SpeechInput
from worker.threads import Lane, in_thread

log = get_logger("jobs")


class JobRunner:
    """Runs jobs of every endpoint; `handle` is the RunPod handler."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.callbacks = Sender(app.settings.callbacks)
        self.interrupted = False  # a job was cut off; Ctrl-C in a local run
        self.draining = False  # the worker ends: interrupted jobs will be redelivered elsewhere

    async def handle(
        self, job: Mapping[str, Any], reporter: Reporter | None = None
    ) -> dict[str, object]:
        """The answer to `job` (`id`, `input`); a failed one's has `error`, never a traceback."""
        job_id = str(job.get("id") or "unnamed")
        with job_context(job_id):
            started = time.perf_counter()
            raw = job.get("input")
            callback = callback_of(raw, self.app.settings)
            try:
                answer = await self._within_budget(job_id, raw, reporter or Silent())
                if callback:
                    answer = _with_warnings(answer, self.callbacks.warnings())
                check_size(answer, job_id)
            except WorkerError as error:
                answer = {"job_id": job_id, **error.as_output()}
            except asyncio.CancelledError:
                self.interrupted = True
                if callback and not self.draining:
                    self._call_back(self._cancelled(job_id, callback), raw)
                raise
            if callback:
                event = await in_thread(Lane.CHECK, self._event, answer, job_id, callback)
                self._call_back(event, raw)
            seconds = round(time.perf_counter() - started, 3)
            log.info("%s", answer.get("error_code") or "done", extra={"seconds": seconds})
            return answer

    def stopped(self, job: Mapping[str, Any]) -> None:
        """A job was stopped before it began."""
        job_id, raw = str(job["id"]), job.get("input")
        if callback := callback_of(raw, self.app.settings):
            with job_context(job_id):
                self._call_back(self._cancelled(job_id, callback), raw)

    def close(self, timeout_s: float) -> None:
        """Waits, for `timeout_s` seconds at most, for what is done after the jobs' answers."""
        self.callbacks.close(timeout_s)

    def _cancelled(self, job_id: str, callback: str) -> Event:
        return self._event({"job_id": job_id, "status": "cancelled"}, job_id, callback)

    def _event(self, answer: Mapping[str, Any], job_id: str, callback: str) -> Event:
        repeats = not self.app.settings.jobs.on_platform
        return event_of(answer, job_id, callback, repeats=repeats)

    def _call_back(self, event: Event, raw: object) -> None:
        """The event is kept where the job's files go."""
        use_s3 = raw.get("use_s3") if isinstance(raw, Mapping) else None
        store = self.app.store(use_s3 if isinstance(use_s3, bool) else None)
        self.callbacks.add(event, JobFiles(store, self.app.settings, event.job_id))

    async def _within_budget(
        self, job_id: str, raw: object, reporter: Reporter
    ) -> dict[str, object]:
        """Every failure that is not a WorkerError becomes one here, with its cause in the log."""
        budget = self.app.settings.jobs.timeout_s
        try:
            async with asyncio.timeout(budget) as deadline:
                # Storage gives up a little earlier, so that the job can say what it waited for.
                with time_limit(budget * 0.9):
                    return await self._run(
                        job_id, raw, reporter, lambda: self.draining or deadline.expired()
                    )
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

    async def _run(
        self, job_id: str, raw: object, reporter: Reporter, redeliverable: Callable[[], bool]
    ) -> dict[str, object]:
        request = await in_thread(Lane.CHECK, parse, raw, OPERATIONS, self.app.settings)
        if isinstance(request.input, SpeechInput):
            job = SpeechJob(
                self.app, job_id, request.input, request.warnings, reporter, redeliverable
            )
            return await job.run()
        assert isinstance(request.input, Operation)
        answer = await in_thread(Lane.OPERATION, request.input.run, self.app, job_id)
        warnings = [*request.warnings, *answer.pop("warnings", ())]
        return {"job_id": job_id, "status": "completed", **answer, "warnings": warnings}


def _with_warnings(answer: Mapping[str, Any], warnings: Sequence[str]) -> dict[str, object]:
    return {**answer, "warnings": [*answer.get("warnings", ()), *warnings]}
