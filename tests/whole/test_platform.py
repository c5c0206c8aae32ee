"""The genuine SDK worker loop against a local platform and a strict S3 server, over HTTP."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from pathlib import Path
from typing import Any

from standins.local_worker import FAST, files_below, wav
from standins.platform import Platform, worker
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S, until
from tests.whole.held_jobs import PROGRAM, HeldJobs


def test_jobs_in_wavs_in_the_bucket_urls_out(
    platform: Platform, s3_env: dict[str, str], s3_server: S3Server, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    log = tmp_path / "worker.log"
    for i in range(4):
        platform.submit(f"good-{i}", {"text": f"Job number {i}.", "voice": "Dorota", **FAST})
    platform.submit("bad-field", {"text": "Hi.", "nfe_stpe": 4})
    platform.submit("bad-voice", {"text": "Hi.", "voice": "Dorotea"})
    platform.submit("a-path", {"text": "Hi.", "voice": str(tmp_path / "mine.wav")})
    (tmp_path / "mine.wav").write_bytes(wav())
    platform.submit("doctor", {"endpoint": "doctor"})
    env = {**s3_env, "TMPDIR": str(temporary), "MAX_CONCURRENCY": "4"}
    with worker(platform, env, log, genuine=True):
        outputs = {f"good-{i}": platform.result(f"good-{i}")["output"] for i in range(4)}
        bad_field = platform.result("bad-field")
        bad_voice = platform.result("bad-voice")
        a_path = platform.result("a-path")
        doctor = platform.result("doctor")["output"]
    for job_id, output in outputs.items():
        assert output["s3_key"] == f"output/{job_id}.wav"
        link = presigned(s3_env, output["s3_key"])
        with urllib.request.urlopen(link, timeout=PATIENCE_S) as answer:
            assert hashlib.sha256(answer.read()).hexdigest() == output["sha256"]
    assert "did you mean nfe_step" in bad_field["error"]
    assert bad_field["output"]["error_code"] == "INVALID_INPUT"
    assert "Dorota" in bad_voice["error"]
    assert "voice starts with a slash" in a_path["error"]
    assert doctor["healthy"]
    assert all(len(answers) == 1 for answers in platform.results.values())
    assert files_below(temporary) == []
    check_log(log.read_text(), s3_env["AWS_SECRET_ACCESS_KEY"])


def presigned(env: dict[str, str], key: str) -> str:
    from s3_utils import open_storage
    from worker.settings.load import Settings

    url = open_storage(Settings.load(env).storage).url(key, "presigned", expires_s=60).url
    assert url is not None
    return url


def check_log(text: str, secret: str) -> None:
    """Every line of ours has its job's id; no secret, no signature, no job text, no traceback."""
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in text.splitlines() if line.startswith('{"')
    ]
    done = {line["job_id"] for line in lines if line.get("logger") == "f5worker.jobs"}
    assert {"good-0", "good-3", "bad-field"} <= done
    ends = {line["job_id"]: line["level"] for line in lines if "seconds" in line}
    assert (ends["good-0"], ends["bad-field"]) == ("INFO", "WARNING")
    assert secret not in text
    assert "X-Amz-Signature" not in text
    ours = [line for line in lines if str(line.get("logger", "")).startswith("f5worker")]
    assert not any("Job number" in json.dumps(line) for line in ours)
    assert "Traceback" not in text


def test_a_stopped_job_ends_and_the_others_go_on(
    platform: Platform, s3_env: dict[str, str], s3_server: S3Server, tmp_path: Path
) -> None:
    bucket, held = s3_env["S3_BUCKET"], HeldJobs(tmp_path / "held")
    held.after("long", chunks=0)
    long = {"text": "This sentence is said again and again. " * 60, "nfe_step": 64}
    env = {**s3_env, **held.env, "MAX_CONCURRENCY": "4"}
    with worker(platform, env, tmp_path / "log", PROGRAM):
        platform.submit("warm", {"text": "Hi.", **FAST})
        platform.result("warm")
        platform.submit("long", long)
        platform.wait_until_held("long")
        platform.stops.put("long")
        platform.submit("after", {"text": "Still here.", **FAST})
        assert "error" not in platform.result("after")
    assert "long" not in platform.results
    assert "output/long.wav" not in s3_server.raw_keys(bucket)


def test_a_worker_that_cannot_load_its_model_takes_no_job(
    platform: Platform, s3_env: dict[str, str], tmp_path: Path
) -> None:
    """The fitness check: the process ends with 1 and the job stays in the queue."""
    platform.submit("waiting", {"text": "Hi."})
    env = {**s3_env, "F5_MODEL": str(tmp_path / "nowhere")}
    with worker(platform, env, tmp_path / "log") as process:
        assert process.wait(PATIENCE_S) == 1
    assert platform.results == {}
    assert platform.jobs.qsize() == 1


def test_a_broken_batch_drops_no_running_job_and_its_good_jobs_run(
    platform: Platform, s3_env: dict[str, str], tmp_path: Path
) -> None:
    good = [json.dumps({"id": f"good-{i}", "input": {"text": "Hi.", **FAST}}) for i in range(2)]
    deep = '{"id": "deep", "input": ' + "[" * 5_000 + "]" * 5_000 + "}"
    batch = f'[{good[0]}, {{"input": {{}}}}, null, 3, {deep}, {{"id": "bare"}}, {good[1]}]'
    held = HeldJobs(tmp_path / "held")
    held.after("running", chunks=0)
    env = {**s3_env, **held.env, "MAX_CONCURRENCY": "8"}
    with worker(platform, env, tmp_path / "log", PROGRAM) as process:
        platform.submit("running", {"text": "Hi.", **FAST})
        platform.wait_until_held("running")
        for text in ("[null]", "{", batch):
            platform.faults.add("take", "say", text=text)
        platform.result("good-1")
        held.go_on("running")
        for job_id in ("good-0", "good-1", "running"):
            assert "error" not in platform.result(job_id)
        for job_id in ("deep", "bare"):
            assert platform.result(job_id)["output"]["error_code"] == "INVALID_INPUT"
        assert process.poll() is None


def test_a_job_stopped_while_its_result_is_stored_leaves_nothing(
    platform: Platform, s3_env: dict[str, str], s3_server: S3Server, tmp_path: Path
) -> None:
    log, bucket = tmp_path / "log", s3_env["S3_BUCKET"]
    before = s3_server.raw_keys(bucket)
    s3_server.faults.released.clear()
    s3_server.faults.add(Fault("hold", "PUT", contains="results/stopped", times=1))
    with worker(platform, s3_env, log):
        platform.submit("stopped", {"text": "Hi.", **FAST})
        platform.wait_until_held("stopped")
        until(lambda: "output/stopped.wav" in s3_server.raw_keys(bucket))
        platform.cancel("stopped")
        until(lambda: b"cancelled while its result was being stored" in log.read_bytes())
        s3_server.faults.release()
        until(lambda: b"Job stopped" in log.read_bytes())
        assert s3_server.raw_keys(bucket) == before
        platform.submit("next", {"text": "Hi.", **FAST})
        assert "error" not in platform.result("next")
    assert "stopped" not in platform.results
