"""The main job: text and a voice in, a file in storage and a URL out."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.weights.card import CARD, read_card
from engine.weights.locate import DEMO_DIRECTORY
from standins.local_worker import FAST, Worker, files_below, wav
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S
from worker.app import App
from worker.jobs.answer import REDELIVERED
from worker.subtitles import read as transcripts


def read(path: str | Path) -> tuple[np.ndarray, int]:
    return soundfile.read(path, dtype="float32")


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return answer.read()


@pytest.fixture(scope="module")
def unconfigured(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """What a worker with nothing configured answers to its first job, and its folder."""
    folder = tmp_path_factory.mktemp("unconfigured")
    worker = Worker({"LOCAL_STORAGE_DIR": str(folder)})
    output = worker.speak("first")
    worker.close()
    return output, folder


def test_a_job_with_nothing_configured(unconfigured: tuple[dict[str, Any], Path]) -> None:
    output, folder = unconfigured
    path = folder / "output" / "first.wav"
    assert output["audio_url"] == path.resolve().as_uri()
    data = path.read_bytes()
    samples, rate = read(path)
    assert (output["status"], output["storage_type"]) == ("completed", "local")
    assert (output["sample_rate"], rate) == (24000, 24000)
    assert output["bytes"] == len(data)
    assert output["sha256"] == hashlib.sha256(data).hexdigest()
    assert output["duration"] == pytest.approx(len(samples) / rate, abs=1e-3)
    assert np.abs(samples).max() > 0.01
    assert output["text"] == "Hello there."
    assert output["word_count"] == 2
    assert output["voice"] == "demo"
    assert output["job_id"] == "first"


def test_the_demo_checkpoint_says_that_it_is_one(
    unconfigured: tuple[dict[str, Any], Path],
) -> None:
    output, _ = unconfigured
    assert output["metrics"]["model"] == "demo"
    assert read_card(DEMO_DIRECTORY / CARD).notice in output["warnings"]


def test_a_users_model_brings_its_own_card(tiny_model: Path, tmp_path: Path) -> None:
    """Its notice goes on every answer; its guidance is that of jobs that name none."""
    mine = tmp_path / "mine"
    shutil.copytree(tiny_model, mine)
    job = {"text": "Hello there.", "nfe_step": 4, "seed": 1, "checks": False}

    def answers() -> list[dict[str, Any]]:
        worker = Worker({"F5_MODEL": str(mine), "LOCAL_STORAGE_DIR": str(tmp_path / "data")})
        found = [worker.run(job), worker.run({**job, "cfg_strength": 2.0})]
        worker.close()
        return found

    plain, two = answers()
    assert plain["warnings"] == two["warnings"] == []
    assert plain["sha256"] == two["sha256"]
    (mine / CARD).write_text("notice: Trained by me.\ncfg_strength: 0.5")
    plain, still_two = answers()
    assert plain["warnings"] == still_two["warnings"] == ["Trained by me."]
    assert still_two["sha256"] == two["sha256"] != plain["sha256"]


def test_a_broken_card_fails_the_start_and_says_why(tiny_model: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(tiny_model, mine)
    (mine / CARD).write_text("cfg_strenght: 1")
    worker = Worker({"F5_MODEL": str(mine), "LOCAL_STORAGE_DIR": str(tmp_path / "data")})
    output = worker.run({"text": "Hello there."})
    worker.app.close()
    assert output["error_code"] == "MODEL_UNAVAILABLE"
    assert "cfg_strenght is unknown" in output["error"]


def test_metrics_add_up(local_worker: Worker) -> None:
    metrics = local_worker.speak("metrics", text="One. Two.")["metrics"]
    parts = ("download_s", "queue_s", "inference_s", "upload_s")
    assert all(metrics[name] >= 0 for name in parts)
    assert sum(metrics[name] for name in parts) <= metrics["total_s"] + 1e-3
    assert metrics["rtf"] == pytest.approx(metrics["inference_s"] / metrics["audio_s"], rel=1e-3)
    assert (metrics["nfe_step"], metrics["characters"], metrics["device"]) == (4, 9, "cpu")


def test_sent_again_it_is_the_same_object(local_worker: Worker, local_dir: Path) -> None:
    first = local_worker.speak("again")
    before = files_below(local_dir)
    assert local_worker.speak("again")["sha256"] == first["sha256"]
    assert files_below(local_dir) == before
    assert local_worker.speak("another")["sha256"] != first["sha256"]


def test_redelivered_it_needs_no_voice(s3_env: dict[str, str]) -> None:
    """A link may have expired, or the voice be gone, by the time a finished job comes again."""
    webhook = {"RUNPOD_WEBHOOK_GET_JOB": "http://127.0.0.1:1/$ID", "VOICE_CACHE_TTL_S": "0"}
    worker = Worker({**s3_env, **webhook})
    first = worker.speak("twice", voice="Dorota")
    worker.run({"endpoint": "delete", "voice_name": "Dorota"})
    assert worker.run({"text": "Hi.", "voice": "Dorota"})["error_code"] == "VOICE_NOT_FOUND"
    again = worker.speak("twice", voice="Dorota")
    worker.close()
    assert again["sha256"] == first["sha256"]
    assert REDELIVERED in again["warnings"]


def test_a_wrong_voice_is_told_before_the_model_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(App, "_load_engine", lambda _: None)
    worker = Worker({"LOCAL_STORAGE_DIR": str(tmp_path), "JOB_TIMEOUT_S": "20"})
    output = worker.run({"text": "Hi.", "voice": "Nobody"})
    worker.app.close()
    assert output["error_code"] == "VOICE_NOT_FOUND"


def test_the_seed_decides(local_worker: Worker) -> None:
    first = local_worker.speak("seed-a", seed=7)
    assert local_worker.speak("seed-b", seed=7)["sha256"] == first["sha256"]
    assert local_worker.speak("seed-c", seed=8)["sha256"] != first["sha256"]
    assert first["seed"] == 7


@pytest.mark.parametrize(
    ("fmt", "rate", "file_rate", "subtype"),
    [
        ("wav", 24000, 24000, "PCM_16"),
        ("wav_f32", 24000, 24000, "FLOAT"),
        ("wav", 8000, 8000, "PCM_16"),
        ("flac", 44100, 44100, "PCM_16"),
        ("mp3", 24000, 24000, "MPEG_LAYER_III"),
        ("ogg", 22050, 24000, "OPUS"),
    ],
)
def test_formats_and_rates(
    local_worker: Worker, fmt: str, rate: int, file_rate: int, subtype: str
) -> None:
    output = local_worker.speak(f"format-{fmt}-{rate}", output_format=fmt, sample_rate=rate)
    path = output["audio_url"].removeprefix("file://")
    info = soundfile.info(path)
    assert info.subtype == subtype
    assert (output["format"], output["sample_rate"], info.samplerate) == (fmt, file_rate, file_rate)
    samples, _ = read(path)
    assert len(samples) / info.samplerate == pytest.approx(output["duration"], abs=0.1)


def test_a_script_of_voices_pauses_and_speeds(s3_worker: Worker) -> None:
    output = s3_worker.speak(
        text="First. [voice:Dorota][pause:0.5] Second. [voice:default][speed:2] Third.",
        cross_fade_duration=0.0,
        joins=False,
    )
    segments = output["segments"]
    assert [s["voice"] for s in segments] == ["demo", "Dorota", "demo"]
    assert segments[1]["start"] - segments[0]["end"] == pytest.approx(0.5, abs=1e-3)
    assert segments[-1]["end"] == pytest.approx(output["duration"], abs=1e-3)
    assert [s["index"] for s in segments] == [0, 1, 2]


def test_segments_instead_of_text(s3_worker: Worker) -> None:
    output = s3_worker.run(
        {**FAST, "segments": [{"text": "One.", "voice": "Dorota"}, {"text": "Two.", "pause": 1.0}]}
    )
    assert [s["voice"] for s in output["segments"]] == ["Dorota", "demo"]
    assert output["text"] == "One. Two."


def test_a_long_text_is_cut_and_joined(local_worker: Worker) -> None:
    text = "The river runs slowly past the old mill, and nobody knows where it goes. " * 6
    output = local_worker.speak("long", text=text)
    assert output["metrics"]["chunks"] == len(output["segments"]) > 1
    starts = [s["start"] for s in output["segments"]]
    assert starts == sorted(starts)
    assert " ".join(s["text"] for s in output["segments"]).split() == text.split()


def test_timing_files_of_every_format(local_worker: Worker, local_dir: Path) -> None:
    output = local_worker.speak(
        "timed",
        text="Hello there. [pause:0.3] Good bye!",
        return_word_timings=True,
        timing_format=["srt", "vtt", "ass", "csv", "json"],
    )
    assert set(output["timing_files"]) == {"srt", "vtt", "ass", "csv", "json"}
    for fmt in output["timing_files"]:
        assert (local_dir / "timings" / f"timed.{fmt}").stat().st_size > 0
    for fmt in ("srt", "vtt", "csv"):
        name = f"timings/timed.{fmt}"
        cues = transcripts.parse((local_dir / name).read_bytes(), name).cues
        assert cues[-1].end <= output["duration"] + 1e-3
        assert " ".join(c.text for c in cues).split() == ["Hello", "there.", "Good", "bye!"]


def test_silence_can_be_removed(local_worker: Worker) -> None:
    text = "One. [pause:4] Two."
    whole = local_worker.speak("pause-kept", text=text, seed=1)
    cut = local_worker.speak("pause-cut", text=text, seed=1, remove_silence=True)
    assert whole["duration"] - cut["duration"] > 2.5
    assert cut["segments"][-1]["end"] <= cut["duration"] + 1e-3


def test_audio_inline(local_worker: Worker) -> None:
    output = local_worker.speak("inline", return_audio=True)
    data = base64.b64decode(output["audio_base64"])
    assert hashlib.sha256(data).hexdigest() == output["sha256"]


def test_audio_too_large_for_an_answer_comes_as_a_url(tiny_model: Path, tmp_path: Path) -> None:
    worker = Worker(
        {
            "F5_MODEL": str(tiny_model),
            "LOCAL_STORAGE_DIR": str(tmp_path),
            "INLINE_AUDIO_MAX_BYTES": "1000",
            "RUNPOD_WEBHOOK_GET_JOB": "http://127.0.0.1:1/$ID",
        }
    )
    outputs = [worker.speak("large", return_audio=True) for _ in range(2)]
    worker.close()
    for output in outputs:  # the second is answered from what the first one stored
        assert "audio_base64" not in output
        assert any("use audio_url" in warning for warning in output["warnings"])
    assert REDELIVERED in outputs[1]["warnings"]


# S3


def test_the_main_job_on_s3(s3_worker: Worker, s3_server: S3Server, bucket: str) -> None:
    output = s3_worker.speak(
        "s3-job",
        local_voice="Dorota.wav",
        return_word_timings=True,
        user_id=5,
        metadata={"Project": "Żółw"},
    )
    assert output["audio_url"] == f"{s3_server.url}/{bucket}/output/s3-job.wav"
    assert output["url_kind"] == "public"
    assert output["expires_at"] is None
    assert output["timing_files"]["srt"] == f"{s3_server.url}/{bucket}/timings/s3-job.srt"
    assert (output["bucket"], output["storage_type"]) == (bucket, "s3")
    assert output["voice"] == "Dorota"
    stored = s3_worker.app.storage.info("output/s3-job.wav")
    assert stored.content_type == "audio/wav"
    assert stored.metadata["project"] == "Żółw"
    assert stored.metadata["job-id"] == "s3-job"
    assert stored.metadata["user-id"] == "5"
    assert stored.metadata["voice"] == "Dorota"
    assert float(stored.metadata["duration"]) == output["duration"]
    data = s3_worker.app.storage.get("output/s3-job.wav")
    assert hashlib.sha256(data).hexdigest() == output["sha256"]
    samples, _ = soundfile.read(io.BytesIO(data))
    assert len(samples) / 24000 == pytest.approx(output["duration"], abs=1e-3)


def test_a_presigned_url_works_and_says_when_it_ends(s3_worker: Worker) -> None:
    before = datetime.now(UTC)
    output = s3_worker.speak(url="presigned", url_expires=3600)
    after = datetime.now(UTC)
    assert hashlib.sha256(fetch(output["audio_url"])).hexdigest() == output["sha256"]
    signed = datetime.fromisoformat(output["expires_at"]) - timedelta(seconds=3600)
    assert before - timedelta(seconds=1) <= signed <= after  # whole seconds


def test_no_url_on_request_only(s3_worker: Worker) -> None:
    output = s3_worker.speak(url="none")
    assert output["audio_url"] is None
    assert output["s3_key"] == "output/job-1.wav"


def test_key_templates(s3_env: dict[str, str]) -> None:
    worker = Worker(
        {**s3_env, "OUTPUT_KEY": "audio/users/{user_id}/{session}/{voice}-{job_id}.{ext}"}
    )
    output = worker.speak("k1", voice="Dorota", user_id="Ann", session="s-1", output_format="mp3")
    assert output["s3_key"] == "audio/users/Ann/s-1/Dorota-k1.mp3"
    odd = worker.speak("k2", voice="Dorota", user_id="../Ann", session="s 1", output_format="mp3")[
        "s3_key"
    ]
    assert re.fullmatch(r"audio/users/Ann-\w{16}_/s_1-\w{16}_/Dorota-k2\.mp3", odd)
    days = [datetime.now(UTC).date()]
    output = worker.speak("k2", output_key="mine/{date}/{job_id}")
    days.append(datetime.now(UTC).date())  # midnight may lie between
    assert output["s3_key"] in [f"mine/{day}/k2.wav" for day in days]
    worker.close()


def test_use_s3_false_keeps_a_job_on_disk(
    s3_worker: Worker, s3_server: S3Server, bucket: str
) -> None:
    output = s3_worker.speak("private", use_s3=False)
    assert output["storage_type"] == "local"
    assert output["audio_url"].startswith("file://")
    assert not any("private" in key for key in s3_server.raw_keys(bucket))


def test_use_s3_without_s3_is_said(local_worker: Worker) -> None:
    output = local_worker.speak("wants-s3", use_s3=True)
    assert any("use_s3" in warning for warning in output["warnings"])


def test_an_s3_prefix_holds_everything(s3_env: dict[str, str], s3_server: S3Server) -> None:
    bucket = s3_env["S3_BUCKET"]
    worker = Worker({**s3_env, "S3_PREFIX": "team-a"})
    output = worker.speak("in-prefix")
    worker.close()
    assert output["audio_url"] == f"{s3_server.url}/{bucket}/team-a/output/in-prefix.wav"
    assert "team-a/output/in-prefix.wav" in s3_server.raw_keys(bucket)


def test_hybrid_keeps_the_audio_when_s3_is_down(
    s3_env: dict[str, str], s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is sent by itself, however long the next job takes.
    monkeypatch.setattr("storage.hybrid.sender.FIRST_WAIT_S", 100 * PATIENCE_S)
    worker = Worker({**s3_env, "STORAGE_MODE": "hybrid", "S3_MAX_ATTEMPTS": "1"})
    worker.app.model_ready()
    s3_server.faults.denied = {"PUT", "POST"}
    output = worker.speak("spooled")
    assert output["storage_type"] == "local"
    assert Path(output["audio_url"].removeprefix("file://")).is_file()
    assert any("S3 failed" in warning for warning in output["warnings"])
    s3_server.faults.clear()
    assert worker.speak("fine")["storage_type"] == "s3"
    moved = worker.run({"endpoint": "migrate"})
    assert moved["copied"] == 2  # the audio and the job's answer
    assert "output/spooled.wav" in s3_server.raw_keys(s3_env["S3_BUCKET"])
    worker.close()


def test_hybrid_speaks_while_s3_does_not_answer_at_all(
    s3_env: dict[str, str], s3_server: S3Server
) -> None:
    """With voices it prepared before and with those on its disk, but never with a guess."""
    worker = Worker(
        {**s3_env, "STORAGE_MODE": "hybrid", "S3_MAX_ATTEMPTS": "1", "VOICE_CACHE_TTL_S": "0"}
    )
    worker.speak("before", voice="Dorota")
    disk = Path(s3_env["LOCAL_STORAGE_DIR"]) / "voices"
    disk.mkdir()
    (disk / "Anna.wav").write_bytes(wav())
    (disk / "Anna.txt").write_text("Anna says this.")
    s3_server.faults.add(Fault("drop", times=10_000))
    for name in ("Dorota", "Anna"):
        output = worker.speak(f"with-{name}", voice=name)
        assert (output["storage_type"], output["voice"]) == ("local", name)
    bundled = worker.speak("with-demo", voice="demo")  # the bucket may have a demo of its own
    assert any("storage could not be asked" in text for text in bundled["warnings"])
    unknown = worker.run({"text": "Hi.", "voice": "Nobody"})
    assert unknown["error_code"] == "STORAGE_UNAVAILABLE"
    s3_server.faults.clear()
    worker.close()


def test_jobs_side_by_side_do_not_mix(s3_worker: Worker) -> None:
    jobs: dict[str, Any] = {
        f"many-{i}": {"text": f"Sentence number {i}.", "seed": i, **FAST} for i in range(4)
    }
    jobs["many-bad"] = {"text": "Hi.", "voice": "Nobody"}
    together = s3_worker.run_all(jobs)
    assert together["many-bad"]["error_code"] == "VOICE_NOT_FOUND"
    for job_id in (f"many-{i}" for i in range(4)):
        alone = s3_worker.run(jobs[job_id], job_id)
        assert together[job_id]["text"] == alone["text"]
        assert together[job_id]["duration"] == alone["duration"]
