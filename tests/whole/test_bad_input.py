"""What cannot be spoken is refused before it costs anything: one clear error, nothing written."""

from __future__ import annotations

import asyncio
import base64
import functools
import io
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from standins.local_worker import Worker, files_below, tone, wav
from standins.s3server.server import S3Server
from tests.worker.request.bad_jobs import BAD
from worker.jobs import speech_job

TRANSCRIPT = "This is the transcript."


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything temporary goes here, and must be gone after the job."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    return directory


def refused(worker: Worker, job_input: Any, code: str, message: str = "") -> dict[str, Any]:
    output = worker.run(job_input)
    assert output.get("error_code") == code, output
    assert message in output["error"]
    assert output["status"] == "failed"
    assert output["retryable"] is False
    assert isinstance(output["error"], str)
    assert "\n" not in output["error"]
    assert "Traceback" not in str(output)
    return output


@pytest.fixture(scope="module")
def strict_worker(
    tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Worker, Path]]:
    """A worker with the limits that the table of bad fields counts on."""
    data = tmp_path_factory.mktemp("strict")
    limits = {"MAX_TEXT_CHARS": "1000", "MAX_VOICE_BYTES": "10000"}
    worker = Worker({"F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": str(data), **limits})
    yield worker, data
    worker.close()


@pytest.mark.parametrize("raw", [raw for raw, _ in BAD])
def test_bad_fields(strict_worker: tuple[Worker, Path], temporary: Path, raw: Any) -> None:
    worker, data = strict_worker
    refused(worker, raw, "INVALID_INPUT")
    assert files_below(data) == []
    assert files_below(temporary) == []


def inline(data: bytes, **fields: Any) -> dict[str, Any]:
    voice = {"audio_base64": base64.b64encode(data).decode()}
    return {"text": "Hello.", "voice": voice, "ref_text": TRANSCRIPT, **fields}


def lying_header(seconds: int) -> bytes:
    """A wav of three seconds whose header promises more."""
    data = bytearray(wav())
    promised = (seconds * 48000).to_bytes(4, "little")
    data[4:8] = (seconds * 48000 + 36).to_bytes(4, "little")
    data[40:44] = promised
    return bytes(data)


def nan_audio() -> bytes:
    samples = tone()
    samples[100] = np.nan
    file = io.BytesIO()
    soundfile.write(file, samples, 24000, format="WAV", subtype="FLOAT")
    return file.getvalue()


def long_flac(hours: float) -> bytes:
    """Hours of almost nothing in a few kilobytes."""
    hum = np.zeros(int(3600 * hours) * 8000, dtype=np.float32)
    hum[:8000] = tone(1.0, 8000)
    file = io.BytesIO()
    soundfile.write(file, hum, 8000, format="FLAC")
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"RIFF",
        b"\x00" * 5000,
        b"<!DOCTYPE html><html><body>Sign in</body></html>" * 20,
        b'{"error": "AccessDenied"}' * 10,
        b"PK\x03\x04" + b"\x00" * 500,
        b"\x00\x00\x00\x20ftypM4A " + b"\x00" * 500,
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 500,
        wav()[:1000],
        wav()[:40],
        wav(form="FLAC")[:3000],
        wav(form="FLAC")[:60],
        wav(form="OGG")[:100],
        lying_header(3600),
        wav(tone() * 0),
        wav(tone(0.1)),
        wav(tone(0.0)),
        nan_audio(),
        functools.partial(long_flac, 3.0),  # takes a second: made where it is sent
    ],
    ids=[
        "four bytes", "zeros", "web page", "json", "zip", "m4a", "png", "truncated wav",
        "wav header only", "truncated flac", "flac header only", "truncated ogg", "lying header",
        "silent", "0.1 s", "no samples", "NaN", "3 hours",
    ],
)  # fmt: skip
def test_bad_voice_files(
    local_worker: Worker, local_dir: Path, temporary: Path, data: bytes | Callable[[], bytes]
) -> None:
    before = files_below(local_dir)
    refused(local_worker, inline(data() if callable(data) else data), "VOICE_UNUSABLE")
    assert files_below(local_dir) == before
    assert files_below(temporary) == []


def test_an_empty_voice_object(s3_worker: Worker, s3_server: S3Server, bucket: str) -> None:
    s3_server.put_raw(bucket, "voices/Empty.wav", b"")
    s3_server.put_raw(bucket, "voices/Empty.txt", b"Text.")
    refused(s3_worker, {"text": "Hi.", "voice": "Empty"}, "VOICE_UNUSABLE", "Empty")
    assert "output/job-1.wav" not in s3_server.raw_keys(bucket)


def test_a_voice_that_does_not_exist_names_the_nearest(s3_worker: Worker) -> None:
    """Never another voice than the one asked for."""
    for name in ("Dorotta", "dorota", "Dorota.mp3", "voices/Doroto.wav"):
        refused(s3_worker, {"text": "Hi.", "voice": name}, "VOICE_NOT_FOUND", "Dorota")
    refused(s3_worker, {"text": "Hi. [voice:Dorrota] Ho."}, "VOICE_NOT_FOUND", "Dorota")


