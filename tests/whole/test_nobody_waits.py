"""Jobs beside one whose hosts or whose storage do not answer: over real sockets."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from standins.local_worker import FAST, Worker, wav
from standins.platform import Platform, worker
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S, until
from tests.whole.silence import SilentHost
from worker.threads import Lane

# What waits for a silent host waits for 60 s; a machine however busy is done long before.
SOON_S = 30.0
GOOD: dict[str, Any] = {"text": "Still here.", "voice": "Dorota", **FAST}
BAD: dict[str, Any] = {"text": ""}
WITHOUT_STORAGE: dict[str, Any] = {"endpoint": "presign", "key": "incoming/a.wav"}


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
def local(env: dict[str, str], *, warm: bool = True) -> Iterator[Worker]:
    here = Worker(env)
    try:
        here.app.model_ready()
        if warm:
            here.speak("warm", voice="Dorota")
        yield here
    finally:
        here.close()


async def timed(here: Worker, job_id: str, job: object) -> tuple[dict[str, Any], float]:
    began = time.perf_counter()
    answer = await here.runner.handle({"id": job_id, "input": job})
    return answer, time.perf_counter() - began


async def check_others(here: Worker) -> None:
    """Three jobs, side by side, are answered as they should be."""
    jobs = {"good": GOOD, "bad": BAD, "without-storage": WITHOUT_STORAGE}
    good, bad, operation = await asyncio.gather(
        *(here.runner.handle({"id": f"beside-{name}", "input": job}) for name, job in jobs.items())
    )
    assert "error" not in good, good
    assert "error" not in operation, operation
    assert bad["error_code"] == "INVALID_INPUT"


@pytest.mark.parametrize("slow_jobs", [pytest.param(1, marks=pytest.mark.slow), 8])
def test_beside_jobs_with_40_silent_hosts_others_are_answered(
    env: dict[str, str], silent: SilentHost, slow_jobs: int
) -> None:
    async def run(here: Worker) -> None:
        slow = [
            asyncio.create_task(here.runner.handle({"id": f"slow-{n}", "input": silent.job()}))
            for n in range(slow_jobs)
        ]
        await asyncio.to_thread(silent.until_came)
        await check_others(here)
        assert not any(task.done() for task in slow)
        assert silent.open()[0] <= 4 * slow_jobs  # the bound a job
        for task in slow:
            task.cancel()
        began = time.perf_counter()
        await asyncio.gather(*slow, return_exceptions=True)
        assert time.perf_counter() - began < SOON_S
        await _until_closed(silent)

    with local(env) as here:
        asyncio.run(run(here))


async def _until_closed(silent: SilentHost) -> None:
    """No connection of a job that has ended stays, and none is made any more."""
    deadline = time.monotonic() + SOON_S
    while silent.open()[1] and time.monotonic() < deadline:
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
        assert seconds < SOON_S
        await _until_closed(silent)

    with local(env) as here:
        asyncio.run(run(here))


def test_a_job_out_of_time_leaves_no_download(env: dict[str, str], silent: SilentHost) -> None:
    async def run(here: Worker) -> None:
        answer, seconds = await timed(here, "late", silent.job())
        assert answer["error_code"] == "JOB_TIMEOUT"
        assert seconds < SOON_S
        await _until_closed(silent)

    with local({**env, "JOB_TIMEOUT_S": "1"}, warm=False) as here:  # its job is never done in time
        asyncio.run(run(here))


def test_a_script_of_more_voices_than_allowed_says_how_many(
    env: dict[str, str], silent: SilentHost
) -> None:
    with local({**env, "MAX_JOB_VOICES": "32"}, warm=False) as here:
        answer = here.run(silent.job(40))
    assert answer["error_code"] == "INVALID_INPUT"
    assert "uses 40 different voices; at most 32 are allowed" in answer["error"]
    assert silent.open() == (0, 0)


def test_beside_slow_reads_of_storage_others_are_answered(
    env: dict[str, str], s3_server: S3Server, bucket: str
) -> None:
    """Reads that are held hold the jobs that read, and no others."""
    s3_server.put_raw(bucket, "voices/Slow.wav", wav())
    s3_server.put_raw(bucket, "voices/Slow.txt", b"Slowly.")

    async def run(here: Worker) -> None:
        for held in ("Slow", "warm"):
            s3_server.faults.add(Fault("hold", "GET", contains=held, times=10_000))
        reading = [{**GOOD, "voice": "Slow"}, {"endpoint": "download", "job_id": "warm"}]
        slow = [
            asyncio.create_task(
                here.runner.handle({"id": f"slow-{n}", "input": reading[n % 12 > 0]})
            )
            for n in range(48)
        ]
        s3_server.forget_requests()
        for held in ("Slow", "warm"):
            await asyncio.to_thread(until, lambda held=held: _asked(s3_server, held))
        await check_others(here)
        assert not any(task.done() for task in slow)
        s3_server.faults.release()
        assert not any("error" in answer for answer in await asyncio.gather(*slow))

    with local(env) as here:
        asyncio.run(run(here))


def _asked(server: S3Server, key: str) -> bool:
    return any(request.method == "GET" and key in request.target for request in server.requests)


class Busy:
    """An aligner that takes one text at a time, and long for it."""

    name, languages = "busy", frozenset({"en"})

    def __init__(self) -> None:
        self.go_on, self._one = threading.Event(), threading.Lock()

    def align(self, *_: object) -> None:
        with self._one:
            self.go_on.wait(PATIENCE_S)


def test_beside_jobs_whose_words_are_looked_for_others_are_answered(env: dict[str, str]) -> None:
    async def run(here: Worker, busy: Busy) -> None:
        timed_job = {**GOOD, "return_word_timings": True}
        slow = [
            asyncio.create_task(here.runner.handle({"id": f"slow-{n}", "input": timed_job}))
            for n in range(2 * Lane.COMPUTE.value[1])
        ]
        while sum(t.name.startswith("listen-") for t in threading.enumerate()) < len(slow):
            await asyncio.sleep(0.05)
        await check_others(here)
        assert not any(task.done() for task in slow)
        busy.go_on.set()
        assert not any("error" in answer for answer in await asyncio.gather(*slow))

    with local(env) as here:
        here.app.aligner = busy = Busy()
        asyncio.run(asyncio.wait_for(run(here, busy), PATIENCE_S))


def test_a_stop_signal_ends_a_job_whose_hosts_do_not_answer(
    env: dict[str, str], platform: Platform, silent: SilentHost, tmp_path: Path
) -> None:
    with worker(platform, env, tmp_path / "log"):
        platform.submit("slow", silent.job())
        platform.wait_until_held("slow")
        silent.until_came()
        platform.cancel("slow")
        asyncio.run(_until_closed(silent))
        platform.submit("after", GOOD)
        assert "error" not in platform.result("after")
