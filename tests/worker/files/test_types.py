"""What a browser or a player is told of a job's files, over HTTP."""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from typing import get_args

import pytest

from s3_utils import Storage, open_storage
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S
from storage.config import StorageConfig
from worker.audio.formats import AudioFormat
from worker.files.jobfiles import JobFiles
from worker.files.layout import JobFile
from worker.settings.load import Settings
from worker.subtitles.write import TimingFormat

AUDIO = {
    "wav": "audio/wav",
    "wav_f32": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
}
TIMINGS = {
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "ass": "text/x-ssa; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


def every_file(job: JobFiles) -> dict[JobFile, str]:
    """One file of every kind and format, and the type it should have."""
    audio = {job.audio(fmt): AUDIO[fmt] for fmt in get_args(AudioFormat)}
    streamed = {job.streamed(0, fmt): AUDIO[fmt] for fmt in get_args(AudioFormat)}
    timings = {job.timing(fmt): TIMINGS[fmt] for fmt in get_args(TimingFormat)}
    others = {job.answer: "application/json", job.part("0f", 0): "application/octet-stream"}
    return {**audio, **streamed, **timings, **others}


def told(store: Storage, key: str) -> str:
    with urllib.request.urlopen(str(store.url(key, "presigned").url), timeout=PATIENCE_S) as answer:
        return answer.headers["Content-Type"]


def test_every_kind_and_format_has_its_type(s3_config: StorageConfig) -> None:
    store = open_storage(s3_config)
    job = JobFiles(store, Settings(), "abc")
    for file, content_type in every_file(job).items():
        job.put(file, b"x")
        assert told(store, file.key) == content_type, file.key


def test_what_waited_on_disk_for_s3_keeps_its_type(
    s3_config: StorageConfig, s3_server: S3Server
) -> None:
    store = open_storage(replace(s3_config, mode="hybrid", max_attempts=1))
    store.close()  # it sends nothing by itself
    job = JobFiles(store, Settings(), "abc")
    files = every_file(job)
    s3_server.faults.add(Fault("answer", "PUT", times=len(files)))
    for file in files:
        assert job.put(file, b"x").storage_type == "local"
    assert store.migrate().copied == len({file.key for file in files})
    for file, content_type in files.items():
        assert told(store, file.key) == content_type, file.key


@pytest.mark.parametrize("mode", ["local", "hybrid"])
def test_the_disk_keeps_the_type_too(s3_config: StorageConfig, mode: str) -> None:
    store = open_storage(replace(s3_config, mode=mode))  # type: ignore[arg-type]
    job = JobFiles(store, Settings(), "abc")
    for file, content_type in every_file(job).items():
        job.put(file, b"x")
        assert store.stores()["local"].info(file.key).content_type == content_type
