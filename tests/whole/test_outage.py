"""Hybrid storage while its S3 server, rclone's, is killed and comes back: whole jobs."""

from __future__ import annotations

import hashlib
import ssl
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from standins.local_worker import Worker, wav
from standins.servers.rclone import Rclone
from standins.waiting import PATIENCE_S, until


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "storage.patience.BRIEF_S",
        "worker.lexicons.BRIEF_S",
        "worker.lexicons.RETRY_S",
        "storage.hybrid.outage.BRIEF_S",
        "worker.voices.sources.BRIEF_S",
        "worker.voices.stored.BRIEF_S",
        "storage.hybrid.sender.FIRST_WAIT_S",
        "storage.hybrid.sender.LONGEST_WAIT_S",
        "storage.hybrid.sender.SETTLE_S",
    ):
        monkeypatch.setattr(name, 0.3)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Rclone]:
    server = Rclone(tmp_path / "rclone")
    yield server.start()
    server.kill()


@pytest.fixture
def env(server: Rclone, tiny_model: Path, tmp_path: Path) -> dict[str, str]:
    """Hybrid mode with two voices in the bucket; ids are kept for redelivery as on the platform."""
    bucket = server.make_bucket()
    for name in ("Dorota", "Ewa"):
        server.put_raw(bucket, f"voices/{name}.wav", wav())
        server.put_raw(bucket, f"voices/{name}.txt", b"This is what she says.")
    return {
        **server.env,
        "S3_BUCKET": bucket,
        "STORAGE_MODE": "hybrid",
        "F5_MODEL": str(tiny_model),
        "LOCAL_STORAGE_DIR": str(tmp_path / "data"),
        "RUNPOD_WEBHOOK_GET_JOB": "http://127.0.0.1:9/",
    }


def fetch(url: str, server: Rclone) -> bytes:
    context = ssl.create_default_context(cafile=str(server.ca_bundle))
    with urllib.request.urlopen(url, timeout=PATIENCE_S, context=context) as answer:
        return answer.read()


def test_an_outage_from_its_beginning_to_its_end(env: dict[str, str], server: Rclone) -> None:
    worker = Worker({**env, "S3_URL_KIND": "presigned"})
    assert worker.speak("before", voice="Dorota")["storage_type"] == "s3"
    server.kill()

    # The bundled voice, one used before, and none that only the bucket has.
    made = worker.speak("made", return_word_timings=True, timing_format="vtt")
    assert made["storage_type"] == "local" and made["audio_url"].startswith("file://")
    assert any("comes with the worker" in text for text in made["warnings"])
    assert worker.speak("again", voice="Dorota")["storage_type"] == "local"
    missing = worker.run({"text": "Hello.", "voice": "Ewa"}, "missing")
    assert missing["error_code"] == "STORAGE_UNAVAILABLE" and missing["retryable"]

    # What the disk knows of a job it tells, and says from where.
    status = worker.run({"endpoint": "status", "job_id": "made"})
    assert status["job_id"] == "made" and status["status"] == "completed"
    for endpoint in ("result", "download", "info", "status"):
        answer = worker.run({"endpoint": endpoint, "job_id": "made"})
        assert "error" not in answer, answer
        assert any("own disk" in text for text in answer["warnings"])
    result = worker.run({"endpoint": "result", "job_id": "made"})
    assert (result["sha256"], result["timing_keys"]) == (made["sha256"], ["timings/made.vtt"])
    timing = {"endpoint": "download", "job_id": "made", "type": "timing", "format": "vtt"}
    assert worker.run({**timing, "return_audio": True})["timing_data"]
    # A job that only S3 may know is not called unknown, and half a list not a whole one.
    unknown = worker.run({"endpoint": "status", "job_id": "elsewhere"})
    assert unknown["error_code"] == "STORAGE_UNAVAILABLE"
    listed = worker.run({"endpoint": "list", "prefix": "output/"})
    assert listed["incomplete"] and listed["count"] == 3
    assert any("Not all files" in text for text in listed["warnings"])
    # A redelivered job is answered, not spoken again.
    repeated = worker.speak("made", return_word_timings=True, timing_format="vtt")
    assert repeated["sha256"] == made["sha256"]
    info = worker.run({"endpoint": "storage_info"})
    assert info["s3_is_down"] and info["kept_on_disk"]["waiting_files"] == 5

    server.start()
    until(lambda: server.raw_keys(env["S3_BUCKET"]).count("output/made.wav"))
    until(lambda: worker.run({"endpoint": "storage_info"})["kept_on_disk"]["waiting_files"] == 0)
    after = worker.run({"endpoint": "result", "job_id": "made"})
    assert after["url_kind"] == "presigned" and after["storage_type"] == "s3"
    assert hashlib.sha256(fetch(after["audio_url"], server)).hexdigest() == made["sha256"]
    assert "incomplete" not in worker.run({"endpoint": "list"})
    until(lambda: worker.run({"endpoint": "storage_info"})["kept_on_disk"]["sent_files"] == 5)
    assert worker.speak("last", voice="Ewa")["storage_type"] == "s3"
    worker.close()


def test_a_worker_started_later_sends_what_an_earlier_one_kept(
    env: dict[str, str], server: Rclone
) -> None:
    server.kill()
    first = Worker(env)
    made = first.speak("kept")
    first.close()
    server.start()
    second = Worker(env)
    until(lambda: "output/kept.wav" in server.raw_keys(env["S3_BUCKET"]))
    until(lambda: "results/kept.json" in server.raw_keys(env["S3_BUCKET"]))
    assert second.run({"endpoint": "result", "job_id": "kept"})["sha256"] == made["sha256"]
    second.close()


def test_a_job_waits_for_s3_no_longer_than_its_own_time(
    env: dict[str, str], server: Rclone
) -> None:
    worker = Worker({**env, "STORAGE_MODE": "s3", "JOB_TIMEOUT_S": "3", "S3_RETRY_TIME": "3600"})
    worker.app.model_ready()
    server.kill()
    begun = time.monotonic()
    answer = worker.run({"text": "Hello.", "voice": "Dorota"}, "short")
    assert time.monotonic() - begun < PATIENCE_S / 2
    assert answer["error_code"] in {"STORAGE_UNAVAILABLE", "JOB_TIMEOUT"} and answer["retryable"]
    worker.close()


def test_lexicons_while_s3_is_away(env: dict[str, str], server: Rclone) -> None:
    """Those known count; one that is stored says where it is, and counts once S3 is back."""
    server.put_raw(env["S3_BUCKET"], "lexicons/a.json", b'{"Ada": "ah dah"}')
    worker = Worker(env)
    assert not any("Lexicons" in said for said in worker.speak("before")["warnings"])
    server.kill()
    stored = worker.run({"endpoint": "store_lexicon", "name": "b", "lexicon": {"Bo": "boh"}})
    assert any("Kept on local disk" in said for said in stored["warnings"])
    away = worker.speak("away")
    assert any("words may be said otherwise" in said for said in away["warnings"])
    assert len(worker.app.lexicons.current().lexicon.entries) == 1
    server.start()
    until(lambda: len(worker.app.lexicons.current().lexicon.entries) == 2)
    worker.close()
