"""The soak sees each violation it is there for."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from standins.local_worker import wav
from tools.soak.checks import GROWTH_BYTES, After, violations
from tools.soak.jobs import BAD, SoakJob, soak_jobs
from tools.soak.workers import Sample

DATA = wav()
KEY = "output/a.wav"


def answer(**changes: Any) -> dict[str, Any]:
    output = {
        "status": "completed",
        "s3_key": KEY,
        "sha256": hashlib.sha256(DATA).hexdigest(),
        "bytes": len(DATA),
        "duration": 3.0,
        "segments": [{}],
        **changes,
    }
    return {"output": {name: value for name, value in output.items() if value is not None}}


FAILED = {"error": "no", "output": {"error": "no", "status": "failed", "error_code": "X"}}
GOOD = After(
    jobs=[SoakJob("a", "plain", {"text": "Hi."})],
    statuses={"a": "COMPLETED"},
    results={"a": [answer()]},
    objects={KEY: DATA, "results/a.json": b"{}", "voices/x.wav": b"x"},
    unfinished=0,
    temporary=[],
    samples=[Sample(i, 1 << 29, 25, 18) for i in range(40)],
    logs={"pod": '{"level": "INFO"}\nplain words\n{"a": 1}{"b": 2}\n'},
    given=frozenset({"voices/x.wav"}),
)


def test_a_soak_in_which_all_held_has_no_violation() -> None:
    assert violations(GOOD) == []
    assert GOOD.counts["objects checked"] == 1


def with_results(*answers: dict[str, Any]) -> After:
    return replace(GOOD, results={"a": list(answers)})


@pytest.mark.parametrize(
    ("after", "named"),
    [
        (replace(GOOD, statuses={"a": "IN_PROGRESS"}), "no final state"),
        (replace(GOOD, results={}), "never answered"),
        (with_results(answer(), answer(sha256="0")), "answers that differ"),
        (with_results(FAILED), "expected success"),
        (with_results(answer(sha256="0")), "is not what the answer says"),
        (with_results(answer(duration=9.0)), "the answer says 9.0"),
        (replace(GOOD, objects={"voices/x.wav": b"x"}), "is missing"),
        (replace(GOOD, objects={**GOOD.objects, "parts/a/0/00000.f32": b""}), "parts/a"),
        (replace(GOOD, unfinished=1), "multipart"),
        (replace(GOOD, temporary=["x.tmp"]), "x.tmp"),
        (replace(GOOD, logs={"pod": "Traceback (most recent call last):"}), "Traceback"),
        (replace(GOOD, logs={"pod": '{"level": "INFO'}), "broken line"),
        (replace(GOOD, logs={"pod": "[src/libmpg123/parse.c:1] error"}), "libmpg123"),
    ],
)
def test_a_violation_is_found(after: After, named: str) -> None:
    assert named in violations(after)[0]


@pytest.mark.parametrize(
    ("grown", "named"),
    [
        ({"rss_bytes": (1 << 29) + GROWTH_BYTES + 1}, "rss_bytes"),
        ({"descriptors": 90}, "descriptors"),
        ({"threads": 90}, "threads"),
    ],
)
def test_what_grows_is_found(grown: dict[str, int], named: str) -> None:
    samples = [*GOOD.samples[:-3], *(replace(sample, **grown) for sample in GOOD.samples[-3:])]
    [found] = violations(replace(GOOD, samples=samples))
    assert named in found


def test_a_bad_job_must_fail_with_its_own_code() -> None:
    job = SoakJob("a", "bad", {"text": ""}, error_code="X")
    bad = replace(GOOD, jobs=[job], results={"a": [FAILED]}, objects={}, given=frozenset())
    assert violations(bad) == []
    assert violations(replace(bad, jobs=[replace(job, error_code="Y")]))


def test_twins_that_sound_different_are_found() -> None:
    jobs = [SoakJob(name, "twin", {"text": "Hi."}, twin=1) for name in ("a", "b")]
    other = DATA[:-2] + b"\1\1"
    second = answer(s3_key="output/b.wav", sha256=hashlib.sha256(other).hexdigest())
    after = replace(
        GOOD,
        jobs=jobs,
        statuses={"a": "COMPLETED", "b": "COMPLETED"},
        results={"a": [answer()], "b": [second]},
        objects={**GOOD.objects, "output/b.wav": other, "results/b.json": b"{}"},
    )
    [found] = violations(after)
    assert "twins" in found


def test_the_jobs_follow_from_the_seed_and_have_every_kind() -> None:
    jobs = soak_jobs(500, 1, DATA)
    assert jobs == soak_jobs(500, 1, DATA)
    assert {job.job_input.get("output_format") for job in jobs} >= {"wav", "flac", "mp3", "ogg"}
    assert {job.error_code for job in jobs} >= {code for _, code in BAD}
    for wanted in ("cancel_s", "again_s", "twin"):
        assert any(getattr(job, wanted) is not None for job in jobs)
