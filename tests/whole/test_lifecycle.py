"""A job's life on the platform: progress, streams, stops, platforms that fail.

One real worker process with the SDK's loop, a local platform, a strict S3 server.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

from s3_utils import Storage, open_storage
from standins.local_worker import FAST
from standins.platform import Platform, worker
from standins.s3server.server import S3Server
from standins.waiting import until
from tests.whole.held_jobs import PROGRAM, HeldJobs
from tests.whole.long_jobs import LONG, ONE_BY_ONE, chunks_done, keys, long_job
from worker.settings.load import Settings


@dataclass(frozen=True)
class Shared:
    """A worker on a platform that several tests give jobs of their own names."""

    platform: Platform
    storage: Storage
    log: Path
    held: HeldJobs


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


def test_progress_comes_in_order_and_never_after_the_result(shared: Shared) -> None:
    platform = shared.platform
    for chunks in (1, 3):
        shared.held.after("long", chunks)
        if chunks == 1:
            platform.submit("long", long_job(5))
        platform.wait_for(lambda chunks=chunks: chunks_done(platform, "long") == chunks, "progress")
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
    assert chunks_done(platform, "stopped") == 1
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
