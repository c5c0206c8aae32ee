"""Where requests of the HTTP face become jobs: a bounded number at once, others wait their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from errors import Busy, JobTimeout, WorkerError
from worker.app import App
from worker.http.kept import Kept
from worker.http.metrics import Metrics
from worker.http.problems import ENDING
from worker.jobs.reporter import Reporter
from worker.jobs.runner import JobRunner
from worker.jobs.unstored import Sound
from worker.request.openai import WRITTEN, SpeechRequest
from worker.request.parse import TTS


class Desk:
    """Runs jobs on the worker's one engine. `broken`: set when the worker must be replaced."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics
        self.runner = JobRunner(app)
        self.kept = Kept(app.settings.http.jobs_kept)
        self.broken = asyncio.Event()
        self.waiting = self.running = 0
        self.draining = False
        self._turns: asyncio.Semaphore | None = None

    @staticmethod
    def new_id() -> str:
        """An id that no other job has."""
        return f"http-{uuid4().hex}"

    async def speak(self, job_id: str, asked: SpeechRequest, reporter: Reporter) -> Sound:
        """The sound of a text. Raises WorkerError: of any kind."""
        async with self._turn():
            try:
                sound = await self.runner.sound(job_id, asked.job, reporter, WRITTEN)
            except WorkerError as error:
                self._note(error.replace_worker)
                raise
            self.metrics.spoken(sound.facts["metrics"])
            return sound

    async def run(
        self, job_id: str, raw: object, reporter: Reporter | None = None
    ) -> dict[str, Any]:
        """The answer to a job of the queue's schema; it never raises WorkerError."""
        speaks = not isinstance(raw, Mapping) or raw.get("endpoint") in (None, TTS)
        if not speaks:
            answer = await self.runner.handle({"id": job_id, "input": raw}, reporter)
        else:
            try:
                async with self._turn():
                    answer = await self.runner.handle({"id": job_id, "input": raw}, reporter)
            except WorkerError as error:
                answer = {"job_id": job_id, **error.as_output()}
        self._note(bool(answer.pop("refresh_worker", False)))
        if "error_code" in answer:
            self.metrics.failed(str(answer["error_code"]))
        elif isinstance(metrics := answer.get("metrics"), dict):
            self.metrics.spoken(metrics)
        return answer

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Waits for a place among the running ones. Raises Busy: too many wait; JobTimeout."""
        if self.draining:
            raise ENDING
        budget = self.app.settings.jobs.timeout_s
        if self.waiting >= self.app.settings.http.max_waiting and self._full:
            raise Busy(
                f"{self.waiting} texts wait already.",
                "Send it again in some seconds; more workers, or HTTP_MAX_WAITING, take more.",
            )
        self.waiting += 1
        try:
            async with asyncio.timeout(budget):
                turns = await self._places()
                await turns.acquire()
        except TimeoutError:
            raise JobTimeout(
                f"The text waited longer than {budget:g} s for its turn.", "Send it again later."
            ) from None
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            turns.release()

    @property
    def _full(self) -> bool:
        return self._turns is None or self._turns.locked()

    async def _places(self) -> asyncio.Semaphore:
        """Known once the model is loaded: a GPU has more."""
        await self.app.loaded_engine()
        if self._turns is None:
            self._turns = asyncio.Semaphore(self.app.concurrency(0))
        return self._turns

    def _note(self, replace: bool) -> None:
        if replace:
            self.broken.set()
