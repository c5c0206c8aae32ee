"""The endpoints beside `tts`, as users of the earlier systems call them."""

from __future__ import annotations

import asyncio
import base64
import http.client
import os
import time
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from standins.local_worker import FAST, Worker, files_below, wav
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S
from worker.keys import safe_piece


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return answer.read()


def test_upload_a_voice_and_speak_with_it(s3_worker: Worker, s3_server: S3Server) -> None:
    audio = base64.b64encode(wav()).decode()
    uploaded = s3_worker.run(
        {
            "endpoint": "upload",
            "voice_name": "Anna",
            "voice": {"audio_base64": audio},
            "ref_text": "Anna says this.",
        }
    )
    assert uploaded["s3_key"] == "voices/Anna.wav"
    names = [voice["name"] for voice in s3_worker.run({"endpoint": "list_voices"})["voices"]]
    assert {"Anna", "Dorota", "demo"} <= set(names)
    assert s3_worker.speak("with-anna", voice="Anna")["voice"] == "Anna"


def test_upload_from_a_bucket(s3_worker: Worker, s3_server: S3Server, bucket: str) -> None:
    """The ancestor's `upload`: a name and a location."""
    s3_server.put_raw(bucket, "incoming/x.wav", wav())
    uploaded = s3_worker.run(
        {
            "endpoint": "upload",
            "voice_name": "Ewa.wav",
            "voice_file_url": f"s3://{bucket}/incoming/x.wav",
        }
    )
    assert uploaded["status"] == "completed", uploaded
    assert "voices/Ewa.wav" in s3_server.raw_keys(bucket)


@pytest.mark.parametrize("data", [b"", b"not audio", wav()[:2000]], ids=["empty", "text", "cut"])
def test_a_bad_voice_is_not_stored(
    s3_worker: Worker, s3_server: S3Server, bucket: str, data: bytes
) -> None:
    before = s3_server.raw_keys(bucket)
    output = s3_worker.run(
        {
            "endpoint": "upload",
            "voice_name": "Bad",
            "voice": {"audio_base64": base64.b64encode(data).decode()},
        }
    )
    assert output["error_code"] in {"VOICE_UNUSABLE", "INVALID_INPUT"}
    assert s3_server.raw_keys(bucket) == before


def test_download_status_and_result_come_from_the_stored_object(s3_worker: Worker) -> None:
    made = s3_worker.speak("done-1", return_word_timings=True, timing_format="vtt", seed=3)
    audio = s3_worker.run({"endpoint": "download", "job_id": "done-1", "type": "audio"})
    assert audio["audio_url"] == made["audio_url"]
    assert audio["size"] == made["bytes"]
    timing = s3_worker.run(
        {"endpoint": "download", "job_id": "done-1", "type": "timing", "format": "vtt"}
    )
    assert timing["url"] == made["timing_files"]["vtt"]
    assert s3_worker.run({"endpoint": "status", "job_id": "done-1"})["status"] == "completed"
    result = s3_worker.run({"endpoint": "result", "job_id": "done-1"})
    for name in ("audio_url", "duration", "sample_rate", "sha256", "bytes", "seed", "s3_key"):
        assert result[name] == made[name], name
    assert result["timing_keys"] == ["timings/done-1.vtt"]


def test_timing_files_of_an_earlier_run_are_not_this_ones(s3_worker: Worker) -> None:
    s3_worker.speak("rerun", text="Once.", timing_format="csv")
    s3_worker.speak("rerun", text="Twice.", timing_format="srt")
    result = s3_worker.run({"endpoint": "result", "job_id": "rerun"})
    assert result["timing_keys"] == ["timings/rerun.srt"]
    csv = s3_worker.run(
        {"endpoint": "download", "job_id": "rerun", "type": "timing", "format": "csv"}
    )
    assert "it has srt" in csv["error"]


def test_an_upload_without_transcript_says_what_it_lacks(s3_worker: Worker) -> None:
    audio = base64.b64encode(wav()).decode()
    uploaded = s3_worker.run(
        {"endpoint": "upload", "voice_name": "Mute", "voice": {"audio_base64": audio}}
    )
    assert not uploaded["has_transcript"]
    assert "ref_text" in uploaded["warnings"][0]


