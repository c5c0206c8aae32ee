"""What one attempt at a job announced, no other attempt takes away; nor is it made twice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from errors import StorageUnavailable
from s3_utils import Storage, open_storage
from standins.local_worker import FAST, Worker
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import until
from storage.config import StorageConfig
from worker.files.deliver import store
from worker.files.jobfiles import JobFiles
from worker.files.target import Target, plan_target, taken_keys
from worker.jobs.answer import REDELIVERED
from worker.request.speech import SpeechInput
from worker.settings.load import Settings

AUDIO, ANSWER = "output/j.wav", "results/j.json"
JOB = {"text": "Hello there.", **FAST}


@pytest.fixture
def env(s3_env: dict[str, str], tiny_model: Path) -> dict[str, str]:
    """A worker that answers a job delivered again from its stored answer."""
    platform = "http://127.0.0.1:9/job-take"
    return {**s3_env, "F5_MODEL": str(tiny_model), "RUNPOD_WEBHOOK_GET_JOB": platform}


@pytest.fixture
def workers(env: dict[str, str]) -> Iterator[tuple[Worker, Worker]]:
    two = Worker(env), Worker(env)
    yield two
    for worker in two:
        worker.close()


@pytest.fixture
def s3_store(s3_config: StorageConfig) -> Storage:
    return open_storage(s3_config)


def target_in(storage: Storage) -> Target:
    request = SpeechInput.model_validate({"text": "Hello.", "timing_format": ("srt",)})
    return plan_target(JobFiles(storage, Settings(), "j"), request)


def put_all(target: Target, taken: frozenset[str], answer: bytes = b"{}") -> None:
    asyncio.run(store(target, b"audio", {"srt": "1"}, {}, answer, taken=taken))


def keys(storage: Storage) -> set[str]:
    return {item.key for item in storage.list()}


def fail_puts_of(server: S3Server, key: str) -> None:
    server.faults.add(Fault("answer", "PUT", contains=key, times=99))


@pytest.mark.parametrize("key", [AUDIO, ANSWER, "timings/j.srt"])
def test_a_first_attempt_that_cannot_store_everything_leaves_nothing(
    s3_store: Storage, s3_server: S3Server, key: str
) -> None:
    target = target_in(s3_store)
    taken = taken_keys(target)
    assert taken == frozenset()
    fail_puts_of(s3_server, key)
    with pytest.raises(StorageUnavailable):
        put_all(target, taken)
    assert keys(s3_store) == set()


@pytest.mark.parametrize("key", [AUDIO, ANSWER, "timings/j.srt"])
def test_an_attempt_that_fails_deletes_nothing_that_was_there_before_it(
    s3_store: Storage, s3_server: S3Server, key: str
) -> None:
    target = target_in(s3_store)
    put_all(target, taken_keys(target))
    before = keys(s3_store)
    taken = taken_keys(target)
    assert taken == before
    fail_puts_of(s3_server, key)
    with pytest.raises(StorageUnavailable):
        put_all(target, taken, b'{"another": "attempt"}')
    assert keys(s3_store) == before


@pytest.mark.parametrize("key", [AUDIO, ANSWER, "timings/j.srt"])
def test_an_attempt_that_fails_deletes_nothing_that_another_announced_meanwhile(
    s3_store: Storage, s3_server: S3Server, key: str
) -> None:
    target = target_in(s3_store)
    taken = taken_keys(target)
    put_all(target, taken, b'{"the": "other"}')
    before = keys(s3_store)
    fail_puts_of(s3_server, key)
    if key != ANSWER:  # the failing one's answer gets through or not: both must be right
        fail_puts_of(s3_server, ANSWER)
    with pytest.raises(StorageUnavailable):
        put_all(target, taken)
    assert keys(s3_store) == before


def test_nothing_is_deleted_while_storage_does_not_say_whether_the_job_was_answered(
    s3_store: Storage, s3_server: S3Server
) -> None:
    target = target_in(s3_store)
    taken = taken_keys(target)
    fail_puts_of(s3_server, ANSWER)
    s3_server.faults.add(Fault("answer", "HEAD", contains=ANSWER, times=99))
    with pytest.raises(StorageUnavailable):
        put_all(target, taken)
    s3_server.faults.clear()
    assert keys(s3_store) == {AUDIO, "timings/j.srt"}


def test_a_key_of_which_storage_does_not_say_whether_it_is_free_counts_as_taken(
    s3_store: Storage, s3_server: S3Server
) -> None:
    s3_server.faults.add(Fault("answer", "HEAD", contains=AUDIO, times=99))
    assert taken_keys(target_in(s3_store)) == {AUDIO}


def test_a_redelivery_that_fails_leaves_the_audio_of_the_first_delivery(
    workers: tuple[Worker, Worker], s3_server: S3Server
) -> None:
    """Its stored answer cannot be read, so it is spoken again, and cannot be stored."""
    first, second = workers
    announced = first.run(JOB, "j")
    s3_server.faults.add(Fault("answer", "GET", contains=ANSWER, times=99))
    fail_puts_of(s3_server, ANSWER)
    assert second.run(JOB, "j")["error_code"] == "STORAGE_UNAVAILABLE"
    s3_server.faults.clear()
    assert second.app.storage.info(AUDIO).metadata["sha256"] == announced["sha256"]
    assert second.run({"endpoint": "result", "job_id": "j"})["sha256"] == announced["sha256"]


def test_the_later_of_two_attempts_at_once_answers_with_what_is_stored(
    workers: tuple[Worker, Worker], s3_server: S3Server
) -> None:
    job = {**JOB, "voice": "Dorota", "return_audio": True}
    later: list[dict[str, Any]] = []
    s3_server.forget_requests()
    s3_server.faults.add(Fault("hold", contains="Dorota", times=1))
    slow = threading.Thread(target=lambda: later.append(workers[0].run(job, "j")))
    slow.start()
    until(lambda: any(r.method == "GET" and ANSWER in r.path for r in s3_server.requests))
    until(lambda: any("Dorota" in r.target for r in s3_server.requests))
    first = workers[1].run(job, "j")
    s3_server.faults.release()
    slow.join()
    assert REDELIVERED not in first["warnings"]
    assert REDELIVERED in later[0]["warnings"]
    for name in ("sha256", "s3_key", "audio_base64", "duration", "segments"):
        assert later[0][name] == first[name]
    assert len([r for r in s3_server.requests if r.method == "PUT" and AUDIO in r.path]) == 1


async def cancelled_while_held(worker: Worker, server: S3Server, key: str) -> None:
    """A job is cancelled while the PUT of `key` is on its way, which is done all the same."""
    server.forget_requests()
    server.faults.released.clear()
    server.faults.add(Fault("hold", "PUT", contains=key, times=1))
    job = asyncio.create_task(
        worker.runner.handle({"id": "j", "input": JOB | {"timing_format": "srt"}})
    )
    while not any(r.method == "PUT" and key in r.path for r in server.requests):
        assert not job.done(), job.result()
        await asyncio.sleep(0.01)
    others = {AUDIO, ANSWER} - {key}
    while not others <= {k for k in others if worker.app.storage.exists(k)}:
        await asyncio.sleep(0.01)
    job.cancel()
    asyncio.get_running_loop().call_later(0.2, server.faults.release)
    with pytest.raises(asyncio.CancelledError):
        await job


@pytest.mark.parametrize("key", [AUDIO, ANSWER])
def test_of_a_job_cancelled_while_it_is_stored_nothing_stays(
    workers: tuple[Worker, Worker], s3_server: S3Server, key: str
) -> None:
    before = keys(workers[0].app.storage)
    asyncio.run(cancelled_while_held(workers[0], s3_server, key))
    assert keys(workers[0].app.storage) == before


def test_what_was_there_before_stays_when_a_job_is_cancelled_while_it_is_stored(
    workers: tuple[Worker, Worker], s3_server: S3Server
) -> None:
    workers[0].run({**JOB, "seed": 5, "timing_format": "srt"}, "j")
    before = keys(workers[0].app.storage)
    asyncio.run(cancelled_while_held(workers[0], s3_server, ANSWER))
    assert keys(workers[0].app.storage) == before


def test_a_job_cut_off_by_the_end_of_its_worker_is_stored_whole_and_answered_from_it(
    workers: tuple[Worker, Worker], s3_server: S3Server
) -> None:
    """It is redelivered: what was stored is not made again."""
    workers[0].runner.draining = True
    asyncio.run(cancelled_while_held(workers[0], s3_server, ANSWER))
    s3_server.faults.release()
    until(lambda: workers[1].app.storage.exists(ANSWER))
    assert REDELIVERED in workers[1].run(JOB | {"timing_format": "srt"}, "j")["warnings"]


def test_another_programs_object_is_not_overwritten_and_costs_no_inference(
    workers: tuple[Worker, Worker], s3_server: S3Server, bucket: str
) -> None:
    s3_server.put_raw(bucket, "other-app/song.wav", b"theirs")
    output = workers[0].run({**JOB, "output_key": "other-app/song"}, "j")
    assert output["error_code"] == "INVALID_INPUT"
    assert "did not make" in output["error"]
    assert workers[0].app.storage.get("other-app/song.wav") == b"theirs"
    assert ANSWER not in s3_server.raw_keys(bucket)


def test_a_key_that_is_free_or_holds_a_result_is_written_to(
    workers: tuple[Worker, Worker],
) -> None:
    """`latest.wav` is a fair wish."""
    for job_id in ("a", "b"):
        made = workers[0].run({**JOB, "output_key": "radio/latest"}, job_id)
        assert made["s3_key"] == "radio/latest.wav", made
        assert workers[0].app.storage.info("radio/latest.wav").metadata["job-id"] == job_id
