"""Answers of jobs that are kept in memory."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from worker.http import jobs
from worker.http.jobs import Job, JobRoutes


@pytest.mark.parametrize(
    ("kept", "sizes", "left"),
    [
        (2, [1, 1, 1], ["1", "2"]),
        (9, [60, 30, 30, 30], ["1", "2", "3"]),
        (9, [10, 500], ["1"]),
        (9, [10, 10], ["0", "1"]),
    ],
)
def test_old_answers_are_forgotten_by_number_and_by_size(
    monkeypatch: pytest.MonkeyPatch, kept: int, sizes: list[int], left: list[str]
) -> None:
    monkeypatch.setattr(jobs, "_MOST_KEPT", 100)
    http = SimpleNamespace(jobs_kept=kept, max_waiting=1, max_body_bytes=1)
    desk: Any = SimpleNamespace(app=SimpleNamespace(settings=SimpleNamespace(http=http)))

    async def forgotten() -> list[str]:
        routes = JobRoutes(desk)
        for number, size in enumerate(sizes):
            task = asyncio.create_task(answer(size))
            await task
            routes._jobs[str(number)] = Job(str(number), task)
        routes._forget()
        return list(routes._jobs)

    assert asyncio.run(forgotten()) == left


async def answer(size: int) -> dict[str, Any]:
    return {"audio_base64": "x" * size, "warnings": []}
