"""Jobs beside one whose hosts or whose storage do not answer: over real sockets, timed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from standins.local_worker import FAST, Worker
from standins.platform import Platform, worker
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S, until

HOSTS = 40
SLACK_S = 0.5  # of the machine, which other tests share
GOOD: dict[str, Any] = {"text": "Still here.", "voice": "Dorota", **FAST}
BAD: dict[str, Any] = {"text": ""}
WITHOUT_STORAGE: dict[str, Any] = {"endpoint": "presign", "key": "incoming/a.wav"}


class SilentHost:
    """Accepts connections and says nothing; counts those that are open."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._socket.setblocking(False)
        self._held: list[socket.socket] = []

    def job(self, hosts: int = HOSTS) -> dict[str, Any]:
        port = self._socket.getsockname()[1]
        voices = [f"http://127.0.0.1:{port}/{n}.wav" for n in range(hosts)]
        return {"segments": [{"text": "Hi.", "voice": voice} for voice in voices]}

    def open(self) -> tuple[int, int]:
        """(connections that came, those of them that the worker has not closed)."""
        while True:
            try:
                self._held.append(self._socket.accept()[0])
            except BlockingIOError:
                break
            self._held[-1].setblocking(False)
        return len(self._held), sum(not _closed(held) for held in self._held)

    def close(self) -> None:
        for held in (*self._held, self._socket):
            held.close()


def _closed(held: socket.socket) -> bool:
    try:
        while data := held.recv(4096):
            assert data.startswith((b"GET ", b"\x16"))
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@pytest.fixture
def silent() -> Iterator[SilentHost]:
    host = SilentHost()
    yield host
    host.close()


@pytest.fixture
def env(s3_env: dict[str, str], tiny_model: Path) -> dict[str, str]:
    return {
        **s3_env,
        "F5_MODEL": str(tiny_model),
        "ALLOW_PRIVATE_URLS": "true",
        "ALLOW_HTTP_VOICES": "true",
        "MAX_JOB_VOICES": "1000",
        "VOICE_CACHE_TTL_S": "0",
    }


@contextmanager
def local(env: dict[str, str]) -> Iterator[Worker]:
    here = Worker(env)
    try:
        here.app.model_ready()
        here.speak("warm", voice="Dorota")
        yield here
    finally:
        here.close()


async def timed(here: Worker, job_id: str, job: object) -> tuple[dict[str, Any], float]:
    began = time.perf_counter()
    answer = await here.runner.handle({"id": job_id, "input": job})
    return answer, time.perf_counter() - began


async def others(here: Worker, tag: str) -> dict[str, float]:
    """Seconds until each of three jobs is answered, side by side; as they should be."""
    jobs = {"good": GOOD, "bad": BAD, "without storage": WITHOUT_STORAGE}
    answers = await asyncio.gather(
        *(timed(here, f"{tag}-{name.replace(' ', '-')}", job) for name, job in jobs.items())
    )
    good, bad, operation = (answer for answer, _ in answers)
    assert "error" not in good, good
    assert "error" not in operation, operation
    assert bad["error_code"] == "INVALID_INPUT"
    return dict(zip(jobs, (seconds for _, seconds in answers), strict=True))


def check(alone: dict[str, float], beside: dict[str, float]) -> None:
    for name, seconds in beside.items():
        assert seconds <= 1.5 * alone[name] + SLACK_S, (name, alone, beside)
    assert beside["bad"] < 1.0


@pytest.mark.parametrize("slow_jobs", [1, 8])
def test_beside_jobs_with_40_silent_hosts_others_are_answered_as_if_alone(
    env: dict[str, str], silent: SilentHost, slow_jobs: int
) -> None:
    async def run(here: Worker) -> None:
        alone = await others(here, "alone")
        slow = [
            asyncio.create_task(here.runner.handle({"id": f"slow-{n}", "input": silent.job()}))
            for n in range(slow_jobs)
        ]
        await asyncio.sleep(1.0)
        came, _ = silent.open()
        assert 0 < came <= 4 * slow_jobs  # the bound a job
        beside = await others(here, "beside")
        print(f"alone {alone} beside {beside}")
        for task in slow:
            task.cancel()
        began = time.perf_counter()
        await asyncio.gather(*slow, return_exceptions=True)
        assert time.perf_counter() - began < 1.0
        await _until_closed(silent)
        check(alone, beside)

    with local(env) as here:
        asyncio.run(run(here))


