"""`handler.py` with jobs that stay in their midst for as long as a test wants to look at them.

How far a job is says nothing then of how fast the machine is, or which process was paused:

    held = HeldJobs(tmp_path / "held")
    held.after("long", chunks=1)
    with worker(platform, {**env, **held.env}, log, PROGRAM):
        ...  # one chunk of the job "long" is spoken, and not the next
        held.go_on("long")

The engine speaks as ever; what is held is that the job takes the next of its spoken chunks.
"""

from __future__ import annotations

import asyncio
import math
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, NoReturn

PROGRAM = "tests/whole/held_jobs.py"
EVERY_JOB = "every job"
_FOLDER = "HELD_JOBS"
_POLL_S = 0.02


class HeldJobs:
    """Which jobs are held, told to a worker by files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def env(self) -> dict[str, str]:
        """What the worker's environment needs."""
        return {_FOLDER: str(self._folder)}

    def after(self, job_id: str, chunks: int) -> None:
        """The job, or EVERY_JOB, takes so many of its chunks and no more."""
        part = self._folder / "part"
        part.write_text(str(chunks))
        part.replace(self._folder / job_id)  # whole, or not there

    def go_on(self, job_id: str) -> None:
        """The job is held no longer, if it was."""
        (self._folder / job_id).unlink(missing_ok=True)

    def chunks(self, job_id: str) -> float:
        """How many chunks the job may take now."""
        for name in (job_id, EVERY_JOB):
            try:
                return int((self._folder / name).read_text())
            except FileNotFoundError:
                continue
        return math.inf


def hold_jobs() -> None:
    """From now on jobs of this process are held as its environment says."""
    from worker import log
    from worker.jobs import speech_job

    jobs, speak = HeldJobs(Path(os.environ[_FOLDER])), speech_job.speak

    async def held(*chunks: Any, **more: Any) -> AsyncGenerator[Any, None]:
        _end_patiently()
        taken = 0
        async with aclosing(speak(*chunks, **more)) as spoken:
            async for chunk in spoken:
                while taken >= jobs.chunks(log._job_id.get()):
                    await asyncio.sleep(_POLL_S)
                taken += 1
                yield chunk

    speech_job.speak = held


def _end_patiently() -> None:
    """What is cut off at the end is stored, however slow this machine or its storage is."""
    from standins.waiting import PATIENCE_S

    for module, name in (
        ("worker.platform.loop", "_INTERRUPT_S"),
        ("worker.http.serve", "_STORING_S"),
    ):
        if imported := sys.modules.get(module):
            setattr(imported, name, PATIENCE_S)


def run_handler() -> NoReturn:
    """`python handler.py` from here on."""
    import handler

    ended: object = None
    try:
        handler.main()
    except SystemExit as end:
        ended = end.code
    except Exception:
        sys.excepthook(*sys.exc_info())
        ended = 1
    handler.leave(ended)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))
    hold_jobs()
    run_handler()
