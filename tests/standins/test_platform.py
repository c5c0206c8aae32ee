"""The local platform keeps the promises other tests build on."""

from __future__ import annotations

import http.client
import json
import socket
import time
import urllib.request
from typing import Any

import pytest

from standins.platform import Platform
from standins.platform.faults import Fault, Faults
from standins.waiting import PATIENCE_S, until


def call(platform: Platform, method: str, path: str, body: object = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(
        platform.base.removeprefix("http://"), timeout=PATIENCE_S
    )
    data = None if body is None else json.dumps(body)
    headers = {"Authorization": f"Bearer {platform.api_key}"}
    try:
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


def take(platform: Platform, count: int = 1, pod: str = "pod-1") -> list[str]:
    path = f"/job-take-batch/{pod}?gpu=test&batch_size={count}"
    return [job["id"] for job in call(platform, "GET", path)[1] or []]


def test_a_batch_holds_at_most_what_was_asked_for(platform: Platform) -> None:
    for i in range(5):
        platform.submit(f"j{i}", {})
    assert take(platform, 3) == ["j0", "j1", "j2"]
    assert take(platform, 3) == ["j3", "j4"]
    assert call(platform, "GET", "/job-take/pod-1?gpu=test") == (204, None)


def test_a_dead_worker_is_given_no_job(platform: Platform) -> None:
    address = ("127.0.0.1", int(platform.base.rsplit(":", 1)[1]))
    with socket.create_connection(address) as dead:
        dead.sendall(b"GET /job-take/pod-1?gpu=test HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: "pod-1" in platform.pods)
    platform.submit("a", {})
    assert take(platform) == ["a"]


def test_a_lost_take_answer_loses_no_job(platform: Platform) -> None:
    platform.submit("a", {})
    platform.submit("b", {})
    platform.faults.add("take", "lose_answer")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        take(platform, 2)
    assert take(platform, 2) == ["a", "b"]


def test_a_lost_done_answer_is_recorded_and_a_reset_is_not(platform: Platform) -> None:
    platform.submit("a", {})
    for kind in ("reset", "lose_answer"):
        platform.faults.add("done", kind, job_id="a")
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            call(platform, "POST", "/job-done/pod-1/a?isStream=false", {"output": kind})
    assert platform.results == {"a": [{"output": "lose_answer"}]}
    assert [fault.kind for fault in platform.faults.fired] == ["reset", "lose_answer"]


def test_answers_and_delays_come_as_programmed(platform: Platform) -> None:
    platform.faults.add("ping", "answer", status=429, times=2)
    platform.faults.add("ping", "slow", seconds=0.3)
    assert [call(platform, "GET", "/ping/pod-1?job_id=a")[0] for _ in range(2)] == [429, 429]
    assert platform.pings == []
    started = time.monotonic()
    assert call(platform, "GET", "/ping/pod-1?job_id=a")[0] == 200
    assert time.monotonic() - started >= 0.3
    assert platform.pings == [{"job_id": ["a"]}]


def test_random_faults_follow_their_seed() -> None:
    def drawn(seed: int) -> list[Fault | None]:
        faults = Faults()
        faults.random(seed, 0.3)
        return [faults.next("done", "a") for _ in range(400)]

    assert drawn(1) == drawn(1) != drawn(2)
    share = sum(fault is not None for fault in drawn(1)) / 400
    assert 0.2 < share < 0.4


def test_events_keep_their_order(platform: Platform) -> None:
    platform.submit("a", {})
    progress = {"status": "IN_PROGRESS", "output": {"chunks_done": 1}}
    call(platform, "POST", "/job-done/pod-1/a?isStream=false", progress)
    call(platform, "POST", "/job-stream/pod-1/a?isStream=false", {"output": 1})
    call(platform, "POST", "/job-done/pod-1/a?isStream=true", {"output": "x"})
    assert [event.kind for event in platform.events] == ["progress", "stream", "final"]
    assert [event.is_stream for event in platform.events] == [False, False, True]
    assert platform.stream == {"a": [{"output": 1}]}
    assert platform.progress == {"a": [{"chunks_done": 1}]}


def test_a_waiting_job_is_unqueued_and_a_running_one_stopped_at_its_worker(
    platform: Platform,
) -> None:
    platform.submit("waits", {})
    platform.cancel("waits")
    assert platform.jobs.qsize() == platform.stops.qsize() == 0
    platform.submit("runs", {})
    assert take(platform, pod="pod-2") == ["runs"]
    platform.cancel("runs")
    assert platform.stop_signals("pod-1", lambda: True, wait_s=0.1) == []
    assert call(platform, "GET", "/job-stop/pod-2?gpu=test") == (200, {"jobsToStop": ["runs"]})


def test_redelivery_gives_the_same_job_again(platform: Platform) -> None:
    platform.submit("a", {"text": "x"})
    assert take(platform) == ["a"]
    platform.redeliver("a")
    path = "/job-take/pod-1?gpu=test"
    assert call(platform, "GET", path) == (200, {"id": "a", "input": {"text": "x"}})
    assert platform.records["a"].deliveries == 2


def test_the_life_of_a_job_as_its_client_sees_it(platform: Platform) -> None:
    v2 = "/v2/endpoint-1"
    job_id = call(platform, "POST", f"{v2}/run", {"input": {"text": "x"}})[1]["id"]

    def status() -> dict[str, Any]:
        return call(platform, "GET", f"{v2}/status/{job_id}")[1]

    assert status() == {"id": job_id, "status": "IN_QUEUE"}
    take(platform)
    assert status()["status"] == "IN_PROGRESS"
    platform.streamed(job_id, {"output": 1}, is_stream=False)
    piece = {"status": "IN_PROGRESS", "stream": [{"output": 1}]}
    assert call(platform, "GET", f"{v2}/stream/{job_id}")[1] == piece
    assert call(platform, "GET", f"{v2}/stream/{job_id}")[1]["stream"] == []
    time.sleep(0.05)
    platform.done(job_id, {"output": {"error_code": "X"}, "error": "why"}, is_stream=False)
    final = status()
    assert (final["status"], final["error"]) == ("FAILED", "why")
    assert final["executionTime"] >= 50
    platform.submit("waits", {})
    assert call(platform, "POST", f"{v2}/purge-queue")[1] == {"removed": 1, "status": "completed"}
    assert call(platform, "GET", f"{v2}/health")[1]["jobs"]["failed"] == 1


def test_runsync_answers_within_the_wait(platform: Platform) -> None:
    answer = call(platform, "POST", "/v2/endpoint-1/runsync?wait=1000", {"input": {"text": "x"}})[1]
    assert answer["id"].startswith("sync-")
    assert answer["status"] == "IN_QUEUE"


def test_strangers_are_refused(platform: Platform) -> None:
    platform.api_key = "another"
    good = {"Authorization": "Bearer client-key"}
    connection = http.client.HTTPConnection(
        platform.base.removeprefix("http://"), timeout=PATIENCE_S
    )
    connection.request("GET", "/v2/endpoint-1/health", headers=good)
    assert connection.getresponse().status == 401
    connection.close()
    assert call(platform, "GET", "/v2/endpoint-2/health")[0] == 404
    assert call(platform, "POST", "/v2/endpoint-1/run", {"text": "no input"})[0] == 400


@pytest.mark.parametrize(
    ("path", "job_id", "limit"),
    [
        ("job-done", "run-1", 10_000_000),
        ("job-done", "sync-1", 20_000_000),
        ("job-stream", "run-1", 1_000_000),
        ("job-stream", "sync-1", 1_000_000),
    ],
)
def test_what_runpod_does_not_carry_is_refused(
    platform: Platform, path: str, job_id: str, limit: int
) -> None:
    platform.submit(job_id, {})
    take(platform)
    empty = len(json.dumps({"output": ""}))
    url = f"/{path}/pod-1/{job_id}?isStream=false"
    assert call(platform, "POST", url, {"output": "x" * (limit + 1 - empty)})[0] == 413
    assert not platform.results and not platform.stream
    assert [(job, size) for _, job, size in platform.refused] == [(job_id, limit + 1)]
    assert call(platform, "POST", url, {"output": "x" * (limit - empty)})[0] == 200


def test_a_malformed_batch_holds_the_good_jobs(platform: Platform) -> None:
    from worker.platform.take import jobs_in  # imports the SDK

    for job_id in ("a", "b"):
        platform.submit(job_id, {"text": job_id})
    platform.faults.add("take", "malform", times=3)
    for path in ("/job-take-batch/pod-1?batch_size=2", "/job-take/pod-1?gpu=test"):
        jobs = jobs_in(say(platform, path))
        assert [job for job in jobs if "id" in job] == (
            [{"id": i, "input": {"text": i}} for i in "ab"] if "batch" in path else []
        )
    platform.submit("c", {})
    assert [job["id"] for job in jobs_in(say(platform, "/job-take/pod-1?gpu=test"))] == ["c"]


def say(platform: Platform, path: str) -> str:
    with urllib.request.urlopen(platform.base + path, timeout=PATIENCE_S) as answer:
        return answer.read().decode()


def test_a_job_that_its_worker_names_no_more_is_given_out_again(platform: Platform) -> None:
    platform.sightings.lost_after_s = 3600.0
    for job_id in ("lost", "named"):
        platform.submit(job_id, {})
    assert take(platform, 2, "pod-1") == ["lost", "named"]
    platform.sightings.saw(["lost", "named"], time.monotonic() - 7200)
    call(platform, "GET", "/ping/pod-1?job_id=named&runpod_version=1")
    assert take(platform, 2, "pod-2") == ["lost"]
