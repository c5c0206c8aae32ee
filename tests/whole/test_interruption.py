"""A job whose worker is killed, told to end or handed the job again: nothing is lost or made twice.

Real worker processes with the SDK's loop, a local platform, a strict S3 server.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.chunk import SpokenChunk
from s3_utils import Storage, open_storage
from standins.forked import Process
from standins.local_worker import FAST
from standins.platform import Platform, worker
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S, until
from tests.whole.held_jobs import PROGRAM, HeldJobs
from tests.whole.long_jobs import LONG, ONE_BY_ONE, chunks_done, keys, long_job
from worker.jobs.answer import REDELIVERED
from worker.jobs.resume import ChunkSaver
from worker.settings.load import Settings


@pytest.fixture
def held(tmp_path: Path) -> HeldJobs:
    return HeldJobs(tmp_path / "held")


@pytest.fixture
def storage(s3_env: dict[str, str]) -> Storage:
    return open_storage(Settings.load(s3_env).storage)


def cut_short(
    platform: Platform,
    env: dict[str, str],
    held: HeldJobs,
    log: Path,
    ready: Callable[[], object],
    end: Callable[[Process], None],
) -> None:
    """Gives a worker LONG as "cut", of which it takes four chunks, and `end`s it when `ready`."""
    held.after("cut", chunks=4)
    platform.submit("cut", LONG)
    with worker(platform, {**env, **ONE_BY_ONE, **held.env}, log, PROGRAM) as process:
        until(ready)
        end(process)
        process.wait(PATIENCE_S)
    assert "cut" not in platform.results


def test_a_worker_killed_in_a_job_loses_at_most_the_last_second(
    platform: Platform,
    s3_env: dict[str, str],
    storage: Storage,
    held: HeldJobs,
    tmp_path: Path,
    uninterrupted: str,
) -> None:
    """kill -9; the platform finds that nobody names the job any more and delivers it again: it
    goes on, and ends with the same bits."""
    cut_short(
        platform,
        s3_env,
        held,
        tmp_path / "first.log",
        ready=lambda: len(keys(storage, "parts/cut/")) == 4,
        end=lambda process: process.kill(),
    )
    platform.sightings.lost_after_s = 1.0
    with worker(platform, {**s3_env, **ONE_BY_ONE}, tmp_path / "second.log"):
        platform.wait_for(lambda: platform.records["cut"].deliveries > 1, "a second delivery")
        platform.sightings.lost_after_s = None  # a busy machine may be late with a ping
        resumed = platform.result("cut")["output"]
    assert resumed["metrics"]["resumed_chunks"] == 4
    assert keys(storage, "parts/") == []
    assert resumed["sha256"] == uninterrupted


@pytest.fixture(scope="module")
def uninterrupted(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The hash of LONG in one go, on another storage and with other batches."""
    from standins.local_worker import Worker

    fresh = str(tmp_path_factory.mktemp("fresh"))
    alone = Worker({"F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": fresh})
    output = alone.run(LONG)
    alone.close()
    sha256: str = output["sha256"]
    return sha256


class SlowStore:
    """Stores a chunk when told to."""

    def __init__(self) -> None:
        self.begun, self.release = threading.Event(), threading.Event()
        self.stored: set[int] = set()

    def load(self, count: int) -> dict[int, np.ndarray]:
        return {}

    def save(self, chunk: SpokenChunk) -> bool:
        self.begun.set()
        self.release.wait()
        self.stored.add(chunk.index)
        return True

    def remove(self, indices: Sequence[int]) -> None:
        self.stored -= set(indices)


def test_a_chunk_still_on_its_way_to_storage_is_deleted_with_its_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("worker.jobs.resume.DELAY_S", 0.0)
    store = SlowStore()

    async def job() -> None:
        saver = ChunkSaver(store, 1, enabled=True, worth_keeping=lambda _: False)  # type: ignore[arg-type]
        async with saver:
            saver.add(SpokenChunk(0, np.zeros(1, np.float32)))
            await asyncio.to_thread(store.begun.wait)
            asyncio.get_running_loop().call_later(0.1, store.release.set)

    asyncio.run(job())
    assert store.stored == set()


def test_sigterm_lets_running_jobs_finish_and_takes_no_more(
    platform: Platform, s3_env: dict[str, str], s3_server: S3Server, tmp_path: Path
) -> None:
    names = [f"running-{i}" for i in range(3)]
    s3_server.faults.add(Fault("hold", contains="voices", times=99))
    for name in names:
        platform.submit(name, long_job(3, voice="Dorota"))
    env = {**s3_env, **ONE_BY_ONE, "DRAIN_GRACE_S": "600", "MAX_CONCURRENCY": "3"}
    env["F5_MAX_BATCH_FRAMES"] = "8192"
    log = tmp_path / "log"
    with worker(platform, env, log) as process:
        for name in names:
            platform.wait_until_held(name)
        process.send_signal(signal.SIGTERM)
        until(lambda: b"ending; 3 jobs have 600 s to finish" in log.read_bytes())
        platform.submit("too-late", {"text": "Hi.", **FAST})
        s3_server.faults.release()
        assert process.wait(PATIENCE_S) == 0
    assert set(names) == set(platform.results)
    assert all("error" not in answers[0] for answers in platform.results.values())
    assert platform.jobs.qsize() == 1


def test_sigterm_stores_what_does_not_fit_into_the_grace(
    platform: Platform,
    s3_env: dict[str, str],
    storage: Storage,
    held: HeldJobs,
    tmp_path: Path,
    uninterrupted: str,
) -> None:
    cut_short(
        platform,
        {**s3_env, "DRAIN_GRACE_S": "0.3"},
        held,
        tmp_path / "first.log",
        ready=lambda: chunks_done(platform, "cut") == 4,
        end=lambda process: process.send_signal(signal.SIGTERM),
    )
    assert keys(storage, "parts/cut/")
    assert "output/cut.wav" not in keys(storage, "output/")
    platform.redeliver("cut")
    with worker(platform, {**s3_env, **ONE_BY_ONE}, tmp_path / "second.log"):
        resumed = platform.result("cut")["output"]
    assert resumed["metrics"]["resumed_chunks"] > 0
    assert resumed["sha256"] == uninterrupted


def test_a_redelivered_job_is_answered_without_inference(
    platform: Platform, s3_env: dict[str, str], s3_server: S3Server, tmp_path: Path
) -> None:
    platform.submit("twice", {"text": "Hello there.", "return_word_timings": True, **FAST})
    with worker(platform, s3_env, tmp_path / "first.log"):
        first = platform.result("twice")["output"]
    platform.redeliver("twice")
    with worker(platform, s3_env, tmp_path / "second.log"):
        platform.result("twice", nth=1)
    again = platform.results["twice"][1]["output"]
    assert REDELIVERED in again["warnings"]
    times = {"upload_s", "total_s"}  # of the first run before and after delivery
    for output in (first, again):
        output["metrics"] = {k: v for k, v in output["metrics"].items() if k not in times}
    assert {name for name in first if first[name] != again[name]} == {"warnings"}
    puts = [r for r in s3_server.requests if r.method == "PUT" and "output/twice" in r.path]
    assert len(puts) == 1
