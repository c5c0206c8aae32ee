"""A job's life on the platform: progress, streams, interruption, redelivery; nothing is lost.

Real worker processes with the SDK's loop, a local platform, a strict S3 server.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.chunk import SpokenChunk
from s3_utils import Storage, open_storage
from standins.forked import Process
from standins.local_worker import FAST
from standins.platform import Platform, worker
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S, until
from tests.whole.held_jobs import PROGRAM, HeldJobs
from worker.jobs.answer import REDELIVERED
from worker.jobs.resume import ChunkSaver
from worker.settings.load import Settings

SENTENCES = [f"This is sentence number {i} of a long story that goes on and on." for i in range(16)]
# One chunk a pass, so that chunks finish one after the other.
ONE_BY_ONE = {"F5_MAX_BATCH_FRAMES": "1", "PROGRESS_INTERVAL_S": "0.05"}


def long_job(sentences: int, **fields: Any) -> dict[str, Any]:
    text = " [pause:0.1] ".join(SENTENCES[:sentences])
    return {"text": text, **FAST, **fields}


LONG_CHUNKS = 16
LONG = long_job(LONG_CHUNKS, seed=1)


@dataclass(frozen=True)
class Shared:
    """A worker on a platform that several tests give jobs of their own names."""

    platform: Platform
    storage: Storage
    log: Path
    held: HeldJobs


@pytest.fixture
def held(tmp_path: Path) -> HeldJobs:
    return HeldJobs(tmp_path / "held")


@pytest.fixture(scope="module")
def shared(
    _s3_server: S3Server, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shared]:
    folder, platform = tmp_path_factory.mktemp("shared"), Platform()
    held = HeldJobs(folder / "held")
    env = {
        **_s3_server.env,
        **ONE_BY_ONE,
        **held.env,
        "S3_BUCKET": _s3_server.make_bucket(),
        "S3_CONNECT_TIMEOUT": "60",
        "F5_MODEL": str(tiny_model),
        "LOCAL_STORAGE_DIR": str(folder / "data"),
        "PROGRESS_INTERVAL_S": "0.001",  # one a chunk
    }
    with worker(platform, env, folder / "log", PROGRAM):
        yield Shared(platform, open_storage(Settings.load(env).storage), folder / "log", held)
    platform.close()


@pytest.fixture
def storage(s3_env: dict[str, str]) -> Storage:
    return open_storage(Settings.load(s3_env).storage)


def keys(storage: Storage, prefix: str) -> list[str]:
    return [item.key for item in storage.list(prefix)]


def test_progress_comes_in_order_and_never_after_the_result(shared: Shared) -> None:
    platform = shared.platform
    for chunks in (1, 3):
        shared.held.after("long", chunks)
        if chunks == 1:
            platform.submit("long", long_job(5))
        platform.wait_for(
            lambda chunks=chunks: _chunks_done(platform, "long") == chunks, "progress"
        )
    shared.held.go_on("long")
    platform.submit("short", {"text": "Hi.", **FAST})
    output = platform.result("long")["output"]
    platform.result("short")
    platform.submit("later", long_job(5))  # a late update would come while it runs
    platform.result("later")
    updates = platform.progress["long"]
    done = [update["chunks_done"] for update in updates]
    assert done == sorted(done)
    assert all(update["chunks"] == 5 for update in updates)
    assert all(update["seconds_left"] >= 0 for update in updates)
    assert updates[-1]["audio_s"] <= output["duration"] + 5 * 0.2
    kinds = [event.kind for event in platform.events if event.job_id == "long"]
    assert kinds == ["progress"] * len(updates) + ["final"]


def _chunks_done(platform: Platform, job_id: str) -> int:
    """What the platform has been told of the job's progress last."""
    updates = platform.progress.get(job_id)
    return int(updates[-1]["chunks_done"]) if updates else 0


