"""`job`: one job of the queue's form, run here; its answer as JSON, its log beside."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from worker.app import App
from worker.command.show import aside
from worker.log import get_logger
from worker.platform.leave import interrupts_wait
from worker.platform.local import AFTER_S, LOCAL_ID, read_job, with_lent_voices
from worker.settings.load import Settings

log = get_logger("jobs")


def answered(path: Path, settings: Settings) -> dict[str, Any]:
    """The answer to the job in a file, a failed one's with `error`. Raises WorkerError: the file
    is none, or a voice it names by its path is not there."""
    job = read_job(path)
    app = App(settings)
    try:
        # Late, and beside the model that loads: it brings torch.
        with interrupts_wait():
            from worker.jobs.runner import JobRunner

        job = {"id": LOCAL_ID, **with_lent_voices(job, app.voices)}
        every_s, runner = settings.jobs.progress_interval_s, JobRunner(app)
        try:
            return asyncio.run(runner.handle(job, _Logged(every_s)))
        finally:
            runner.close(AFTER_S)
    finally:
        app.end_storage()  # the model may still be loading; nobody waits for it


def say_where(answer: dict[str, Any]) -> None:
    """A line on standard error for each file that was made."""
    if url := answer.get("audio_url"):
        aside(f"Audio: {_place(url)} ({answer.get('duration', 0):.1f} s)")
    for form, link in answer.get("timing_files", {}).items():
        aside(f"Subtitles ({form}): {_place(link)}")


def _place(url: str) -> str:
    """A path for a file of this machine, else the URL."""
    parts = urlsplit(url)
    return unquote(parts.path) if parts.scheme == "file" else url


class _Logged:
    """Logs how far the job is, at most every `every_s` seconds; 0: never."""

    streams = False

    def __init__(self, every_s: float) -> None:
        self._every_s, self._next = every_s, time.monotonic() + every_s

    def progress(self, update: dict[str, Any]) -> None:
        if self._every_s and time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every_s
            left = update["seconds_left"]
            about = "" if left is None else f", about {left:.0f} s left"
            log.info("part %d of %d%s", update["chunks_done"], update["chunks"], about)

    def chunk(self, chunk: dict[str, Any]) -> None: ...
