"""A job is found by its id under whatever key it asked for, and redelivered says all it did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from standins.local_worker import FAST, Worker
from standins.s3server.server import S3Server
from worker.files.target import ON_DISK_ONLY
from worker.jobs.answer import REDELIVERED

JOB: dict[str, Any] = {"text": "Hello there.", "timing_format": "srt", "checks": False, **FAST}
OWN = "mine/{user_id}/latest"
PLATFORM = {"RUNPOD_WEBHOOK_GET_JOB": "http://127.0.0.1:9/job-take"}  # so jobs are answered again


@pytest.fixture(params=["local", "s3", pytest.param("hybrid", marks=pytest.mark.slow)])
def worker(
    request: pytest.FixtureRequest, s3_env: dict[str, str], tiny_model: Path
) -> Iterator[Worker]:
    env = {**s3_env, **PLATFORM, "F5_MODEL": str(tiny_model), "STORAGE_MODE": request.param}
    worker = Worker(env)
    yield worker
    worker.close()


def keys(worker: Worker) -> set[str]:
    return {item.key for item in worker.app.storage.list()}


def test_a_job_with_a_key_of_its_own_is_found_and_deleted_by_its_id(worker: Worker) -> None:
    before = keys(worker)
    made = worker.run({**JOB, "output_key": OWN, "user_id": "anna"}, "j")
    assert made["s3_key"] == "mine/anna/latest.wav"
    assert worker.run({"endpoint": "status", "job_id": "j"})["status"] == "completed"
    for name in ("result", "download"):
        assert worker.run({"endpoint": name, "job_id": "j"})["s3_key"] == made["s3_key"]
    assert worker.run({"endpoint": "info", "job_id": "j"})["key"] == made["s3_key"]
    assert worker.run({"endpoint": "download", "job_id": "j", "format": "wav"})["s3_key"]
    other = worker.run({"endpoint": "download", "job_id": "j", "format": "mp3"})
    assert other["error_code"] == "OBJECT_NOT_FOUND"
    assert worker.run({"endpoint": "delete", "job_id": "j"})["count"] == 3
    assert keys(worker) == before


def test_what_another_job_stored_under_the_same_key_is_not_the_first_ones(worker: Worker) -> None:
    for job_id in ("first", "second"):
        worker.run({**JOB, "output_key": OWN}, job_id)
    assert worker.run({"endpoint": "status", "job_id": "first"})["status"] == "not_found"
    gone = worker.run({"endpoint": "delete", "job_id": "first"})["deleted"]
    assert "mine/anonymous/latest.wav" not in gone
    assert worker.run({"endpoint": "status", "job_id": "second"})["status"] == "completed"


def test_a_redelivered_job_says_what_its_first_delivery_said(worker: Worker) -> None:
    job = {**JOB, "metadata": {"job-id": "x"}, "use_s3": True, "url": "presigned"}
    first, again = (worker.run(job, "j") for _ in range(2))
    assert first["warnings"]
    assert {*again["warnings"]} == {*first["warnings"], REDELIVERED}


def test_what_only_the_disk_has_is_said_to_lie_there_as_long_as_it_does(
    s3_env: dict[str, str], tiny_model: Path, s3_server: S3Server
) -> None:
    env = {**s3_env, **PLATFORM, "F5_MODEL": str(tiny_model), "STORAGE_MODE": "hybrid"}
    worker = Worker({**env, "S3_RETRY_TIME": "1"})
    s3_server.faults.denied = {"PUT"}
    assert any("Kept on local disk" in text for text in worker.run(JOB, "j")["warnings"])
    assert ON_DISK_ONLY in worker.run(JOB, "j")["warnings"]
    s3_server.faults.clear()
    worker.app.storage.migrate()
    again = worker.run(JOB, "j")
    assert again["storage_type"] == "s3" and REDELIVERED in again["warnings"]
    assert not any("disk" in text for text in again["warnings"])
    worker.close()


def test_what_another_program_put_there_since_is_not_the_jobs(worker: Worker) -> None:
    """It has no metadata, and the job's answer names its key."""
    worker.run({**JOB, "output_key": OWN}, "j")
    for store in worker.app.storage.stores().values():
        store.put("mine/anonymous/latest.wav", b"theirs", metadata={})
    assert worker.run({"endpoint": "status", "job_id": "j"})["status"] == "not_found"
    gone = worker.run({"endpoint": "delete", "job_id": "j"})["deleted"]
    assert sorted(gone) == ["results/j.json", "timings/j.srt"]
    assert worker.app.storage.get("mine/anonymous/latest.wav") == b"theirs"
