"""A job's life on the platform: progress, streams, interruption, redelivery; nothing is lost.

Real worker processes with the SDK's loop, a local platform, a strict S3 server.
"""

from __future__ import annotations

import base64
import hashlib
import io
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

from s3_utils import Storage, open_storage
from tests.jobs.harness import FAST
from tests.platform import Platform, worker
from tests.s3server.server import S3Server
from worker.settings import Settings
from worker.tts import REPEATED

SENTENCES = [f"This is sentence number {i} of a long story that goes on and on." for i in range(24)]
# One chunk a pass, so that chunks finish one after the other.
ONE_BY_ONE = {"F5_MAX_BATCH_FRAMES": "1", "PROGRESS_INTERVAL_S": "0.2"}


def long_job(sentences: int, **fields: Any) -> dict[str, Any]:
    text = " [pause:0.1] ".join(SENTENCES[:sentences])
    return {"text": text, "nfe_step": 8, "cfg_strength": 0.0, **fields}


@pytest.fixture
def s3_env(s3_env: dict[str, str], tiny_model: Path) -> dict[str, str]:
    return {**s3_env, "F5_MODEL": str(tiny_model)}


@pytest.fixture
def storage(s3_env: dict[str, str]) -> Storage:
    return open_storage(Settings.load(s3_env).storage)