def test_download_of_bytes_on_request(s3_worker: Worker) -> None:
    """Older code got base64 in `audio_data` and `timing_data`."""
    s3_worker.speak("done-2", return_word_timings=True)
    audio = s3_worker.run({"endpoint": "download", "job_id": "done-2", "return_audio": True})
    assert base64.b64decode(audio["audio_data"])[:4] == b"RIFF"
    timing = s3_worker.run(
        {"endpoint": "download", "job_id": "done-2", "type": "timing", "return_audio": True}
    )
    assert b"-->" in base64.b64decode(timing["timing_data"])


def test_what_was_never_made_is_not_found(s3_worker: Worker) -> None:
    assert s3_worker.run({"endpoint": "status", "job_id": "nope"})["status"] == "not_found"
    for endpoint in ("download", "result", "info", "delete"):
        output = s3_worker.run({"endpoint": endpoint, "job_id": "nope"})
        assert output["error_code"] == "OBJECT_NOT_FOUND", endpoint


def test_one_id_is_not_the_beginning_of_another(s3_worker: Worker) -> None:
    """Nor its ending, nor another spelling of it."""
    ids = ["abc-1", "abc.def", "abc_", "x-abc", "ABC"]
    for job_id in ids:
        s3_worker.speak(job_id, timing_format=["srt", "json"])
    before = [file["key"] for file in s3_worker.run({"endpoint": "list"})["files"]]
    assert s3_worker.run({"endpoint": "status", "job_id": "abc"})["status"] == "not_found"
    for endpoint, kind in (
        ("result", {}),
        ("delete", {}),
        ("info", {}),
        ("download", {}),
        ("download", {"kind": "timing"}),
    ):
        output = s3_worker.run({"endpoint": endpoint, "job_id": "abc", **kind})
        assert output["error_code"] == "OBJECT_NOT_FOUND", endpoint
    assert [file["key"] for file in s3_worker.run({"endpoint": "list"})["files"]] == before
    deleted = s3_worker.run({"endpoint": "delete", "job_id": "abc_"})["deleted"]
    piece = safe_piece("abc_")
    assert sorted(deleted) == [
        f"output/{piece}.wav",
        f"results/{piece}.json",
        f"timings/{piece}.json",
        f"timings/{piece}.srt",
    ]
    for job_id in set(ids) - {"abc_"}:
        result = s3_worker.run({"endpoint": "result", "job_id": job_id})
        assert (result["job_id"], len(result["timing_keys"])) == (job_id, 2)


class Listener:
    """Takes a stream's chunks, as the platform does."""

    streams = True

    def __init__(self) -> None:
        self.chunks: list[dict[str, Any]] = []

    def progress(self, update: dict[str, Any]) -> None: ...

    def chunk(self, chunk: dict[str, Any]) -> None:
        self.chunks.append(chunk)


def test_every_file_of_a_job_has_its_type_and_goes_with_it(
    s3_worker: Worker, s3_server: S3Server, bucket: str
) -> None:
    before = set(s3_server.raw_keys(bucket))
    listener = Listener()
    job = {
        "text": "Hello there. [pause:1] Good bye.",
        "output_format": "ogg",
        "stream": True,
        "timing_format": ["srt", "vtt", "ass", "csv", "json"],
        "url": "presigned",
        **FAST,
    }
    output = asyncio.run(s3_worker.runner.handle({"id": "typed", "input": job}, listener))
    files = {**output["timing_files"], "ogg": output["audio_url"]}  # type: ignore[dict-item]
    files["chunk"] = listener.chunks[0]["audio_url"]
    types = {}
    for name, url in files.items():
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            types[name] = answer.headers["Content-Type"]
    assert types == {
        "srt": "application/x-subrip; charset=utf-8",
        "vtt": "text/vtt; charset=utf-8",
        "ass": "text/x-ssa; charset=utf-8",
        "csv": "text/csv; charset=utf-8",
        "json": "application/json",
        "ogg": "audio/ogg",
        "chunk": "audio/ogg",
    }
    written = set(s3_server.raw_keys(bucket)) - before
    assert len(written) == 9
    deleted = s3_worker.run({"endpoint": "delete", "job_id": "typed"})["deleted"]
    assert set(deleted) == written


