"""`/v1/jobs`: any job of the queue's schema, by the same names of its states as RunPod's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import Busy, InvalidInput, show
from worker.http.body import read_json
from worker.http.desk import Desk
from worker.http.door import Room
from worker.http.kept import JOB, STATES, Job
from worker.http.presence import ClientGone, while_there
from worker.operations.table import OPERATIONS
from worker.request.parse import TTS

_LONGEST_WAIT_S = 300.0
_MOST_LISTED = 1000
_RUNNING_MOST = 4  # times HTTP_MAX_WAITING: jobs that have not ended


class JobRoutes:
    """Takes jobs, and tells of those that the desk keeps."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._room = Room(desk.app.settings.http)
        self._most = max(1, desk.app.settings.http.max_waiting) * _RUNNING_MOST

    async def submit(self, request: Request) -> Response:
        """`{"input": {...}}`, answered at once, or after `?wait=` seconds at most."""
        wait_s = _seconds(request.query_params.get("wait", "0"))
        body = await read_json(request)
        if not isinstance(body, dict) or "input" not in body:
            raise InvalidInput(
                'The body must be an object like {"input": {"text": "..."}}.',
                "docs/job.md shows what a job holds.",
            )
        if extra := [name for name in body if name != "input"]:
            raise InvalidInput(
                f"Wrong input: {show(extra[0])[1:-1]} is not a known field beside `input`.",
                "What a job says of itself goes into `input`.",
            )
        if len([*self._running()]) >= self._most:
            raise Busy("Too many jobs have not ended yet.", "Send it again in some seconds.")
        job = Job(self._desk.new_id(), endpoint=_endpoint(body["input"]))
        size = len(await request.body())  # a job keeps what it was sent until it has ended
        self._room.take(size)
        job.task = asyncio.create_task(self._desk.run(job.job_id, body["input"], job))
        job.task.add_done_callback(lambda _: self._room.give_back(size))
        self._desk.kept.add(job)
        await _until_ended(job, wait_s, request)
        where = f"{request.url.path}/{job.job_id}"
        return JSONResponse(job.as_output(), 200 if job.ended else 202, {"Location": where})

    async def list(self, request: Request) -> Response:
        """The newest first, as OpenAI lists things; `limit`, `after` (an id) and `status`."""
        query = request.query_params
        limit, status = _limit(query.get("limit", "100")), query.get("status")
        if status is not None and status not in STATES:
            raise InvalidInput(
                f"status must be one of {', '.join(STATES)}, not {show(status)}.",
                "Leave it out for all.",
            )
        jobs, more = self._desk.kept.page(limit, query.get("after"), status)
        data = [job.as_row() for job in jobs]
        return JSONResponse({"object": "list", "data": data, "has_more": more})

    async def show(self, request: Request) -> Response:
        """A job's state; `?wait=` seconds for its end at most."""
        job = self._job(request)
        await _until_ended(job, _seconds(request.query_params.get("wait", "0")), request)
        return JSONResponse(job.as_output())

    async def cancel(self, request: Request) -> Response:
        """Ends a job at the next step; one that has ended stays as it is."""
        job = self._job(request)
        if job.kind != JOB and not job.ended:
            raise InvalidInput(
                f"{job.job_id} is spoken to the client that asked for it.",
                "Close that client's connection to end it.",
            )
        if job.task is not None:
            job.task.cancel()
            await asyncio.wait({job.task})
        return JSONResponse(job.as_output())

    async def drain(self, grace_s: float) -> None:
        """Lets jobs end within `grace_s` seconds, and cancels the rest."""
        tasks = {job.task for job in self._running() if job.task}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=max(0.0, grace_s))
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def _job(self, request: Request) -> Job:
        return self._desk.kept.get(request.path_params["job_id"])

    def _running(self) -> Iterator[Job]:
        return (job for job in self._desk.kept if job.kind == JOB and not job.ended)


def _endpoint(job_input: object) -> str | None:
    """The endpoint a job asks for, where there is one of that name."""
    if not isinstance(job_input, Mapping):
        return None
    asked = job_input.get("endpoint", TTS)
    return asked if isinstance(asked, str) and asked in (TTS, *OPERATIONS) else None


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


def _limit(text: str) -> int:
    if not (text.isdecimal() and len(text) < 9 and 1 <= int(text) <= _MOST_LISTED):
        raise InvalidInput(
            f"limit must be a whole number from 1 to {_MOST_LISTED}, not {show(text)}.",
            "Leave it out for 100.",
        )
    return int(text)
