"""Two attempts at one job that store in the same moment: one of them has the job."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from errors import InvalidInput
from s3_utils import Storage, open_storage
from standins.checkpoints import make_checkpoint, make_vocos
from standins.local_worker import FAST, Worker
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import until
from storage.config import StorageConfig
from worker.files.deliver import Overtaken, store
from worker.files.jobfiles import JobFiles
from worker.files.target import Target, plan_target
from worker.jobs.answer import REDELIVERED
from worker.request.speech import SpeechInput
from worker.settings.load import Settings

AUDIO, WORDS, ANSWER = "output/j.wav", "timings/j.srt", "results/j.json"
FREE: frozenset[str] = frozenset()


@pytest.fixture
def s3_store(s3_config: StorageConfig) -> Storage:
    return open_storage(s3_config)


def target_in(storage: Storage, job_id: str = "j", **fields: Any) -> Target:
    asked = {"text": "Hello.", "timing_format": ("srt",), **fields}
    return plan_target(JobFiles(storage, Settings(), job_id), SpeechInput.model_validate(asked))


def attempt(target: Target, name: str) -> None:
    """An attempt that found all keys free; its files hold its name."""
    data = name.encode()
    asyncio.run(store(target, data, {"srt": name}, {}, data, taken=FREE))


def contents(storage: Storage) -> dict[str, str]:
    return {item.key: storage.get(item.key).decode() for item in storage.list()}


def test_the_second_one_is_told_and_changes_nothing(s3_store: Storage) -> None:
    attempt(target_in(s3_store), "first")
    with pytest.raises(Overtaken):
        attempt(target_in(s3_store), "second")
    assert contents(s3_store)[AUDIO] == "first"


@pytest.mark.parametrize("quicker", [{ANSWER}, {WORDS}, {ANSWER, WORDS}])
def test_whose_audio_is_there_first_has_the_job_whatever_else_was_quicker(
    s3_store: Storage, quicker: set[str]
) -> None:
    for key in quicker:
        s3_store.put(key, b"other", metadata={"job-id": "j"})
    attempt(target_in(s3_store), "ours")
    assert contents(s3_store) == {AUDIO: "ours", WORDS: "ours", ANSWER: "ours"}


def test_the_same_bytes_are_one_result(s3_store: Storage) -> None:
    for _ in range(2):
        attempt(target_in(s3_store), "same")
    assert set(contents(s3_store).values()) == {"same"}


def test_another_jobs_file_under_the_same_key_is_replaced(s3_store: Storage) -> None:
    for job_id in ("one", "two"):
        attempt(target_in(s3_store, job_id, output_key="latest"), job_id)
    assert contents(s3_store)["latest.wav"] == "two"


def test_another_programs_object_stored_meanwhile_is_not_replaced(s3_store: Storage) -> None:
    s3_store.put("theirs.wav", b"theirs", metadata={"program": "another"})
    with pytest.raises(InvalidInput, match="did not make"):
        attempt(target_in(s3_store, output_key="theirs"), "ours")
    assert contents(s3_store)["theirs.wav"] == "theirs"


def test_where_the_service_ignores_the_condition_the_later_one_stays(
    s3_store: Storage, s3_server: S3Server
) -> None:
    """The window that remains there, see docs/threats.md."""
    s3_server.faults.ignores_conditions = True
    for name in ("first", "second"):
        attempt(target_in(s3_store), name)
    assert set(contents(s3_store).values()) == {"second"}


@pytest.mark.parametrize("mode", ["s3", "hybrid"])
def test_the_later_worker_answers_with_what_the_other_stored(
    s3_env: dict[str, str], tiny_model: Path, s3_server: S3Server, tmp_path: Path, mode: str
) -> None:
    """Their audio differs, as it may on a GPU; the slow one's upload is held meanwhile."""
    env = {
        **s3_env,
        "F5_MODEL": str(tiny_model),
        "STORAGE_MODE": mode,
        "RUNPOD_WEBHOOK_GET_JOB": "http://127.0.0.1:9/job-take",
    }
    other = tmp_path / "other" / tiny_model.name  # weights of the same name that sound otherwise
    make_checkpoint(other, seed=1)
    make_vocos(other / "vocos", seed=1)
    slow = Worker(env)
    quick = Worker({**env, "F5_MODEL": str(other), "LOCAL_STORAGE_DIR": str(tmp_path / "disk")})
    job = {"text": "Hello there.", "voice": "demo", "timing_format": "srt", **FAST}
    later: list[dict[str, Any]] = []
    s3_server.faults.released.clear()
    s3_server.faults.add(Fault("hold", "PUT", contains=AUDIO, times=1))
    thread = threading.Thread(target=lambda: later.append(slow.run(job, "j")))
    thread.start()
    until(lambda: any(r.method == "PUT" and AUDIO in r.path for r in s3_server.requests))
    first = quick.run(job, "j")
    s3_server.faults.release()
    thread.join()
    assert REDELIVERED in later[0]["warnings"] and REDELIVERED not in first["warnings"]
    for worker in (slow, quick):
        assert worker.app.storage.info(AUDIO).metadata["sha256"] == first["sha256"]
        assert worker.run({"endpoint": "result", "job_id": "j"})["sha256"] == first["sha256"]
    assert later[0]["sha256"] == first["sha256"]
    stored = json.loads(quick.app.storage.get(ANSWER))["output"]
    assert stored["sha256"] == first["sha256"]
    for worker in (slow, quick):
        worker.close()


def test_an_attempt_that_died_between_its_audio_and_its_answer_holds_nobody_up(
    s3_env: dict[str, str],
    tiny_model: Path,
    s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("worker.jobs.delivery._OTHERS_ANSWER_S", 0.3)
    platform = "http://127.0.0.1:9/job-take"
    worker = Worker({**s3_env, "F5_MODEL": str(tiny_model), "RUNPOD_WEBHOOK_GET_JOB": platform})
    made: list[dict[str, Any]] = []
    s3_server.faults.released.clear()
    s3_server.faults.add(Fault("hold", "PUT", contains=AUDIO, times=1))
    thread = threading.Thread(target=lambda: made.append(worker.run({"text": "Hi.", **FAST}, "j")))
    thread.start()
    until(lambda: any(r.method == "PUT" and AUDIO in r.path for r in s3_server.requests))
    worker.app.storage.put(AUDIO, b"half a job", metadata={"job-id": "j"})
    s3_server.faults.release()
    thread.join()
    assert REDELIVERED not in made[0]["warnings"]
    assert worker.app.storage.info(AUDIO).metadata["sha256"] == made[0]["sha256"]
    assert worker.run({"endpoint": "result", "job_id": "j"})["sha256"] == made[0]["sha256"]
    worker.close()