def test_results_are_found_under_any_key_template(s3_env: dict[str, str]) -> None:
    worker = Worker({**s3_env, "OUTPUT_KEY": "out/{user_id}/{date}/{voice}-{job_id}.{ext}"})
    made = worker.speak("deep", user_id="u1")
    result = worker.run({"endpoint": "result", "job_id": "deep"})
    worker.close()
    assert result["s3_key"] == made["s3_key"]


def test_results_are_found_under_a_template_with_an_extension(
    tiny_model: Path, tmp_path: Path
) -> None:
    worker = Worker(
        {
            "F5_MODEL": str(tiny_model),
            "LOCAL_STORAGE_DIR": str(tmp_path),
            "OUTPUT_KEY": "output/{job_id}.wav",
        }
    )
    worker.speak("plain")
    assert worker.run({"endpoint": "status", "job_id": "plain"})["status"] == "completed"
    worker.speak("as-mp3", output_format="mp3")
    result = worker.run({"endpoint": "result", "job_id": "as-mp3"})
    worker.close()
    assert result["s3_key"] == "output/as-mp3.mp3"


def test_the_end_of_an_id_deletes_no_job(tiny_model: Path, tmp_path: Path) -> None:
    """RunPod's ids end in -u1 or -e1, which is a piece of many keys."""
    worker = Worker(
        {
            "F5_MODEL": str(tiny_model),
            "LOCAL_STORAGE_DIR": str(tmp_path),
            "OUTPUT_KEY": "output/{voice}-{job_id}.{ext}",
        }
    )
    made = worker.speak("7c1f-u1")
    output = worker.run({"endpoint": "delete", "job_id": "u1"})
    kept = worker.run({"endpoint": "result", "job_id": "7c1f-u1"})
    worker.close()
    assert output["error_code"] == "OBJECT_NOT_FOUND"
    assert kept["s3_key"] == made["s3_key"]


def test_delete_takes_the_timing_files_of_a_long_id(local_worker: Worker) -> None:
    job_id = "x" * 120
    local_worker.speak(job_id, return_word_timings=True)
    deleted = local_worker.run({"endpoint": "delete", "job_id": job_id})["deleted"]
    assert {"wav", "srt"} <= {key.rpartition(".")[2] for key in deleted}


def test_cleanup_without_a_folder_of_its_own_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    """`tts-` is also the beginning of `tts-models/`, which is not the worker's."""
    worker = Worker(
        {
            "F5_MODEL": str(tiny_model),
            "LOCAL_STORAGE_DIR": str(tmp_path),
            "OUTPUT_KEY": "tts-{job_id}.{ext}",
        }
    )
    worker.app.storage.put("tts-models/base.pt", b"weights")
    output = worker.run({"endpoint": "cleanup", "days_old": 0})
    worker.close()
    assert output["error_code"] == "CONFIG_ERROR"
    assert worker.app.storage.exists("tts-models/base.pt")


def test_list_in_pages(s3_worker: Worker, s3_server: S3Server, bucket: str) -> None:
    for i in range(5):
        s3_server.put_raw(bucket, f"many/{i}.txt", b"x")
    first = s3_worker.run({"endpoint": "list", "prefix": "many/", "limit": 3})
    assert [file["key"] for file in first["files"]] == ["many/0.txt", "many/1.txt", "many/2.txt"]
    assert first["truncated"]
    rest = s3_worker.run({"endpoint": "list", "prefix": "many/", "after": "many/2.txt"})
    assert [file["key"] for file in rest["files"]] == ["many/3.txt", "many/4.txt"]
    assert not rest["truncated"]


def test_info(s3_worker: Worker) -> None:
    s3_worker.speak("informed")
    info = s3_worker.run({"endpoint": "info", "job_id": "informed"})
    assert info["content_type"] == "audio/wav"
    assert info["metadata"]["job-id"] == "informed"
    datetime.fromisoformat(info["last_modified"])


