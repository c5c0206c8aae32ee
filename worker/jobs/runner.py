"""The life of one job: the error boundary around whatever it asks for.

A job's coroutine ends in exactly one answer: what it made, or the typed error as `error`,
`error_code`, `retryable`, `hint`. A cancelled job raises CancelledError, as the SDK expects.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from errors import JobTimeout, Unexpected, WorkerError
from s3_utils import time_limit
from worker.app import App
from worker.files.inline import check_size
from worker.jobs.ending import Ending, Endings
from worker.jobs.reporter import Reporter, Silent
from worker.jobs.speech_job import SpeechJob
from worker.jobs.unstored import Sound, UnstoredSpeech
from worker.log import get_logger, job_context
from worker.operations.base import Operation
from worker.operations.table import OPERATIONS
from worker.request.openai import WRITTEN
from worker.request.parse import parse
from worker.request.routes import is_routed, read_route
from worker.request.speech import SpeechInput
from worker.threads import Lane, in_thread

log = get_logger("jobs")

T = TypeVar("T")


class JobRunner:
    """Runs jobs of every endpoint; `handle` is the RunPod handler."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._endings = Endings(app)
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
            ending = self._endings.of(job_id, raw)
            try:
                answer = await self._within_budget(
                    lambda again: self._run(job_id, raw, reporter or Silent(), again, ending)
                )
                answer = ending.noted(answer)
                check_size(answer, job_id)
            except WorkerError as error:
                answer = ending.cost.add_to({"job_id": job_id, **error.as_output()})
            except asyncio.CancelledError:
                self.interrupted = True
                ending.stopped(goes_on=self.draining)
                raise
            except Exception as exc:
                log.exception("unexpected failure")
                answer = {"job_id": job_id, **Unexpected(type(exc).__name__).as_output()}
            answer = await ending.answered(answer)
            _log_end(started, failed=answer.get("error_code"))
            return answer

    def stopped(self, job: Mapping[str, Any]) -> None:
        """A job was stopped before it began."""
        job_id = str(job.get("id") or "unnamed")
        with job_context(job_id):
            self._endings.of(job_id, job.get("input")).stopped(goes_on=False)

    def close(self, timeout_s: float) -> None:
        """Waits, for `timeout_s` seconds at most, for what is done after the jobs' answers."""
        self._endings.close(timeout_s)

    async def sound(
        self, job_id: str, raw: object, reporter: Reporter, written: Mapping[str, str]
    ) -> Sound:
        """What a `tts` job says, of which nothing is stored. `written`: see `parse`.

        Raises:
            WorkerError: of any kind.
        """
        ending = self._endings.of(job_id, {})

        async def made(_: Callable[[], bool]) -> Sound:
            settings = self.app.settings
            asked = await in_thread(Lane.CHECK, parse, raw, {}, settings, written)
            assert isinstance(asked.input, SpeechInput)
            ending.cost.request = asked.input
            return await UnstoredSpeech(
                self.app, job_id, asked.input, asked.warnings, reporter, lambda: False, ending.cost
            ).sound()

        with job_context(job_id):
            started = time.perf_counter()
            failed, cancelled = None, False
            try:
                sound = await self._within_budget(made)
                await ending.answered({})
                return sound
            except WorkerError as error:
                failed = error.code
                await ending.answered(error.as_output())
                raise
            except asyncio.CancelledError:
                cancelled = True
                ending.stopped(goes_on=False)
                raise
            finally:
                _log_end(started, failed=failed, cancelled=cancelled)

    async def _within_budget(self, work: Callable[[Callable[[], bool]], Awaitable[T]]) -> T:
        """`work`, which is told whether the platform may redeliver the job if it is cut off now.
        Every failure that is not a WorkerError becomes one here, with its cause in the log."""
        budget = self.app.settings.jobs.timeout_s
        try:
            async with asyncio.timeout(budget) as deadline:
                # Storage gives up a little earlier, so that the job can say what it waited for.
                with time_limit(budget * 0.9):
                    return await work(lambda: self.draining or deadline.expired())
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
        self,
        job_id: str,
        raw: object,
        reporter: Reporter,
        redeliverable: Callable[[], bool],
        ending: Ending,
    ) -> dict[str, object]:
        settings, written = self.app.settings, None
        if is_routed(raw):
            engine = await self.app.loaded_engine()
            routed = await in_thread(Lane.CHECK, read_route, raw, settings, engine.model)
            if routed.answer is not None:
                return {"job_id": job_id, "status": "completed", **routed.answer}
            raw, written = routed.job, WRITTEN
        request = await in_thread(Lane.CHECK, parse, raw, OPERATIONS, settings, written)
        if written:
            request = replace(request, warnings=(*routed.warnings, *request.warnings))
        if isinstance(request.input, SpeechInput):
            ending.cost.request = request.input
            job = SpeechJob(
                self.app,
                job_id,
                request.input,
                request.warnings,
                reporter,
                redeliverable,
                ending.cost,
            )
            return await job.run()
        assert isinstance(request.input, Operation)
        answer = await in_thread(Lane.OPERATION, request.input.run, self.app, job_id)
        warnings = [*request.warnings, *answer.pop("warnings", ())]
        return {"job_id": job_id, "status": "completed", **answer, "warnings": warnings}


def _log_end(started: float, *, failed: object = None, cancelled: bool = False) -> None:
    """A job's last line. The code alone says how it failed: messages may quote what a user sent,
    which no line of the log has. `started`: seconds of `time.perf_counter`."""
    said = failed or ("cancelled" if cancelled else "done")
    seconds = round(time.perf_counter() - started, 3)
    log.log(logging.WARNING if failed else logging.INFO, "%s", said, extra={"seconds": seconds})