def test_a_stream_gives_every_chunk_as_it_is_spoken_and_then_the_whole(shared: Shared) -> None:
    platform, storage = shared.platform, shared.storage
    shared.held.after("urls", chunks=1)
    platform.submit("urls", long_job(4, stream=True, seed=1))
    platform.wait_for(lambda: platform.stream.get("urls"), "the first while others are made")
    shared.held.go_on("urls")
    platform.submit("inline", long_job(2, stream=True, return_audio=True))
    platform.submit("plain", long_job(4, seed=1))
    whole = platform.result("urls")["output"]
    inline = platform.result("inline")["output"]
    plain = platform.result("plain")["output"]
    pieces = [body["output"] for body in platform.stream["urls"]]
    assert [piece["index"] for piece in pieces] == list(range(4))
    assert [piece["last"] for piece in pieces] == [False] * 3 + [True]
    for piece, segment in zip(pieces, whole["segments"], strict=True):
        for name in ("index", "text", "voice", "start"):
            assert piece[name] == segment[name]
        samples, _ = soundfile.read(io.BytesIO(storage.get(piece["s3_key"])))
        assert len(samples) / 24000 == pytest.approx(piece["end"] - piece["start"], abs=2e-3)
        assert piece["audio_url"].endswith(piece["s3_key"])
    kinds = [event.kind for event in platform.events if event.job_id == "urls"]
    assert [kind for kind in kinds if kind != "progress"] == ["stream"] * 4 + ["final"]
    # The aggregate is the output any other job has.
    assert whole["sha256"] == plain["sha256"]
    assert set(whole) == set(plain)
    for body in platform.stream["inline"]:
        assert base64.b64decode(body["output"]["audio_base64"])[:4] == b"RIFF"
    assert base64.b64decode(inline["audio_base64"])[:4] == b"RIFF"


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
        ready=lambda: _chunks_done(platform, "cut") == 4,
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


def test_the_same_id_with_other_parameters_is_another_job(shared: Shared) -> None:
    platform = shared.platform
    platform.submit("same-id", {"text": "Hello there.", **FAST})
    platform.result("same-id")
    platform.submit("same-id", {"text": "Good bye.", **FAST})
    platform.result("same-id", nth=1)
    assert platform.results["same-id"][1]["output"]["text"] == "Good bye."


def test_a_stop_signal_ends_one_job_and_no_other(shared: Shared) -> None:
    platform = shared.platform
    shared.held.after("stopped", chunks=1)
    platform.submit("stopped", LONG)
    platform.wait_for(lambda: platform.progress.get("stopped"), "progress")
    platform.submit("other", long_job(4))
    platform.cancel("stopped")
    until(lambda: b"Job stopped" in shared.log.read_bytes())
    shared.held.go_on("stopped")
    assert platform.result("other")["output"]["metrics"]["chunks"] == 4
    assert _chunks_done(platform, "stopped") == 1
    assert "stopped" not in platform.results
    stored = keys(shared.storage, "output/")
    assert "output/other.wav" in stored and "output/stopped.wav" not in stored


def test_results_wait_for_a_platform_that_fails(shared: Shared) -> None:
    platform = shared.platform
    platform.faults.add("done", "answer", status=500, times=2, job_id="patient")
    platform.faults.add("done", "reset", times=1, job_id="patient")
    platform.submit("patient", {"text": "Hello there.", **FAST})
    output = platform.result("patient")["output"]
    assert len(platform.results["patient"]) == 1
    assert output["status"] == "completed"


def test_sha_of_inline_audio_at_runsync_size(shared: Shared) -> None:
    """/runsync carries 20 MB, /run 10 MB: audio between is inline for the one, a URL for both."""
    job = {
        "text": "[pause:60] Hello there. [pause:60] Good bye.",
        "return_audio": True,
        "output_format": "wav_f32",
        **FAST,
    }
    for job_id in ("sync-1", "async-1"):
        shared.platform.submit(job_id, job)
    sync = shared.platform.result("sync-1")["output"]
    run = shared.platform.result("async-1")["output"]
    assert 7_500_000 < sync["bytes"] < 14_000_000
    data = base64.b64decode(sync["audio_base64"])
    assert hashlib.sha256(data).hexdigest() == sync["sha256"]
    assert "audio_base64" not in run
    assert any("audio_url" in warning for warning in run["warnings"])
