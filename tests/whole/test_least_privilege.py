"""A key without s3:ListBucket: what CONFIG.md says works does, the rest is refused as it says."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from standins.local_worker import FAST, Worker, wav
from standins.s3server.server import S3Server
from worker.jobs.answer import REDELIVERED

JOB: dict[str, Any] = {"text": "Hello there.", "voice": "Dorota", "timing_format": "srt", **FAST}
BY_ID = ("status", "result", "info", "download")


@pytest.fixture
def worker(s3_env: dict[str, str], tiny_model: Path, s3_server: S3Server) -> Iterator[Worker]:
    s3_server.faults.no_list_permission = True
    platform = "http://127.0.0.1:9/job-take"  # so that jobs are answered again
    worker = Worker({**s3_env, "F5_MODEL": str(tiny_model), "RUNPOD_WEBHOOK_GET_JOB": platform})
    yield worker
    worker.close()


@pytest.mark.parametrize("more", [{}, {"output_key": "mine/{user_id}/x", "output_format": "mp3"}])
def test_a_finished_job_is_answered_again_found_and_deleted(
    worker: Worker, s3_server: S3Server, bucket: str, more: dict[str, str]
) -> None:
    before = s3_server.raw_keys(bucket)
    made = worker.run({**JOB, **more}, "j")
    assert "error" not in made
    assert REDELIVERED in worker.run({**JOB, **more}, "j")["warnings"]
    found = {name: worker.run({"endpoint": name, "job_id": "j"}) for name in BY_ID}
    assert not any("error" in answer for answer in found.values())
    assert found["result"]["sha256"] == made["sha256"]
    assert found["result"]["timing_files"] == made["timing_files"]
    assert found["info"]["key"] == found["download"]["s3_key"] == made["s3_key"]
    words = worker.run({"endpoint": "download", "job_id": "j", "kind": "timing"})
    assert words["s3_key"] == "timings/j.srt"
    assert worker.run({"endpoint": "delete", "job_id": "j"})["count"] == 3
    assert s3_server.raw_keys(bucket) == before


def test_a_long_job_is_stored_and_leaves_nothing_else(
    worker: Worker, s3_server: S3Server, bucket: str
) -> None:
    before = set(s3_server.raw_keys(bucket))
    made = worker.run({**JOB, "text": "This sentence is said again. " * 12}, "j")
    assert made["metrics"]["chunks"] > 1
    stored = set(s3_server.raw_keys(bucket)) - before
    assert stored == {"output/j.wav", "timings/j.srt", "results/j.json"}


def test_voices_are_uploaded_replaced_and_deleted(
    worker: Worker, s3_server: S3Server, bucket: str
) -> None:
    before = s3_server.raw_keys(bucket)
    audio = base64.b64encode(wav()).decode()
    flac = base64.b64encode(wav(form="FLAC")).decode()
    for sent in (audio, flac):
        job = {"endpoint": "upload", "voice_name": "New", "voice": {"audio_base64": sent}}
        assert "error" not in worker.run({**job, "ref_text": "Some words."})
    added = set(s3_server.raw_keys(bucket)) - set(before)
    assert added == {"voices/New.flac", "voices/New.txt"}
    assert "error" not in worker.run({**JOB, "voice": "New"}, "j")
    assert worker.run({"endpoint": "delete", "voice_name": "New"})["count"] == 2


NOT_ALLOWED: list[dict[str, Any]] = [
    {"endpoint": "list"},
    {"endpoint": "list_voices"},
    {"endpoint": "cleanup", "days_old": 1},
    *({"endpoint": name, "job_id": "never-made"} for name in (*BY_ID, "delete")),
    {"endpoint": "info", "key": "never/made"},
    {"endpoint": "delete", "voice_name": "Nobody"},
    {"endpoint": "presign", "method": "put", "key": "free/key.wav"},
    {**JOB, "voice": "demo"},
    {**JOB, "voice": "Nobody"},
]


def test_what_needs_the_permission_is_refused_with_the_cause(worker: Worker) -> None:
    for job in NOT_ALLOWED:
        answer = worker.run(job)
        assert answer["error_code"] == "STORAGE_DENIED", job
        cause = "a key without s3:ListBucket, for which a missing object looks like 403"
        assert cause in answer["hint"], job


def test_the_doctor_says_what_is_missing(worker: Worker) -> None:
    steps = worker.run({"endpoint": "doctor"})["storage"]["steps"]
    failed = next(step for step in steps if not step["ok"])
    assert "s3:ListBucket" in failed["detail"]
