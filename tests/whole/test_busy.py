"""A busy worker: the event loop stays free, a broken device ends it, every job gets one answer."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from standins.local_worker import FAST, Worker
from standins.platform import ROOT, Platform, worker
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S
from tests.whole.held_jobs import PROGRAM, HeldJobs
from worker.jobs.chunks import speak


@pytest.fixture
def s3_env(s3_env: dict[str, str], tiny_model: Path) -> dict[str, str]:
    return {**s3_env, "F5_MODEL": str(tiny_model)}


def longest_block(runner: Any, jobs: dict[str, dict[str, Any]]) -> float:
    """Seconds the event loop was away at most while `jobs` ran."""

    async def watch(worst: list[float]) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            worst[0] = max(worst[0], time.perf_counter() - before - 0.005)

    async def together() -> float:
        worst = [0.0]
        watcher = asyncio.create_task(watch(worst))
        outputs = await asyncio.gather(
            *(runner.handle({"id": i, "input": job}) for i, job in jobs.items())
        )
        watcher.cancel()
        assert all("error" not in output for output in outputs), outputs
        return worst[0]

    return asyncio.run(together())


BYSTANDER = """
import select, sys, time
late = []
while not select.select([sys.stdin], [], [], 0)[0]:
    before = time.perf_counter()
    time.sleep(0.005)
    late.append(time.perf_counter() - before - 0.005)
print(sorted(late)[-3])
"""


@contextmanager
def bystander() -> Iterator[list[float]]:
    """Adds how late another process, which only sleeps, was meanwhile: its third longest delay."""
    found: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-c", BYSTANDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield found
        said, _ = process.communicate(timeout=PATIENCE_S)
    found.append(float(said))


def test_the_event_loop_is_never_away_for_50_ms(s3_env: dict[str, str]) -> None:
    """Pings, job takes and stop signals go on during inference, encoding and uploads.

    The best of several tries, and beyond twice what the machine keeps any process waiting: with
    other programs on the same core nobody is served within 50 ms.
    """
    busy = Worker(s3_env)
    busy.app.model_ready()
    measured: list[tuple[float, float]] = []
    for attempt in range(10):
        jobs = {
            f"busy-{attempt}-{i}": {
                "text": "A sentence that takes a while to say, with commas, and more. " * 2,
                "voice": "Dorota",
                "seed": attempt,
                "output_format": ("wav", "flac", "mp3")[i],
                "return_audio": True,
                "timing_format": ["srt", "json"],
                **FAST,
            }
            for i in range(3)
        }
        with bystander() as late:
            away = longest_block(busy.runner, jobs)
        measured.append((away, late[0]))
        if away < 0.05 + 2 * late[0]:
            break
    busy.close()
    assert any(away < 0.05 + 2 * late for away, late in measured), measured


def test_jobs_in_flight_are_those_of_the_setting_or_two_on_a_cpu(s3_env: dict[str, str]) -> None:
    few = Worker({**s3_env, "MAX_CONCURRENCY": "3", "F5_MAX_BATCH_FRAMES": "100000"})
    assert few.app.concurrency(1) == 3
    few.close()
    unset = Worker({**s3_env, "F5_DEVICE": "cpu", "F5_MAX_BATCH_FRAMES": "100000"})
    assert unset.app.concurrency(1) == 2
    unset.app.engine.result().synthesizer.batcher.max_frames = 4096  # as after running out of it
    assert unset.app.concurrency(2) == 2
    unset.close()


class HeldUp:
    """A synthesizer that takes its time to take the first chunk."""

    def __init__(self) -> None:
        self.begun, self.release = threading.Event(), threading.Event()
        self.futures: list[Future[Any]] = []

    def submit_job(self, chunks: Sequence[object], _: object = None) -> list[Future[Any]]:
        self.begun.set()
        self.release.wait()
        self.futures += [Future() for _ in chunks]
        return self.futures


def test_a_job_stopped_while_it_hands_over_its_chunks_leaves_none_behind() -> None:
    """Or the device would speak all of them for nobody."""
    synthesizer = HeldUp()
    chunk = SimpleNamespace(index=0)

    async def stopped() -> None:
        job = asyncio.create_task(anext(speak([chunk] * 3, synthesizer, {})))  # type: ignore[list-item, arg-type]
        await asyncio.to_thread(synthesizer.begun.wait)
        job.cancel()
        await asyncio.wait({job})
        assert job.cancelled()
        synthesizer.release.set()
        while [future.cancelled() for future in synthesizer.futures] != [True] * 3:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(stopped(), PATIENCE_S))


BREAKS = """
import sys
sys.path.insert(0, {root!r})
import engine.dit.model
def broken(*args, **kwargs):
    raise RuntimeError("CUDA error: an illegal memory access was encountered")
