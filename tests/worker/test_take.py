"""What the platform answers where jobs are taken, broken in many ways."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from worker.platform.start import import_runpod

import_runpod()  # as a worker does: without asking for the processor's name, which takes a second

from worker.platform import take  # noqa: E402
from worker.platform.take import Taking, jobs_in, pause_after  # noqa: E402

GOOD = [{"id": "b1", "input": {"text": "Hi."}}, {"id": "b2", "input": {"text": "Ho."}}]
DEEP = '{"id": "deep", "input": {"text": ' + "[" * 5_000 + '"]"' + "]" * 5_000 + "}}"
DIGITS = '{"id": "digits", "input": {"seed": ' + "9" * 5_000 + "}}"


@pytest.mark.parametrize(
    "broken",
    [
        "null",
        "3",
        "true",
        '"x"',
        "[]",
        "{}",
        '{"input": {}}',
        '{"id": null}',
        '{"id": 7}',
        '{"id": ""}',
        '{"id": ["b1"], "input": {}}',
    ],
)
def test_a_broken_element_costs_only_itself(broken: str) -> None:
    first, second = (json.dumps(job) for job in GOOD)
    assert jobs_in(f"[{first}, {broken}, {second}]") == GOOD


@pytest.mark.parametrize("broken", [DEEP, DIGITS])
def test_what_python_cannot_hold_is_a_job_that_can_be_refused(broken: str) -> None:
    first, second = (json.dumps(job) for job in GOOD)
    found = jobs_in(f"[{first}, {broken}, {second}]")
    assert [found[0], found[2]] == GOOD
    assert found[1]["id"] in ("deep", "digits")


@pytest.mark.parametrize("answer", ["", " ", "null", "[]", "3", "not json", "[{", '{"id": 1}'])
def test_an_answer_without_jobs_is_none(answer: str) -> None:
    assert jobs_in(answer) == []


def test_a_job_without_input_is_one_and_extra_fields_do_not_reach_the_sdk() -> None:
    job: dict[str, Any] = {"id": "b1", "self": 1, "webhook": {}}
    assert jobs_in(json.dumps(job)) == [{"id": "b1", "input": None}]


def test_a_platform_that_cannot_be_asked_is_asked_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    answers: list[Any] = [aiohttp.ClientError(), OSError(), [], aiohttp.ClientError()]

    async def answered(*_: object) -> Any:
        if isinstance(answer := answers.pop(0), Exception):
            raise answer
        return answer

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(take, "take_jobs", answered)
    monkeypatch.setattr(take.asyncio, "sleep", sleep)

    async def asked() -> None:
        taking = Taking()
        for wrong in (True, True, False, True):
            try:
                await taking(None)  # type: ignore[arg-type]
                assert not wrong
            except (aiohttp.ClientError, OSError):
                assert wrong

    asyncio.run(asked())
    assert pauses == [pause_after(1), pause_after(2), pause_after(1)]
    assert pause_after(2) > pause_after(1) > 0
    assert pause_after(10_000) == 5.0
