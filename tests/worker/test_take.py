"""What the platform answers where jobs are taken, broken in many ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from worker.platform.take import jobs_in

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
