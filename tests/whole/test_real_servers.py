"""Whole jobs and every operation on real S3 servers: rclone's, and Ceph's in `make test-full`."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from standins.local_worker import Worker, wav
from standins.servers.real import RealServer
from standins.waiting import PATIENCE_S
from tests.conftest import REAL_SERVERS
from worker.operations.table import OPERATIONS

KEY = "out put/Jörg_100%/a+b ä {job_id} 100% ID.{ext}"


@pytest.fixture(scope="module", params=REAL_SERVERS)
def server(request: pytest.FixtureRequest) -> RealServer:
    fixture = "_rclone" if request.param == "rclone" else request.param
    found: RealServer = request.getfixturevalue(fixture)
    return found


@pytest.fixture(scope="module")
def bucket(server: RealServer) -> str:
    name = server.make_bucket()
    server.put_raw(name, "voices/Dorota.wav", wav())
    server.put_raw(name, "voices/Dorota.txt", b"This is what Dorota says.")
    return name


@pytest.fixture(scope="module")
def worker(
    server: RealServer, bucket: str, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    worker = Worker(
        {
            **server.env,
            "S3_BUCKET": bucket,
            "S3_URL_KIND": "presigned",
            "F5_MODEL": str(tiny_model),
            "LOCAL_STORAGE_DIR": str(tmp_path_factory.mktemp("data")),
            "RUNPOD_WEBHOOK_GET_JOB": "http://127.0.0.1:9/",  # ids are as on the platform
        }
    )
    yield worker
    worker.close()


@pytest.fixture
def fetch(server: RealServer) -> Any:
    """Opens URLs as any program that knows the authority."""
    context = ssl.create_default_context()
    if server.ca_bundle:
        context.load_verify_locations(server.ca_bundle)

    def fetch(url: str, data: bytes | None = None, kind: str = "") -> bytes:
        headers = {"Content-Type": kind} if kind else {}
        method = "GET" if data is None else "PUT"
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S, context=context) as answer:
            return bytes(answer.read())

    return fetch


@pytest.mark.parametrize("fmt", ["wav", "flac", "mp3", "ogg"])
def test_a_job_of_every_format_is_what_its_url_gives(worker: Worker, fetch: Any, fmt: str) -> None:
    made = worker.speak(f"job-{fmt}", voice="Dorota", output_format=fmt)
    data = fetch(made["audio_url"])
    assert hashlib.sha256(data).hexdigest() == made["sha256"] and len(data) == made["bytes"]
    assert soundfile.info(io.BytesIO(data)).duration == pytest.approx(made["duration"], abs=0.1)


def test_odd_keys_names_and_words_arrive_as_they_were_sent(
    worker: Worker, fetch: Any, server: RealServer, bucket: str
) -> None:
    made = worker.speak(
        "odd-key",
        output_key=KEY,
        metadata={"who": "Zoë Ångström", "spaces": "a  b"},
        timing_format=["srt", "json"],
        return_word_timings=True,
    )
    assert made["s3_key"] == "out put/Jörg_100%/a+b ä odd-key 100% ID.wav"
    assert made["s3_key"] in server.raw_keys(bucket)
    assert hashlib.sha256(fetch(made["audio_url"])).hexdigest() == made["sha256"]
    assert b"-->" in fetch(made["timing_files"]["srt"])
    json.loads(fetch(made["timing_files"]["json"]))
    info = worker.run({"endpoint": "info", "key": made["s3_key"]})
    kept = {name: info["metadata"][name] for name in ("who", "spaces", "job-id")}
    assert kept == {"who": "Zoë Ångström", "spaces": "a  b", "job-id": "odd-key"}


def test_a_redelivered_job_is_answered_from_its_stored_answer(worker: Worker, fetch: Any) -> None:
    first = worker.speak("twice", voice="Dorota")
    again = worker.speak("twice", voice="Dorota")
    assert any("redelivered" in text or "delivered before" in text for text in again["warnings"])
    assert again["sha256"] == first["sha256"]
    assert hashlib.sha256(fetch(again["audio_url"])).hexdigest() == first["sha256"]


def test_every_operation(worker: Worker, fetch: Any, server: RealServer, bucket: str) -> None:
    seen: set[str] = set()

    def run(endpoint: str, **fields: Any) -> dict[str, Any]:
        seen.add(endpoint)
        return worker.run({"endpoint": endpoint, **fields}, "operation")

    audio = base64.b64encode(wav()).decode()
    for name in ("Ewa", "Zoë Ångström", "a+b & c", "100%"):
        stored = run("upload", voice_name=name, voice={"audio_base64": audio}, ref_text="Hi.")
        assert stored["s3_key"] == f"voices/{name}.wav", stored
    names = {voice["name"] for voice in run("list_voices")["voices"]}
    assert {"Dorota", "Ewa", "Zoë Ångström", "a+b & c", "100%", "demo"} <= names
    assert worker.speak("by-s3", voice=f"s3://{bucket}/voices/Zoë Ångström.wav")["voice"]

    made = worker.speak("whole", voice="a+b & c", return_word_timings=True, seed=3)
    assert run("status", job_id="whole")["status"] == "completed"
    assert run("status", job_id="never")["status"] == "not_found"
    result = run("result", job_id="whole")
    assert (result["sha256"], result["seed"]) == (made["sha256"], 3)
    assert run("info", job_id="whole")["content_type"] == "audio/wav"
    bytes_ = run("download", job_id="whole", return_audio=True)["audio_data"]
    assert hashlib.sha256(base64.b64decode(bytes_)).hexdigest() == made["sha256"]
    listed = run("list", prefix="output/", limit=2)
    rest = run("list", prefix="output/", after=listed["files"][-1]["key"])
    keys = [file["key"] for file in (*listed["files"], *rest["files"])]
    assert keys == sorted(keys, key=str.encode) and listed["truncated"] and not rest["truncated"]
    assert "output/whole.wav" in keys

    put = run("presign", key="voices/sent ü.wav", method="put", content_type="audio/wav")
    fetch(put["url"], wav(), "audio/wav")
    with pytest.raises(urllib.error.URLError):  # rclone closes the connection on the body
        fetch(put["url"], b"other", "text/html")
    assert fetch(run("presign", key="voices/sent ü.wav")["url"]) == wav()

    words = {"Nguyen": "nwin", "SQL": "sequel"}
    assert run("store_lexicon", name="ü names", lexicon=words)["s3_key"] == "lexicons/ü names.json"
    assert run("list_lexicons")["lexicons"][0]["key"] == "lexicons/ü names.json"
    assert run("delete_lexicon", name="ü names")["count"] == 1

    assert run("check_voice", voice="Zoë Ångström")["report"]["seconds"] > 1
    assert run("describe_voice", voice_name="Ewa", description="ü")["record"]["description"] == "ü"
    assert run("show_voice", voice_name="Ewa")["record"]["description"] == "ü"
    assert run("copy_voice", voice_name="Ewa", new_name="Ewa ü")["voice_name"] == "Ewa ü"
    assert run("rename_voice", voice_name="Ewa ü", new_name="Eve")["voice_name"] == "Eve"
    assert run("delete", voice_name="Eve")["deleted"]
    assert run("restore_voice", voice_name="Eve")["voice_name"] == "Eve"
    assert "error" not in run("usage")
    assert "error" not in run("send_callbacks")

    gone = run("delete", job_id="whole")["deleted"]
    assert sorted(gone) == ["output/whole.wav", "results/whole.json", "timings/whole.srt"]
    assert run("delete", voice_name="100%")["deleted"]
    assert run("delete", key="voices/sent ü.wav")["count"] == 1
    missing = run("result", job_id="whole")
    assert missing["error_code"] == "OBJECT_NOT_FOUND"
    dry = run("cleanup", days_old=0, dry_run=True)
    assert dry["s3_would_delete"] > 0 and "output/by-s3.wav" in server.raw_keys(bucket)
    assert run("storage_info", total_size=True)["total_bytes"] > 0
    assert run("migrate")["error_code"] == "CONFIG_ERROR"
    health = run("doctor")
    assert health["healthy"], health
    assert seen == set(OPERATIONS)


def test_a_wrong_secret_and_a_missing_bucket_are_told_apart(
    server: RealServer, bucket: str, tiny_model: Path, tmp_path: Path
) -> None:
    env = {**server.env, "F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": str(tmp_path)}
    for wrong, said in (
        ({"AWS_SECRET_ACCESS_KEY": "wrong", "S3_BUCKET": bucket}, "STORAGE_DENIED"),
        ({"S3_BUCKET": "no-such-bucket"}, "BUCKET_NOT_FOUND"),
    ):
        worker = Worker({**env, **wrong})
        answer = worker.run({"endpoint": "list"})
        worker.close()
        assert answer["error_code"] == said and "None" not in answer["error"], answer
