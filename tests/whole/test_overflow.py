"""A model that overflows fp16: the job is done all the same, and its answer says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from errors import StorageUnavailable
from standins.checkpoints import beyond_half_precision
from standins.local_worker import FAST, Worker
from worker.jobs import speech_job


@pytest.fixture
def env(tiny_model: Path, tmp_path: Path) -> dict[str, str]:
    model = tmp_path / "large"
    shutil.copytree(tiny_model, model, ignore=shutil.ignore_patterns("model_*"))
    beyond_half_precision(tiny_model / "model_1.safetensors", model / "model_1.safetensors")
    return {
        "LOCAL_STORAGE_DIR": str(tmp_path / "data"),
        "F5_MODEL": str(model),
        "F5_DTYPE": "float16",
    }


def test_jobs_of_an_overflowing_model_are_done_and_told(env: dict[str, str]) -> None:
    worker = Worker({**env, "F5_WARMUP": "false"})
    job = {"text": "Hello there. And again.", **FAST}
    first = worker.run_all({"a": job, "b": job})
    later = worker.speak("c")
    worker.close()
    assert {answer["status"] for answer in first.values()} == {"completed"}, first
    told = [said for answer in first.values() for said in answer["warnings"]]
    # Whoever came while the other's pass was under way has only ever run in the wider format.
    assert 1 <= len([said for said in told if "overflowed" in said and "F5_DTYPE=" in said]) <= 2
    assert not any("overflowed" in said for said in later["warnings"])


def test_a_job_whose_chunks_are_all_stored_goes_on_and_says_what_they_said(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has nothing left to speak, and the worker speaks other jobs afterwards."""
    worker = Worker(
        {**env, "F5_WARMUP": "false", "RUNPOD_WEBHOOK_GET_JOB": "http://127.0.0.1:1/job"}
    )
    job = {"text": "Hello there.\n\n[pause:1] And once more.", "markup": True, **FAST}
    with monkeypatch.context() as full:
        full.setattr(speech_job, "render", no_space)
        assert worker.run_all({"a": job})["a"]["retryable"]
    again = worker.run_all({"a": job})["a"]
    later = worker.speak("b")
    worker.close()
    assert again["status"] == "completed", again
    assert again["metrics"]["resumed_chunks"] == again["metrics"]["chunks"] > 1
    assert any("overflowed" in said for said in again["warnings"])
    assert later["status"] == "completed"


def no_space(*_: object) -> None:
    raise StorageUnavailable("Storage is away.", "Send the job again.")


def test_the_warm_up_finds_an_overflow_before_the_first_job(env: dict[str, str]) -> None:
    worker = Worker(env)
    worker.app.model_ready()
    model = worker.run({"endpoint": "doctor"})["model"]
    worker.close()
    assert model["dtype"] != "float16"
