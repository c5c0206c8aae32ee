"""Whatever fails, a job ends with one typed answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from worker.app import App
from worker.callbacks.sender import Sender
from worker.jobs import runner as module
from worker.jobs.cost import JobCost
from worker.jobs.runner import JobRunner
from worker.request.speech import SpeechInput
from worker.settings.load import Settings

NO_TEXT = {"text": "", "callback_url": "https://example.com/f5"}


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[JobRunner]:
    app = App(Settings.load({"LOCAL_STORAGE_DIR": str(tmp_path)}), speaks=False)
    yield JobRunner(app)
    app.end_storage()


def broken(*_: object, **__: object) -> None:
    raise OSError("no more threads")


def answer(runner: JobRunner, job: object) -> dict[str, Any]:
    return asyncio.run(runner.handle({"id": "job-1", "input": job}))


def test_a_callback_that_fails_takes_no_answer_away(
    runner: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sender, "add", broken)
    found = answer(runner, NO_TEXT)
    assert found["error_code"] == "INVALID_INPUT"
    assert "callback may not be posted" in found["warnings"][0]


def test_a_cost_that_cannot_be_recorded_takes_no_callback_away(
    runner: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[tuple[object, ...]] = []
    monkeypatch.setattr(JobCost, "usage", broken)
    monkeypatch.setattr(Sender, "add", lambda _, *event: posted.append(event))
    ending = runner._endings.of("job-1", NO_TEXT)
    ending.cost.request = SpeechInput.model_validate({"text": "Hi."})
    done = {"status": "completed"}
    assert asyncio.run(ending.answered(done)) == done
    assert len(posted) == 1


def test_a_fault_on_the_way_out_is_typed(
    runner: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "check_size", broken)
    found = answer(runner, {"endpoint": "list_voices"})
    assert (found["error_code"], found["job_id"]) == ("INTERNAL", "job-1")


def test_a_stop_stays_a_stop(runner: JobRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sender, "add", broken)
    runner.stopped({"id": "job-1", "input": NO_TEXT})

    async def cancelled() -> None:
        task = asyncio.create_task(runner.handle({"id": "job-1", "input": NO_TEXT}))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