async def _until_closed(silent: SilentHost, seconds: float = 2.0) -> None:
    """No connection of a job that has ended stays, and none is made any more."""
    until = time.monotonic() + seconds
    while silent.open()[1] and time.monotonic() < until:
        await asyncio.sleep(0.05)
    came, still = silent.open()
    assert still == 0
    await asyncio.sleep(0.3)
    assert silent.open() == (came, 0)


def test_the_first_voice_that_fails_ends_the_downloads_of_the_others(
    env: dict[str, str], silent: SilentHost
) -> None:
    async def run(here: Worker) -> None:
        job = silent.job(30)
        job["segments"].insert(3, {"text": "Hi.", "voice": "nobody"})
        answer, seconds = await timed(here, "failing", job)
        assert answer["error_code"] == "VOICE_NOT_FOUND"
        assert seconds < 2.0
        await _until_closed(silent)

    with local(env) as here:
        asyncio.run(run(here))


def test_a_job_out_of_time_leaves_no_download(env: dict[str, str], silent: SilentHost) -> None:
    async def run(here: Worker) -> None:
        answer, seconds = await timed(here, "late", silent.job())
        assert answer["error_code"] == "JOB_TIMEOUT"
        assert seconds < 3.0
        await _until_closed(silent)

    with local({**env, "JOB_TIMEOUT_S": "1.5"}) as here:
        asyncio.run(run(here))


def test_a_script_of_more_voices_than_allowed_says_how_many(
    env: dict[str, str], silent: SilentHost
) -> None:
    with local({**env, "MAX_JOB_VOICES": "32"}) as here:
        answer = here.run(silent.job(40))
    assert answer["error_code"] == "INVALID_INPUT"
    assert "uses 40 different voices; at most 32 are allowed" in answer["error"]
    assert silent.open() == (0, 0)


def test_beside_slow_reads_of_storage_others_are_answered_as_if_alone(
    env: dict[str, str], s3_server: S3Server
) -> None:
    """Reads of 6 s hold the jobs that read, for as long as they would hold them alone."""

    async def run(here: Worker) -> None:
        s3_server.faults.add(Fault("delay", "GET", times=10_000, seconds=6.0))
        alone = await others(here, "alone")
        reading = [GOOD, {"endpoint": "download", "job_id": "warm"}]
        slow = [
            asyncio.create_task(here.runner.handle({"id": f"slow-{n}", "input": reading[n % 2]}))
            for n in range(48)
        ]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in slow)
        beside = await others(here, "beside")
        print(f"alone {alone} beside {beside}")
        await asyncio.gather(*slow)
        check(alone, beside)

    with local(env) as here:
        asyncio.run(run(here))


def test_a_stop_signal_ends_a_job_whose_hosts_do_not_answer(
    env: dict[str, str], platform: Platform, silent: SilentHost, tmp_path: Path
) -> None:
    with worker(platform, env, tmp_path / "log"):
        platform.submit("slow", silent.job())
        platform.wait_until_held("slow")
        _until_came(silent)
        platform.cancel("slow")
        asyncio.run(_until_closed(silent, 3.0))
        platform.submit("after", GOOD)
        assert "error" not in platform.result("after")


def _until_came(silent: SilentHost) -> None:
    until = time.monotonic() + PATIENCE_S
    while not silent.open()[0] and time.monotonic() < until:
        time.sleep(0.05)
    assert silent.open()[0]