import engine.sampler
step, calls = engine.sampler.Flow.step, []
def breaking(self):
    calls.append(1)
    return broken() if len(calls) > 3 else step(self)
engine.sampler.Flow.step = breaking
import handler
handler.main()
"""


def test_a_broken_device_fails_its_job_as_retryable_and_ends_the_worker(
    platform: Platform, s3_env: dict[str, str], tmp_path: Path
) -> None:
    """The warm-up takes two steps, so the first job meets the error; the next is not taken."""
    platform.submit("hit", {"text": "Hello there.", **FAST})
    log, program = tmp_path / "log", tmp_path / "breaks.py"
    program.write_text(BREAKS.format(root=str(ROOT)))
    with worker(platform, {**s3_env, "MAX_CONCURRENCY": "1"}, log, str(program)) as process:
        result = platform.result("hit")
        platform.submit("next", {"text": "Hello there.", **FAST})
        assert process.wait(PATIENCE_S) == 0, log.read_text()
    assert result["stopPod"] is True
    assert result["output"]["error_code"] == "DEVICE_FAILED"
    assert result["output"]["retryable"] is True
    assert "next" not in platform.results


def traffic(count: int) -> dict[str, dict[str, Any]]:
    """Good, bad, long and cancelled jobs; the names say which."""
    jobs: dict[str, dict[str, Any]] = {}
    for i in range(count):
        kind = ("good", "bad", "good", "long", "good", "cancelled", "voice", "good")[i % 8]
        jobs[f"{kind}-{i}"] = {
            "good": {"text": f"Job number {i}.", "voice": "Dorota", **FAST},
            "bad": {"text": f"Job number {i}.", "nfe_step": 1000},
            "long": {"text": f"Long job {i}, with more to say. " * 12, **FAST},
            "cancelled": {"text": f"Never heard {i}. " * 60, "nfe_step": 64},
            "voice": {"text": "Hello.", "voice": f"Nobody{i}"},
        }[kind]
    return jobs


def run_traffic(
    count: int, platform: Platform, s3_env: dict[str, str], s3_server: S3Server, tmp_path: Path
) -> None:
    """Every delivery gets exactly one answer, whatever fails meanwhile."""
    # Not the stop channel: the platform forgets a signal once it is given out.
    platform.faults.random(seed=7, rate=0.15, paths=("take", "done", "stream", "ping"))
    jobs, held = traffic(count), HeldJobs(tmp_path / "held")
    duplicates = [name for name in jobs if name.startswith("good")][::5]
    for name, job in jobs.items():
        if name.startswith("cancelled"):
            held.after(name, chunks=0)
        platform.submit(name, job)
    env = {
        **s3_env,
        **held.env,
        "MAX_CONCURRENCY": "8",
        "S3_MAX_ATTEMPTS": "10",
        "F5_MAX_BATCH_FRAMES": "20000",
    }
    log = tmp_path / "log"
    answered = [name for name in jobs if not name.startswith("cancelled")]
    with worker(platform, env, log, PROGRAM):
        for name in jobs:
            if name.startswith("cancelled"):
                platform.wait_until_held(name)
                s3_server.faults.add(Fault("answer", "PUT", times=3))
                platform.cancel(name)
        for name in answered:
            platform.result(name)
        for name in duplicates:
            platform.redeliver(name)
        for name in duplicates:
            platform.result(name, nth=1)
    deliveries = 0
    for name in answered:
        answers = platform.results[name]
        expected = 2 if name in duplicates else 1
        deliveries += expected
        # Where the platform's "got it" was lost, the same answer comes once more.
        different = {json.dumps(answer, sort_keys=True) for answer in answers}
        assert len(different) == expected, (name, answers)
        failed = "error" in answers[0]
        assert failed == name.startswith(("bad", "voice")), (name, answers[0])
        if name in duplicates:
            assert len({answer["output"]["sha256"] for answer in answers}) == 1
    lost = sum(f.path == "done" and f.kind == "lose_answer" for f in platform.faults.fired)
    posted = sum(len(platform.results[name]) for name in answered)
    assert deliveries <= posted <= deliveries + lost
    assert not any(name.startswith("cancelled") for name in platform.results)
    assert "Traceback" not in log.read_text()


def test_every_job_of_mixed_traffic_gets_one_answer(
    platform: Platform, s3_env: dict[str, str], s3_server: S3Server, tmp_path: Path
) -> None:
    run_traffic(24, platform, s3_env, s3_server, tmp_path)


@pytest.mark.slow
def test_two_hundred_jobs(
    platform: Platform, s3_env: dict[str, str], s3_server: S3Server, tmp_path: Path
) -> None:
    run_traffic(200, platform, s3_env, s3_server, tmp_path)
