"""`callback_url`: whole jobs, whose answers arrive at a real receiver."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from standins.local_worker import FAST, Worker
from standins.platform import Platform, worker
from standins.receiver import Receiver
from standins.waiting import PATIENCE_S
from tests.whole.held_jobs import PROGRAM, HeldJobs
from worker.command.job import answered
from worker.settings.load import Settings

SECRET = base64.b64encode(b"s" * 32).decode()
OPEN = {
    "CALLBACK_SECRETS": f"whsec_{SECRET}",
    "CALLBACK_ALLOW_HTTP": "true",
    "CALLBACK_ALLOW_PRIVATE": "true",
    "CALLBACK_TIMEOUT_S": "60",  # or what a paused machine took is sent once more
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def open_worker(tiny_model: Path, tmp_path: Path) -> Iterator[Worker]:
    """One that posts to loopback."""
    worker = Worker({"F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": str(tmp_path), **OPEN})
    yield worker
    worker.close()


def data(receiver: Receiver, count: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """Types and contents of the events that came."""
    return [(post.json["type"], post.json["data"]) for post in receiver.wait_for(count)]


def test_the_receiver_gets_the_answer(open_worker: Worker, receiver: Receiver) -> None:
    answer = open_worker.speak("job-1", callback_url=receiver.url, return_audio=True)
    assert data(receiver) == [("speech.completed", answer)]
    assert answer["audio_base64"]
    assert not any("callback" in warning for warning in answer["warnings"])


def test_a_failed_job_is_told_however_it_failed(open_worker: Worker, receiver: Receiver) -> None:
    url = receiver.url
    bad_field = open_worker.run({"text": "Hi.", "nfe_stpe": 4, "callback_url": url}, "a")
    assert data(receiver) == [("speech.failed", bad_field)]
    no_voice = open_worker.run({"text": "Hi.", "voice": "Nobody", "callback_url": url}, "b")
    assert data(receiver, 2)[1] == ("speech.failed", no_voice)
    assert no_voice["error_code"] == "VOICE_NOT_FOUND"


def test_a_cancelled_job_is_told(open_worker: Worker, receiver: Receiver) -> None:
    job = {"text": "Again and again. " * 60, "nfe_step": 64, "callback_url": receiver.url}

    async def cancelled() -> None:
        running = asyncio.create_task(open_worker.runner.handle({"id": "gone", "input": job}))
        await asyncio.sleep(0)  # it has begun
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancelled())
    assert data(receiver) == [("speech.cancelled", {"job_id": "gone", "status": "cancelled"})]


def test_an_answer_waits_for_no_receiver(open_worker: Worker, receiver: Receiver) -> None:
    receiver.answers.append("held")
    answer = open_worker.speak("job-1", callback_url=receiver.url)
    assert answer["status"] == "completed"  # while its receiver still thinks
    receiver.wait_for(1)
    receiver.release.set()


def test_a_job_on_a_shell_ends_after_its_callback(
    tiny_model: Path, tmp_path: Path, receiver: Receiver
) -> None:
    file = tmp_path / "job.json"
    file.write_text(json.dumps({"input": {"text": "Hi.", "callback_url": receiver.url, **FAST}}))
    env = {"F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": str(tmp_path / "data"), **OPEN}
    receiver.answers += ["held"]
    running = threading.Thread(target=answered, args=(file, Settings.load(env)))
    running.start()
    receiver.wait_for(1)
    assert running.is_alive()
    receiver.release.set()
    running.join(PATIENCE_S)
    assert not list((tmp_path / "data").glob("callbacks/*"))


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ftp://example.com/x?token=TOPSECRET", "must be an https URL"),
        ("https://user:TOPSECRET@example.com/", "holds a user name or password"),
        ("https://[TOPSECRET", "names no host"),
        (7, "must be an https URL"),
        ("https://exa mple.com/?TOPSECRET", "holds spaces"),
    ],
)
def test_a_wrong_address_fails_the_job_and_is_not_repeated(
    local_worker: Worker, url: object, fault: str
) -> None:
    answer = local_worker.run({"text": "Hi.", "callback_url": url})
    assert answer["error_code"] == "INVALID_INPUT"
    assert f"callback_url {fault}" in answer["error"]
    assert "TOPSECRET" not in json.dumps(answer)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.7", "169.254.169.254"])
def test_a_private_address_is_refused_before_anything_is_spoken(
    local_worker: Worker, host: str
) -> None:
    answer = local_worker.run({"text": "Hi.", "callback_url": f"https://{host}/x"})
    assert "not public" in answer["error"]
    plain = local_worker.run({"text": "Hi.", "callback_url": "http://example.com/"})
    assert "CALLBACK_ALLOW_HTTP" in plain["error"]


def test_what_was_not_taken_is_sent_by_an_operation(
    open_worker: Worker, receiver: Receiver
) -> None:
    receiver.answers += [410, 500]
    open_worker.speak("job-1", callback_url=receiver.url)
    (first,) = receiver.wait_for(1)
    open_worker.runner.close(PATIENCE_S)
    listed = open_worker.run({"endpoint": "send_callbacks", "dry_run": True})
    assert [each["job_id"] for each in listed["kept"]] == ["job-1"]
    assert "TOPSECRET" not in json.dumps(listed)
    failing = open_worker.run({"endpoint": "send_callbacks", "job_id": "job-1"})
    assert failing["kept"][0]["reason"] == "HTTP 500"
    assert open_worker.run({"endpoint": "send_callbacks", "job_id": "other"})["kept"] == []
    sent = open_worker.run({"endpoint": "send_callbacks"})
    assert [each["job_id"] for each in sent["sent"]] == ["job-1"]
    assert len(receiver.posts) == 3
    assert {post.body for post in receiver.posts} == {first.body}
    assert {post.headers["webhook-id"] for post in receiver.posts} == {first.headers["webhook-id"]}
    assert open_worker.run({"endpoint": "send_callbacks"})["count"] == 0


def test_kept_callbacks_are_listed_in_pages(open_worker: Worker, receiver: Receiver) -> None:
    receiver.answers += [410] * 3
    for job_id in ("a", "b", "c"):
        open_worker.speak(job_id, callback_url=receiver.url)
    receiver.wait_for(3)
    open_worker.runner.close(PATIENCE_S)
    page = {"endpoint": "send_callbacks", "dry_run": True, "limit": 2}
    first = open_worker.run(page)
    rest = open_worker.run({**page, "after": first["next"]})
    assert [[each["job_id"] for each in one["kept"]] for one in (first, rest)] == [
        ["a", "b"],
        ["c"],
    ]
    assert (first["truncated"], rest["truncated"]) == (True, False)
    gone = open_worker.run({"endpoint": "delete", "job_id": "a"})
    assert "callbacks/a.completed.json" in gone["deleted"]


def test_on_the_platform_a_job_delivered_again_has_the_same_callback(
    platform: Platform,
    s3_env: dict[str, str],
    tiny_model: Path,
    tmp_path: Path,
    receiver: Receiver,
) -> None:
    log, held = tmp_path / "log", HeldJobs(tmp_path / "held")
    held.after("long", chunks=0)
    env = {**s3_env, **OPEN, **held.env, "F5_MODEL": str(tiny_model), "MAX_CONCURRENCY": "2"}
    job = {"text": "Hi.", "voice": "Dorota", "callback_url": receiver.url, **FAST}
    with worker(platform, env, log, PROGRAM):
        platform.submit("twice", job)
        platform.result("twice")
        platform.redeliver("twice")
        again = platform.result("twice", 1)
        receiver.wait_for(2)
        platform.submit("long", {**job, "text": "Again and again. " * 60, "nfe_step": 64})
        platform.wait_until_held("long")
        platform.cancel("long")
        posts = receiver.wait_for(3)
    assert posts[0].headers["webhook-id"] == posts[1].headers["webhook-id"]
    assert posts[1].json["data"] == again["output"]
    assert posts[2].json == {
        "type": "speech.cancelled",
        "timestamp": posts[2].json["timestamp"],
        "data": {"job_id": "long", "status": "cancelled"},
    }
    assert "TOPSECRET" not in log.read_text()


def test_a_worker_that_is_ended_leaves_its_callbacks_to_the_next(
    platform: Platform,
    s3_env: dict[str, str],
    tiny_model: Path,
    tmp_path: Path,
    receiver: Receiver,
) -> None:
    receiver.answers += [500]
    env = {**s3_env, **OPEN, "F5_MODEL": str(tiny_model), "CALLBACK_RETRY_S": "3600"}
    job = {"text": "Hi.", "voice": "Dorota", "callback_url": receiver.url, **FAST}
    with worker(platform, env, tmp_path / "log") as process:
        platform.submit("kept", job)
        platform.result("kept")
        (first,) = receiver.wait_for(1)
        receiver.answers += [500] * 10
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    receiver.answers.clear()
    another = Worker(env)
    answer = another.run({"endpoint": "send_callbacks"})
    another.close()
    assert [each["job_id"] for each in answer["sent"]] == ["kept"]
    assert receiver.posts[-1].headers["webhook-id"] == first.headers["webhook-id"]
    assert receiver.posts[-1].body == first.body