def test_delete_a_job_a_voice_and_nothing_else(
    s3_worker: Worker, s3_server: S3Server, bucket: str
) -> None:
    s3_worker.speak("gone", return_word_timings=True)
    s3_worker.speak("gone-2")
    deleted = s3_worker.run({"endpoint": "delete", "job_id": "gone"})
    assert sorted(deleted["deleted"]) == [
        "output/gone.wav",
        "results/gone.json",
        "timings/gone.srt",
    ]
    assert "output/gone-2.wav" in s3_server.raw_keys(bucket)
    voice = s3_worker.run({"endpoint": "delete", "voice_name": "Dorota"})
    assert sorted(voice["deleted"]) == ["voices/Dorota.txt", "voices/Dorota.wav"]
    s3_server.put_raw(bucket, "payroll.csv", b"secret")
    refused = s3_worker.run({"endpoint": "delete", "key": "payroll.csv"})
    assert refused["error_code"] == "INVALID_INPUT"
    assert "payroll.csv" in s3_server.raw_keys(bucket)


def test_cleanup_by_age_with_counts(
    tiny_model: Path, tmp_path: Path, s3_env: dict[str, str], s3_server: S3Server
) -> None:
    worker = Worker({**s3_env, "STORAGE_MODE": "hybrid"})
    worker.speak("old")
    worker.speak("new")
    for path in Path(s3_env["LOCAL_STORAGE_DIR"]).rglob("old.wav"):
        os.utime(path, (time.time() - 40 * 86400,) * 2)
    dry = worker.run({"endpoint": "cleanup", "days_old": 30, "dry_run": True})
    assert (dry["local_would_delete"], dry["s3_would_delete"], dry["would_delete"]) == (1, 0, 1)
    assert dry["local_would_free_bytes"] > 0
    assert dry["deleted"] == 0 and "local_deleted" not in dry
    done = worker.run({"endpoint": "cleanup", "days_old": 30, "cleanup_s3": False})
    assert done["local_deleted"] == done["deleted"] == 1
    assert done["local_freed_bytes"] > 0
    assert "s3_deleted" not in done
    assert worker.run({"endpoint": "cleanup", "days_old": 0})["s3_deleted"] == 4
    assert "voices/Dorota.wav" in s3_server.raw_keys(s3_env["S3_BUCKET"])
    worker.close()


def test_presigned_urls_for_others(s3_worker: Worker, s3_server: S3Server, bucket: str) -> None:
    put = s3_worker.run({"endpoint": "presign", "method": "put", "key": "voices/Sent.wav"})
    parts = urlsplit(put["url"])
    connection = http.client.HTTPConnection(str(parts.netloc), timeout=PATIENCE_S)
    connection.request("PUT", f"{parts.path}?{parts.query}", wav())
    assert connection.getresponse().status == 200
    assert "voices/Sent.wav" in s3_server.raw_keys(bucket)
    got = s3_worker.run({"endpoint": "presign", "key": "voices/Sent.wav", "url_expires": 60})
    assert fetch(got["url"]) == wav()


def test_storage_info_and_doctor(s3_worker: Worker, bucket: str, s3_env: dict[str, str]) -> None:
    info = s3_worker.run({"endpoint": "storage_info", "total_size": True})
    assert info["bucket"] == bucket
    assert info["total_bytes"] > 0
    doctor = s3_worker.run({"endpoint": "doctor"})
    assert doctor["healthy"], doctor
    assert len(doctor["storage"]["steps"]) == 9
    assert doctor["model"]["model"].startswith("tiny")
    assert s3_env["AWS_SECRET_ACCESS_KEY"] not in str(doctor)


def test_doctor_tells_a_wrong_secret(s3_env: dict[str, str]) -> None:
    worker = Worker({**s3_env, "AWS_SECRET_ACCESS_KEY": "wrong"})
    doctor = worker.run({"endpoint": "doctor"})
    worker.close()
    assert not doctor["healthy"]
    assert doctor["error_code"] == "UNHEALTHY"
    assert not doctor["retryable"] and doctor["hint"] in doctor["error"]
    failed = next(s for s in doctor["storage"]["steps"] if s["ok"] is False)
    assert "AWS_SECRET_ACCESS_KEY" in failed["detail"]


def test_operations_on_local_storage(local_worker: Worker, local_dir: Path) -> None:
    local_worker.speak("local-op")
    assert local_worker.run({"endpoint": "result", "job_id": "local-op"})["url"].startswith("file:")
    assert local_worker.run({"endpoint": "doctor"})["healthy"]
    assert local_worker.run({"endpoint": "delete", "job_id": "local-op"})["count"] == 2
    assert not any("local-op" in name for name in files_below(local_dir))
    assert local_worker.run({"endpoint": "migrate"})["error_code"] == "CONFIG_ERROR"
