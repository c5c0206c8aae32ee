"""`/v1/jobs`: any job of the queue's schema, by the same names of its states as RunPod's."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import Busy, InvalidInput, ObjectNotFound, show
from worker.http.body import read_json
from worker.http.desk import Desk
from worker.http.door import Room
from worker.http.presence import ClientGone, while_there

_LONGEST_WAIT_S = 300.0
_MOST_KEPT = 256 << 20  # characters of the answers that are kept: some hold their sound
_RUNNING_MOST = 4  # times HTTP_MAX_WAITING: jobs that have not ended


@dataclass
class Job:
    """A job that was sent; a reporter of itself."""

    job_id: str
    task: asyncio.Task[dict[str, Any]] | None = None
    update: dict[str, Any] = field(default_factory=dict)
    streams = False

    def progress(self, update: dict[str, Any]) -> None:
        self.update = update

    def chunk(self, chunk: dict[str, Any]) -> None: ...

    @property
    def ended(self) -> bool:
        return self.task is not None and self.task.done()

    @property
    def size(self) -> int:
        """Characters of the answer's texts; its sound is one."""
        if self.task is None or not self.task.done() or self.task.cancelled():
            return 0
        return sum(len(value) for value in self.task.result().values() if isinstance(value, str))

    def as_output(self) -> dict[str, Any]:
        """As it is told: `status`, and `progress` or `output`."""
        shown: dict[str, Any] = {"id": self.job_id, "object": "job"}
        if not self.ended or self.task is None:
            status = "IN_PROGRESS" if self.update else "IN_QUEUE"
            return {**shown, "status": status, "progress": self.update or None}
        if self.task.cancelled():
            return {**shown, "status": "CANCELLED"}
        output = self.task.result()
        status = "FAILED" if "error" in output else "COMPLETED"
        return {**shown, "status": status, "output": output}


class JobRoutes:
    """Takes jobs, keeps the answers of the last ones in memory."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept = desk.app.settings.http.jobs_kept
        self._room = Room(desk.app.settings.http)
        self._most = max(1, desk.app.settings.http.max_waiting) * _RUNNING_MOST
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    async def submit(self, request: Request) -> Response:
        """`{"input": {...}}`, answered at once, or after `?wait=` seconds at most."""
        wait_s = _seconds(request.query_params.get("wait", "0"))
        body = await read_json(request)
        if not isinstance(body, dict) or "input" not in body:
            raise InvalidInput(
                'The body must be an object like {"input": {"text": "..."}}.',
                "README.md shows what a job holds.",
            )
        if extra := [name for name in body if name != "input"]:
            raise InvalidInput(
                f"Wrong input: {show(extra[0])[1:-1]} is not a known field beside `input`.",
                "What a job says of itself goes into `input`.",
            )
        if len([job for job in self._jobs.values() if not job.ended]) >= self._most:
            raise Busy("Too many jobs have not ended yet.", "Send it again in some seconds.")
        job = Job(self._desk.new_id())
        size = len(await request.body())  # a job keeps what it was sent until it has ended
        self._room.take(size)
        job.task = asyncio.create_task(self._desk.run(job.job_id, body["input"], job))
        job.task.add_done_callback(lambda _: self._ended(size))
        self._jobs[job.job_id] = job
        await _until_ended(job, wait_s, request)
        where = f"{request.url.path}/{job.job_id}"
        return JSONResponse(job.as_output(), 200 if job.ended else 202, {"Location": where})

    async def show(self, request: Request) -> Response:
        """A job's state; `?wait=` seconds for its end at most."""
        job = self._job(request)
        await _until_ended(job, _seconds(request.query_params.get("wait", "0")), request)
        return JSONResponse(job.as_output())

    async def cancel(self, request: Request) -> Response:
        """Ends a job at the next step; one that has ended stays as it is."""
        job = self._job(request)
        if job.task is not None:
            job.task.cancel()
            await asyncio.wait({job.task})
        return JSONResponse(job.as_output())

    async def drain(self, grace_s: float) -> None:
        """Lets jobs end within `grace_s` seconds, and cancels the rest."""
        tasks = {job.task for job in self._jobs.values() if job.task and not job.ended}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=max(0.0, grace_s))
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def _job(self, request: Request) -> Job:
        job_id = request.path_params["job_id"]
        if (job := self._jobs.get(job_id)) is None:
            raise ObjectNotFound(
                f"This worker has no job {show(job_id)}; answers are kept in memory, the last "
                f"{self._kept}.",
                'What was stored of a job is found by `{"endpoint": "result"}`.',
            )
        return job

    def _ended(self, size: int) -> None:
        self._room.give_back(size)
        self._forget()

    def _forget(self) -> None:
        """The oldest ended jobs beyond those that are kept, by number and size; not the last."""
        ended = [job for job in self._jobs.values() if job.ended]
        held = sum(job.size for job in ended)
        for number, job in enumerate(ended[:-1]):
            if len(ended) - number <= self._kept and held <= _MOST_KEPT:
                break
            held -= job.size
            del self._jobs[job.job_id]


async def _until_ended(job: Job, wait_s: float, request: Request) -> None:
    """Waits `wait_s` seconds at most for a job's end, and no longer than its client is there."""
    if wait_s and job.task is not None:
        with suppress(ClientGone):
            await while_there(request.receive, asyncio.wait({job.task}, timeout=wait_s))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_WAIT_S:
        raise InvalidInput(
            f"wait must be a number of seconds from 0 to {_LONGEST_WAIT_S:g}, not {show(text)}.",
            "Leave it out to be answered at once.",
        )
    return seconds
