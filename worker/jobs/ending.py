"""What is done when a job has ended, beside its answer: its callback, the record of its cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.app import App
from worker.callbacks.event import event_of
from worker.callbacks.sender import Sender
from worker.files.jobfiles import JobFiles
from worker.jobs.cost import JobCost
from worker.log import get_logger
from worker.request.callback import callback_of
from worker.threads import Lane, in_thread
from worker.usage.ledger import Ledger
from worker.usage.record import Ending as How

log = get_logger("jobs")

_FAULT = "the callback of a job that has ended failed"
_NOT_POSTED = (
    "The callback may not be posted: the worker failed at it. Ask for the job's state instead, and "
    "report the worker's log."
)


class Endings:
    """The endings of all jobs of a worker."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.sender = Sender(app.settings.callbacks)
        self.ledger = Ledger(app.storage, app.settings.cost)

    def of(self, job_id: str, raw: object) -> Ending:
        """That of a job, by its input as it was sent."""
        return Ending(self, job_id, raw)

    def close(self, timeout_s: float) -> None:
        """Waits, for `timeout_s` seconds at most, for what is done after the jobs' answers."""
        self.ledger.close(timeout_s / 2)
        self.sender.close(timeout_s / 2)


class Ending:
    """That of one job."""

    def __init__(self, endings: Endings, job_id: str, raw: object) -> None:
        self._all, self._job_id, self._raw = endings, job_id, raw
        self._settings = endings.app.settings
        self._callback = callback_of(raw, self._settings)
        self.cost = JobCost(self._settings.cost)

    def noted(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of a job that is done, with what the user should know of its callback."""
        if self._callback is None:
            return dict(answer)
        said = self._all.sender.warnings()
        return {**answer, "warnings": [*answer.get("warnings", ()), *said]}

    async def answered(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The job ends with `answer`, which is returned. A fault of its callback takes no answer
        away: it is in the log and among its warnings."""
        self._record("failed" if "error" in answer else "completed")
        if self._callback is None:
            return dict(answer)
        try:
            await in_thread(Lane.CHECK, self._call_back, answer)
        except Exception:
            log.exception(_FAULT)
            return {**answer, "warnings": [*answer.get("warnings", ()), _NOT_POSTED]}
        return dict(answer)

    def stopped(self, *, goes_on: bool) -> None:
        """The job was stopped. `goes_on`: where it is delivered again."""
        self._record("interrupted" if goes_on else "cancelled")
        if goes_on:
            return
        try:
            self._call_back({"job_id": self._job_id, "status": "cancelled"})
        except Exception:  # who stopped it is told that it stopped
            log.exception(_FAULT)

    def _record(self, how: How) -> None:
        """What the job took goes into the ledger; a fault there is in the log and nowhere else."""
        request = self.cost.request
        try:
            if request and (usage := self.cost.usage(self._job_id, how)):
                self._all.ledger.add(usage, self._job_id, request.user_id)
        except Exception:
            log.exception("the record of a job's cost failed")

    def _call_back(self, answer: Mapping[str, Any]) -> None:
        """The event is kept where the job's files go."""
        if self._callback is None:
            return
        use_s3 = self._raw.get("use_s3") if isinstance(self._raw, Mapping) else None
        store = self._all.app.store(use_s3 if isinstance(use_s3, bool) else None)
        repeats = not self._settings.jobs.on_platform
        event = event_of(answer, self._job_id, self._callback, repeats=repeats)
        self._all.sender.add(event, JobFiles(store, self._settings, self._job_id))
