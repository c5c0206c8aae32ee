"""What is known of the last jobs and texts of this worker, in memory."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from errors import ObjectNotFound, show

_MOST_KEPT = 256 << 20  # characters of the answers that are kept: some hold their sound
_EACH = 60  # what Python takes for any value, in characters
JOB, SPEECH = "job", "speech"  # came to /v1/jobs; to /v1/audio/speech
STATES = ("IN_QUEUE", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELLED")  # RunPod's


@dataclass
class Job:
    """A job that was sent; a reporter of itself. `endpoint` as it asks for, where that is known;
    `created` and `ended_at` in seconds since 1970."""

    job_id: str
    task: asyncio.Task[dict[str, Any]] | None = None
    update: dict[str, Any] = field(default_factory=dict)
    kind: str = JOB
    endpoint: str | None = None
    created: float = field(default_factory=time.time)
    ended_at: float | None = None
    size: int = 0  # characters of its answer, about; 0 until it has ended
    streams = False

    def progress(self, update: dict[str, Any]) -> None:
        self.update = update

    def chunk(self, chunk: dict[str, Any]) -> None: ...

    @property
    def ended(self) -> bool:
        return self.task is not None and self.task.done()

    @property
    def status(self) -> str:
        """One of STATES."""
        if not self.ended or self.task is None:
            return "IN_PROGRESS" if self.update else "IN_QUEUE"
        if self.task.cancelled():
            return "CANCELLED"
        return "FAILED" if "error" in self.task.result() else "COMPLETED"

    @property
    def answered(self) -> bool:
        return self.task is not None and self.task.done() and not self.task.cancelled()

    def as_output(self) -> dict[str, Any]:
        """As it is told: `status`, and `progress` or `output`."""
        shown: dict[str, Any] = {"id": self.job_id, "object": "job", "status": self.status}
        if not self.ended:
            return {**shown, "progress": self.update or None}
        return {**shown, "output": self.task.result()} if self.answered and self.task else shown

    def as_row(self) -> dict[str, Any]:
        """As a list has it: nothing that it was sent or that it made."""
        row: dict[str, Any] = {
            "id": self.job_id,
            "object": "job",
            "kind": self.kind,
            "endpoint": self.endpoint,
            "status": self.status,
            "created_at": int(self.created),
            "ended_at": None if self.ended_at is None else int(self.ended_at),
            "progress": None if self.ended else self.update or None,
        }
        if self.status == "FAILED" and self.task:
            row["error_code"] = self.task.result().get("error_code")
        return row


class Kept:
    """The jobs there are, the oldest first, and of each kind the last `most` of those that have
    ended. Used from the event loop alone."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def add(self, job: Job) -> None:
        """Keeps a job whose task has begun."""
        assert job.task is not None
        self._jobs[job.job_id] = job
        job.task.add_done_callback(lambda _: self._ended(job))

    def get(self, job_id: str) -> Job:
        """Raises ObjectNotFound: it is not known, or not any more."""
        if (job := self._jobs.get(job_id)) is None:
            raise ObjectNotFound(
                f"This worker has no job {show(job_id)}; answers are kept in memory, the last "
                f"{self.most}.",
                'What was stored of a job is found by `{"endpoint": "result"}`.',
            )
        return job

    def page(self, limit: int, after: str | None, status: str | None) -> tuple[list[Job], bool]:
        """The newest jobs first, `limit` at most, those older than `after`; and whether there are
        more. Raises ObjectNotFound: `after` is not known."""
        oldest_first = list(self._jobs)
        if after is not None:
            oldest_first = oldest_first[: oldest_first.index(self.get(after).job_id)]
        found = [self._jobs[each] for each in reversed(oldest_first)]
        found = [job for job in found if status in (None, job.status)]
        return found[:limit], len(found) > limit

    def _ended(self, job: Job) -> None:
        job.ended_at = time.time()
        if job.answered and job.task:
            job.size = _size(job.task.result())
        self._forget(job.kind)

    def _forget(self, kind: str) -> None:
        """The oldest ended ones of that kind beyond those that are kept, by number and size; not
        the last. Many texts drive out no job, whose answer may still be asked for."""
        ended = [job for job in self if job.ended and job.kind == kind]
        held = sum(job.size for job in ended)
        for number, job in enumerate(ended[:-1]):
            if len(ended) - number <= self.most and held <= _MOST_KEPT:
                break
            held -= job.size
            del self._jobs[job.job_id]


def _size(value: object) -> int:
    """Characters of what is in an answer: its sound is one text, the voices of a list are many."""
    if isinstance(value, str):
        return len(value) + _EACH
    parts = value.items() if isinstance(value, Mapping) else value
    return _EACH + (sum(map(_size, parts)) if isinstance(parts, Iterable) else 0)
