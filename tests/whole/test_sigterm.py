"""SIGTERM: whatever hangs, a worker ends within its grace and the time to store what is cut off."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from standins.forked import Process
from standins.local_worker import FAST
from standins.platform import Platform, worker
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S, until
from tests.whole.silence import SilentHost

GOOD: dict[str, Any] = {"text": "Still here.", "voice": "Dorota", **FAST}
GRACE_S, STORING_S = 1.0, 5.0
SLACK_S = 50.0  # of the machine, which other tests share: what hangs here hangs for a minute


@pytest.fixture
def env(s3_env: dict[str, str], tiny_model: Path) -> dict[str, str]:
    more = {"F5_MODEL": str(tiny_model), "ALLOW_PRIVATE_URLS": "true", "ALLOW_HTTP_VOICES": "true"}
    voices = {"MAX_JOB_VOICES": "1000", "VOICE_CACHE_TTL_S": "0"}
    return {**s3_env, **more, **voices, "DRAIN_GRACE_S": str(GRACE_S)}


@pytest.mark.parametrize(
    "hanging", ["host", pytest.param("GET", marks=pytest.mark.slow), "PUT", "disk"]
)
def test_sigterm_ends_within_its_grace_whatever_hangs(
    env: dict[str, str],
    platform: Platform,
    silent: SilentHost,
    s3_server: S3Server,
    tmp_path: Path,
    hanging: str,
) -> None:
    """40 silent hosts, S3 silent where it is read or written, and pipes in place of files."""
    disk = tmp_path / "disk"
    if hanging == "disk":
        env = {**env, "STORAGE_MODE": "local", "LOCAL_STORAGE_DIR": str(disk)}
        for key in ("voices/Dorota.wav", "voices/Dorota.txt", "results/slow.json"):
            (disk / key).parent.mkdir(parents=True, exist_ok=True)
            os.mkfifo(disk / key)
    with worker(platform, env, tmp_path / "log") as process:
        platform.submit("warm", {**GOOD, "voice": "demo"})
        platform.result("warm")
        if hanging == "host":
            platform.submit("slow", silent.job())
            silent.until_came()
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
    assert seconds < GRACE_S + SLACK_S
    assert ("slow" in platform.results) is (hanging == "disk")


def test_sigterm_ends_a_long_job_whose_chunks_s3_does_not_take(
    env: dict[str, str], platform: Platform, s3_server: S3Server, tmp_path: Path
) -> None:
    """What is stored of an interrupted job is stored within the time for it, or not."""
    slow = {**env, "F5_MAX_BATCH_FRAMES": "1"}
    s3_server.faults.add(Fault("hold", "PUT", contains="parts/", times=1000))
    with worker(platform, slow, tmp_path / "log") as process:
        platform.submit(
            "long", {**GOOD, "text": "This sentence is said again. " * 200, "nfe_step": 16}
        )
        until(lambda: any("parts/" in request.target for request in s3_server.requests))
        seconds = ended(process)
        print(f"ended after {seconds:.2f} s")
    assert process.returncode == 0
    assert seconds < GRACE_S + STORING_S + SLACK_S
    assert "long" not in platform.results


def test_sigterm_ends_a_worker_whose_files_kept_on_disk_are_being_sent_to_silence(
    env: dict[str, str], platform: Platform, s3_server: S3Server, tmp_path: Path
) -> None:
    hybrid = {**env, "STORAGE_MODE": "hybrid", "S3_RETRY_TIME": "1"}
    s3_server.faults.add(Fault("answer", "PUT", contains="output/kept", times=1000))
    with worker(platform, hybrid, tmp_path / "log") as process:
        platform.submit("kept", GOOD)
        assert platform.result("kept")["output"]["storage_type"] == "local"
        held = Fault("hold", "PUT", times=1000)
        s3_server.faults.become(held)
        until(lambda: held.times < 1000)
        seconds = ended(process)
        print(f"ended after {seconds:.2f} s")
    assert process.returncode == 0
    assert seconds < SLACK_S
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
        until(
            lambda: "fitness check" in (tmp_path / "log").read_text()
        )  # which waits for the model
        seconds = ended(process)
        print(f"ended after {seconds:.2f} s")
    assert seconds < SLACK_S
    assert platform.jobs.qsize() == 1
    s3_server.faults.clear()  # or the server waits for what it holds


def test_sigterm_ends_a_worker_whose_results_the_platform_does_not_take(
    env: dict[str, str], platform: Platform, tmp_path: Path
) -> None:
    """The job is delivered again, and answered from storage."""
    with worker(platform, env, tmp_path / "log") as process:
        platform.faults.add("done", "slow", seconds=PATIENCE_S, times=100, job_id="done")
        platform.submit("done", GOOD)
        until(lambda: platform.faults.fired)
        seconds = ended(process)
        print(f"ended after {seconds:.2f} s")
    assert process.returncode == 0
    assert seconds < GRACE_S + STORING_S + SLACK_S


def ended(process: Process) -> float:
    """Seconds from SIGTERM to the end of the process."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE_S)
    return time.monotonic() - began