def until(condition: Callable[[], bool], timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def keys(storage: Storage, prefix: str) -> list[str]:
    return [item.key for item in storage.list(prefix)]


def test_progress_comes_in_order_and_never_after_the_result(
    platform: Platform, s3_env: dict[str, str], tmp_path: Path
) -> None:
    platform.submit("long", long_job(8))
    platform.submit("short", {"text": "Hi.", **FAST})
    with worker(platform, {**s3_env, **ONE_BY_ONE}, tmp_path / "log"):
        output = platform.result("long")["output"]
        platform.result("short")
        time.sleep(1.0)  # a late update would come now
    updates = platform.progress["long"]
    assert len(updates) >= 2
    done = [update["chunks_done"] for update in updates]
    assert done == sorted(done)
    assert all(update["chunks"] == 8 for update in updates)
    assert all(update["seconds_left"] >= 0 for update in updates)
    assert updates[-1]["audio_s"] <= output["duration"] + 8 * 0.2
    kinds = [event.kind for event in platform.events if event.job_id == "long"]
    assert kinds == ["progress"] * len(updates) + ["final"]


def test_a_stream_gives_every_chunk_as_it_is_spoken_and_then_the_whole(
    platform: Platform, s3_env: dict[str, str], storage: Storage, tmp_path: Path
) -> None:
    platform.submit("urls", long_job(5, stream=True, seed=1))
    platform.submit("inline", long_job(3, stream=True, return_audio=True))
    platform.submit("plain", long_job(5, seed=1))
    with worker(platform, {**s3_env, **ONE_BY_ONE}, tmp_path / "log"):
        whole = platform.result("urls")["output"]
        inline = platform.result("inline")["output"]
        plain = platform.result("plain")["output"]
    pieces = [body["output"] for body in platform.stream["urls"]]
    assert [piece["index"] for piece in pieces] == list(range(5))
    assert [piece["last"] for piece in pieces] == [False] * 4 + [True]
    for piece, segment in zip(pieces, whole["segments"], strict=True):
        assert {name: piece[name] for name in segment} == segment
        samples, _ = soundfile.read(io.BytesIO(storage.get(piece["s3_key"])))
        assert len(samples) / 24000 == pytest.approx(piece["end"] - piece["start"], abs=2e-3)
        assert piece["audio_url"].endswith(piece["s3_key"])
    times = [event.at for event in platform.events if event.job_id == "urls"]
    assert times[-1] - times[0] > 0.2, "the first chunk came while the rest was running"
    kinds = [e.kind for e in platform.events if e.job_id == "urls" and e.kind != "progress"]
    assert kinds == ["stream"] * 5 + ["final"]
    # The aggregate is the output any other job has.
    assert whole["sha256"] == plain["sha256"]
    assert set(whole) == set(plain)
    for body in platform.stream["inline"]:
        assert base64.b64decode(body["output"]["audio_base64"])[:4] == b"RIFF"
    assert base64.b64decode(inline["audio_base64"])[:4] == b"RIFF"


def test_a_worker_killed_in_a_job_loses_at_most_the_last_second(
    platform: Platform, s3_env: dict[str, str], storage: Storage, tmp_path: Path
) -> None:
    """kill -9; the platform delivers the job again: it goes on, and ends with the same bits."""
    job = long_job(16)
    platform.submit("victim", job)
    with worker(platform, {**s3_env, **ONE_BY_ONE}, tmp_path / "first.log") as first:
        until(lambda: len(keys(storage, "parts/victim/")) >= 2)
        first.kill()
        first.wait()
    stored = len(keys(storage, "parts/victim/"))
    assert "victim" not in platform.results
    platform.redeliver("victim")
    with worker(platform, {**s3_env, **ONE_BY_ONE}, tmp_path / "second.log"):
        resumed = platform.result("victim", timeout=90)["output"]
    assert stored <= resumed["metrics"]["resumed_chunks"] < 16
    assert keys(storage, "parts/") == []
    assert resumed["sha256"] == uninterrupted(s3_env, job, "victim", tmp_path)


def uninterrupted(env: dict[str, str], job: dict[str, Any], job_id: str, tmp_path: Path) -> str:
    """The hash of the same job in one go, on another storage and with other batches."""
    from tests.jobs.harness import Worker

    fresh = {"F5_MODEL": env["F5_MODEL"], "LOCAL_STORAGE_DIR": str(tmp_path / "fresh")}
    alone = Worker(fresh)
    output = alone.run(job, job_id)
    alone.close()
    return output["sha256"]


def test_sigterm_lets_running_jobs_finish_and_takes_no_more(
    platform: Platform, s3_env: dict[str, str], tmp_path: Path
) -> None:
    for i in range(3):
        platform.submit(f"running-{i}", long_job(3))
    env = {**s3_env, **ONE_BY_ONE, "DRAIN_GRACE_S": "60", "MAX_CONCURRENCY": "3"}
    env["F5_MAX_BATCH_FRAMES"] = "8192"
    with worker(platform, env, tmp_path / "log") as process:
        until(lambda: platform.jobs.qsize() == 0)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        platform.submit("too-late", {"text": "Hi.", **FAST})
        assert process.wait(60) == 0
    assert {f"running-{i}" for i in range(3)} == set(platform.results)
    assert all("error" not in answers[0] for answers in platform.results.values())
    assert platform.jobs.qsize() == 1


def test_sigterm_stores_what_does_not_fit_into_the_grace(
    platform: Platform, s3_env: dict[str, str], storage: Storage, tmp_path: Path
) -> None:
    job = long_job(16)
    platform.submit("cut", job)
    env = {**s3_env, **ONE_BY_ONE, "DRAIN_GRACE_S": "0.3"}
    with worker(platform, env, tmp_path / "first.log") as process:
        until(lambda: bool(platform.progress.get("cut")))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert "cut" not in platform.results
    assert keys(storage, "parts/cut/")
    assert keys(storage, "output/") == []
    platform.redeliver("cut")
    with worker(platform, {**s3_env, **ONE_BY_ONE}, tmp_path / "second.log"):
        resumed = platform.result("cut", timeout=90)["output"]
    assert resumed["metrics"]["resumed_chunks"] > 0
    assert resumed["sha256"] == uninterrupted(s3_env, job, "cut", tmp_path)


def test_a_job_delivered_again_is_answered_without_inference(
    platform: Platform, s3_env: dict[str, str], s3_server: S3Server, tmp_path: Path
) -> None:
    platform.submit("twice", {"text": "Hello there.", "return_word_timings": True, **FAST})
    with worker(platform, s3_env, tmp_path / "first.log"):
        first = platform.result("twice")["output"]
    platform.redeliver("twice")
    with worker(platform, s3_env, tmp_path / "second.log"):
        until(lambda: len(platform.results["twice"]) == 2)
    again = platform.results["twice"][1]["output"]
    assert REPEATED in again["warnings"]
    times = {"upload_s", "total_s"}  # of the first run before and after delivery
    for output in (first, again):
        output["metrics"] = {k: v for k, v in output["metrics"].items() if k not in times}
    assert {name for name in first if first[name] != again[name]} == {"warnings"}
    puts = [r for r in s3_server.requests if r.method == "PUT" and "output/twice" in r.path]
    assert len(puts) == 1


def test_the_same_id_with_other_parameters_is_another_job(
    platform: Platform, s3_env: dict[str, str], tmp_path: Path
) -> None:
    with worker(platform, s3_env, tmp_path / "log"):
        platform.submit("same-id", {"text": "Hello there.", **FAST})
        platform.result("same-id")
        platform.submit("same-id", {"text": "Good bye.", **FAST})
        until(lambda: len(platform.results["same-id"]) == 2)
    assert platform.results["same-id"][1]["output"]["text"] == "Good bye."


def test_a_stop_signal_ends_one_job_within_a_second(
    platform: Platform, s3_env: dict[str, str], storage: Storage, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with worker(platform, {**s3_env, **ONE_BY_ONE}, log):
        platform.submit("stopped", long_job(16))
        until(lambda: bool(platform.progress.get("stopped")))
        platform.submit("other", long_job(4))
        stopped_at = time.monotonic()
        platform.cancel("stopped")
        until(lambda: b"Job stopped" in log.read_bytes(), timeout=5)
        assert time.monotonic() - stopped_at < 1.0
        other = platform.result("other")["output"]
    assert other["metrics"]["chunks"] == 4
    assert keys(storage, "output/") == ["output/other.wav"]
    assert "stopped" not in platform.results


def test_results_wait_for_a_platform_that_fails(
    platform: Platform, s3_env: dict[str, str], tmp_path: Path
) -> None:
    platform.faults.add("done", "answer", status=500, times=2)
    platform.faults.add("done", "reset", times=1)
    platform.submit("patient", {"text": "Hello there.", **FAST})
    with worker(platform, s3_env, tmp_path / "log"):
        output = platform.result("patient", timeout=30)["output"]
    assert len(platform.results["patient"]) == 1
    assert output["status"] == "completed"


def test_sha_of_inline_audio_at_runsync_size(
    platform: Platform, s3_env: dict[str, str], tmp_path: Path
) -> None:
    """/runsync carries 20 MB, /run 10 MB: audio between is inline for the one, a URL for both."""
    job = {
        "text": "[pause:60] Hello there. [pause:60] Good bye.",
        "return_audio": True,
        "output_format": "wav_f32",
        **FAST,
    }
    platform.submit("sync-1", job)
    platform.submit("async-1", job)
    with worker(platform, s3_env, tmp_path / "log"):
        sync = platform.result("sync-1")["output"]
        run = platform.result("async-1")["output"]
    assert 7_500_000 < sync["bytes"] < 14_000_000
    data = base64.b64decode(sync["audio_base64"])
    assert hashlib.sha256(data).hexdigest() == sync["sha256"]
    assert "audio_base64" not in run
    assert any("audio_url" in warning for warning in run["warnings"])
