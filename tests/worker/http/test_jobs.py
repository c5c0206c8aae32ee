"""Jobs and texts that are kept in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from errors import InferenceFailed, ObjectNotFound
from worker.http import kept
from worker.http.kept import JOB, SPEECH, Job, Kept
from worker.http.speech import _told


@pytest.mark.parametrize(
    ("most", "sizes", "left"),
    [
        (2, [1, 1, 1], ["1", "2"]),
        (9, [60, 30, 30, 30], ["1", "2", "3"]),
        (9, [10, 500], ["1"]),
        (9, [10, 10], ["0", "1"]),
    ],
)
def test_old_answers_are_forgotten_by_number_and_by_size(
    monkeypatch: pytest.MonkeyPatch, most: int, sizes: list[int], left: list[str]
) -> None:
    monkeypatch.setattr(kept, "_MOST_KEPT", 100)
    monkeypatch.setattr(kept, "_EACH", 0)

    async def forgotten() -> list[str]:
        jobs = Kept(most)
        for number, size in enumerate(sizes):
            # The size of a list counts as that of a sound does.
            output = {"": "x" * size} if number % 2 else {"": [{"": "x"} for _ in range(size)]}
            task = asyncio.create_task(answer(output))
            jobs.add(Job(str(number), task))
            await task
            await asyncio.sleep(0)  # its callback
        return [job.job_id for job in jobs]

    assert asyncio.run(forgotten()) == left


def test_texts_drive_out_no_job() -> None:
    async def left() -> list[str]:
        jobs = Kept(1)
        for name, kind in (("job", JOB), ("first", SPEECH), ("second", SPEECH)):
            task = asyncio.create_task(answer({}))
            jobs.add(Job(name, task, kind=kind))
            await task
            await asyncio.sleep(0)  # its callback
        return [job.job_id for job in jobs]

    assert asyncio.run(left()) == ["job", "second"]


def test_jobs_are_listed_in_pages_the_newest_first_without_what_they_say() -> None:
    async def listed() -> None:
        jobs = Kept(9)
        outputs = [{"text": "A secret."}, {"error": "A secret.", "error_code": "BUSY"}, None]
        for number, output in enumerate(outputs):
            work = answer(output) if output else asyncio.sleep(99, {})
            jobs.add(Job(str(number), asyncio.create_task(work), endpoint="tts"))
        await asyncio.wait({job.task for job in jobs if job.task}, return_when="FIRST_COMPLETED")
        await asyncio.sleep(0)

        def page(*asked: Any) -> tuple[list[str], bool]:
            found, more = jobs.page(*asked)
            return [job.job_id for job in found], more

        assert page(2, None, None) == (["2", "1"], True)
        assert page(2, "1", None) == (["0"], False)
        assert page(1, None, "FAILED") == (["1"], False)
        with pytest.raises(ObjectNotFound):
            page(1, "none", None)
        rows = [job.as_row() for job in jobs]
        assert "secret" not in str(rows)
        assert [row["status"] for row in rows] == ["COMPLETED", "FAILED", "IN_QUEUE"]
        assert (rows[1]["error_code"], rows[2]["ended_at"]) == ("BUSY", None)

    asyncio.run(listed())


async def answer(output: dict[str, Any]) -> dict[str, Any]:
    return output


def test_of_a_text_its_error_or_its_facts_are_kept_and_nothing_it_says() -> None:
    facts = {"text": "A secret.", "segments": [], "duration": 1.5, "warnings": ["Two."]}

    def failing() -> Any:
        raise InferenceFailed("No sound.", "Send it again.")

    async def told(make: Callable[[], Any]) -> dict[str, Any]:
        async def made() -> Any:
            return make()

        return await _told(asyncio.create_task(made()), ["One."])

    assert asyncio.run(told(lambda: SimpleNamespace(facts=facts))) == {
        "duration": 1.5,
        "warnings": ["One.", "Two."],
    }
    failed = asyncio.run(told(failing))
    assert (failed["error_code"], failed["error"]) == (
        "INFERENCE_FAILED",
        "No sound. Send it again.",
    )