@pytest.mark.parametrize("hanging", ["host", "GET", "PUT", "disk"])
def test_sigterm_ends_within_its_grace_whatever_hangs(
    env: dict[str, str],
    platform: Platform,
    silent: SilentHost,
    s3_server: S3Server,
    tmp_path: Path,
    hanging: str,
) -> None:
    """40 silent hosts, S3 silent where it is read or written, and pipes in place of files."""
    grace_s = 2.0
    disk = tmp_path / "disk"
    if hanging == "disk":
        env = {**env, "STORAGE_MODE": "local", "LOCAL_STORAGE_DIR": str(disk)}
        for key in ("voices/Dorota.wav", "voices/Dorota.txt", "results/slow.json"):
            (disk / key).parent.mkdir(parents=True, exist_ok=True)
            os.mkfifo(disk / key)
    with worker(platform, {**env, "DRAIN_GRACE_S": str(grace_s)}, tmp_path / "log") as process:
        platform.submit("warm", {**GOOD, "voice": "demo"})
        platform.result("warm")
        if hanging == "host":
            platform.submit("slow", silent.job())
            _until_came(silent)
        elif hanging == "disk":
            platform.submit("slow", GOOD)
            assert platform.result("slow")["output"]["error_code"] == "VOICE_NOT_FOUND"
        else:
            s3_server.forget_requests()
            s3_server.faults.add(Fault("hold", hanging, times=1000))
            platform.submit("slow", GOOD)
            until(lambda: any(request.method == hanging for request in s3_server.requests))
        seconds = ended(process)
        print(f"ended after {seconds:.2f} s")
    assert process.returncode == 0
    assert seconds < grace_s + 2.0
    assert ("slow" in platform.results) is (hanging == "disk")


def test_sigterm_ends_a_long_job_whose_chunks_s3_does_not_take(
    env: dict[str, str], platform: Platform, s3_server: S3Server, tmp_path: Path
) -> None:
    """What is stored of an interrupted job is stored within the time for it, or not."""
    grace_s = 2.0
    slow = {**env, "DRAIN_GRACE_S": str(grace_s), "F5_MAX_BATCH_FRAMES": "1"}
    s3_server.faults.add(Fault("hold", "PUT", contains="parts/", times=1000))
    with worker(platform, slow, tmp_path / "log") as process:
        platform.submit(
            "long", {**GOOD, "text": "This sentence is said again. " * 200, "nfe_step": 16}
        )
        until(lambda: any("parts/" in request.target for request in s3_server.requests))
        seconds = ended(process)
        print(f"ended after {seconds:.2f} s")
    assert process.returncode == 0
    assert seconds < grace_s + 6.0
    assert "long" not in platform.results


def test_sigterm_ends_a_worker_whose_files_kept_on_disk_are_being_sent_to_silence(
    env: dict[str, str], platform: Platform, s3_server: S3Server, tmp_path: Path
) -> None:
    hybrid = {**env, "STORAGE_MODE": "hybrid", "S3_RETRY_TIME": "1"}
    s3_server.faults.add(Fault("answer", "PUT", contains="output/kept", times=1000))
    with worker(platform, hybrid, tmp_path / "log") as process:
        platform.submit("kept", GOOD)
        assert platform.result("kept")["output"]["storage_type"] == "local"
        s3_server.faults.clear()
        s3_server.forget_requests()
        s3_server.faults.add(Fault("hold", "PUT", times=1000))
        until(lambda: any(request.method == "PUT" for request in s3_server.requests))
        seconds = ended(process)
        print(f"ended after {seconds:.2f} s")
    assert process.returncode == 0
    assert seconds < 3.0
    assert list((tmp_path / "data" / ".meta" / "pending").iterdir())


def test_sigterm_ends_a_worker_at_once_whose_model_is_still_loading(
    env: dict[str, str], platform: Platform, s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    s3_server.put_raw(bucket, "model/model_1.safetensors", b"x" * 1000)
    s3_server.faults.add(Fault("hold", "GET", contains="model_1", times=1000))
    platform.submit("waiting", GOOD)
    with worker(
        platform, {**env, "F5_MODEL": f"s3://{bucket}/model/"}, tmp_path / "log"
    ) as process:
        until(lambda: any("model_1" in request.target for request in s3_server.requests))
        until(lambda: platform.pings)  # the SDK is there, and waits for the model
        seconds = ended(process)
        print(f"ended after {seconds:.2f} s")
    assert seconds < 2.0
    assert platform.jobs.qsize() == 1


def ended(process: subprocess.Popen[bytes]) -> float:
    """Seconds from SIGTERM to the end of the process."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE_S)
    return time.monotonic() - began