@pytest.mark.parametrize("voice", ["s3://no-such-bucket/a.wav", "s3://{bucket}/no/such.wav"])
def test_a_location_that_does_not_exist(s3_worker: Worker, bucket: str, voice: str) -> None:
    job = {"text": "Hi.", "voice": voice.format(bucket=bucket), "ref_text": TRANSCRIPT}
    output = s3_worker.run(job)
    assert output["error_code"] in {"VOICE_NOT_FOUND", "OBJECT_NOT_FOUND", "BUCKET_NOT_FOUND"}
    assert "such" in output["error"]


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/a.wav", "https://localhost/a.wav", "https://169.254.169.254/latest",
     "https://10.0.0.1/a.wav", "https://[::1]/a.wav", "https://0x7f000001/a.wav"],
)  # fmt: skip
def test_links_into_private_networks(local_worker: Worker, url: str) -> None:
    job = {"text": "Hi.", "voice": url, "ref_text": TRANSCRIPT}
    refused(local_worker, job, "INVALID_INPUT")


def test_a_reference_without_transcript_names_what_was_looked_for(
    s3_worker: Worker, s3_server: S3Server, bucket: str
) -> None:
    s3_server.put_raw(bucket, "voices/Mute.wav", wav())
    output = refused(s3_worker, {"text": "Hi.", "voice": "Mute"}, "TRANSCRIPT_MISSING", "ref_text")
    assert "voices/Mute.txt" in output["error"]


def test_a_text_over_the_limit(local_worker: Worker) -> None:
    refused(local_worker, {"text": "word " * 5000}, "INVALID_INPUT", "at most 20000")


def test_a_chunk_the_model_cannot_hold(local_worker: Worker) -> None:
    job = {"text": "Hi.", "fix_duration": 3000, "nfe_step": 4}
    refused(local_worker, job, "INVALID_INPUT", "fix_duration")


@pytest.mark.parametrize("seconds", [0.001, 3, 5.75, 5.8])
def test_a_fixed_duration_within_the_reference(local_worker: Worker, seconds: float) -> None:
    """It counts the reference's 5.74 s, as in f5-tts."""
    job = {"text": "Hi.", "fix_duration": seconds, "nfe_step": 4}
    refused(local_worker, job, "INVALID_INPUT", "includes the reference")


def test_a_disk_that_cannot_be_used(tiny_model: Path, tmp_path: Path) -> None:
    place = tmp_path / "occupied"
    place.write_text("not a directory")
    worker = Worker({"F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": str(place)})
    doctor = worker.run({"endpoint": "doctor"})
    worker.close()
    assert doctor["error_code"] == "UNHEALTHY"
    assert f"LOCAL_STORAGE_DIR={place} cannot be used as a directory" in doctor["error"]


def test_a_job_whose_audio_does_not_fit_leaves_nothing(tiny_model: Path, tmp_path: Path) -> None:
    """Timing files are small enough to be stored; they go with the audio that is not."""
    worker = Worker(
        {
            "F5_MODEL": str(tiny_model),
            "LOCAL_STORAGE_DIR": str(tmp_path),
            "STORAGE_LOCAL_MAX_SIZE_GB": "0.00001",
        }
    )
    output = worker.run({"text": "Hello there.", "nfe_step": 4, "timing_format": ["srt", "json"]})
    worker.close()
    assert output["error_code"] == "STORAGE_FULL"
    assert [name for name in files_below(tmp_path) if ".meta" not in name] == []


def test_metadata_that_s3_could_not_carry_fails_before_inference(local_worker: Worker) -> None:
    metadata = {f"field-{i}": "ż" * 200 for i in range(8)}
    refused(local_worker, {"text": "Hi.", "metadata": metadata}, "INVALID_INPUT", "metadata")


def test_a_wrong_secret_says_so(s3_env: dict[str, str]) -> None:
    worker = Worker({**s3_env, "AWS_SECRET_ACCESS_KEY": "wrong"})
    output = refused(worker, {"text": "Hi.", "voice": "Dorota"}, "STORAGE_DENIED")
    worker.close()
    assert "AWS_SECRET_ACCESS_KEY" in output["hint"]


def test_a_missing_bucket_says_how_to_make_it(s3_env: dict[str, str]) -> None:
    worker = Worker({**s3_env, "S3_BUCKET": "never-made"})
    output = worker.run({"text": "Hi.", "voice": "Dorota"})
    worker.close()
    assert output["error_code"] == "BUCKET_NOT_FOUND"


def test_s3_that_is_down_is_retryable(s3_env: dict[str, str]) -> None:
    worker = Worker({**s3_env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "S3_MAX_ATTEMPTS": "1"})
    output = worker.run({"text": "Hi.", "voice": "Dorota"})
    worker.close()
    assert output["error_code"] == "STORAGE_UNAVAILABLE"
    assert output["retryable"] is True


def test_a_job_over_its_time_budget_is_ended(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However fast the machine, it is not done in time."""
    speak = speech_job.speak

    async def without_end(*chunks: Any, **more: Any) -> AsyncGenerator[Any, None]:
        async with aclosing(speak(*chunks, **more)) as spoken:
            async for chunk in spoken:
                yield chunk
                await asyncio.Event().wait()

    monkeypatch.setattr(speech_job, "speak", without_end)
    env = {"F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": str(tmp_path)}
    worker = Worker({**env, "JOB_TIMEOUT_S": "0.5"})
    worker.app.model_ready()
    output = worker.run({"text": "A long sentence to speak. " * 40, "nfe_step": 4})
    worker.close()
    assert output["error_code"] == "JOB_TIMEOUT"
    assert files_below(tmp_path) == []
