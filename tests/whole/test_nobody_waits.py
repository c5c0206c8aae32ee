"""Jobs beside one whose hosts or whose storage do not answer: over real sockets, timed."""

from __future__ import annotations

import asyncio
import threading
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
from standins.waiting import PATIENCE_S
from tests.whole.silence import SilentHost
from worker.threads import Lane

SLACK_S = 3.0  # of the machine, which other tests share; a job that waits for others takes 6 s more
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
        await others(here, "beside")
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
        asyncio.run(_until_closed(silent, 3.0))
        platform.submit("after", GOOD)
        assert "error" not in platform.result("after")
