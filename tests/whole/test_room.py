"""A job whose result cannot be stored is refused before the model speaks."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from standins.local_worker import FAST, Worker
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server

JOB: dict[str, Any] = {"text": "Hello there.", "voice": "demo", **FAST}
FULL = {"local": "STORAGE_LOCAL_MAX_SIZE_GB", "s3": "STORAGE_S3_MAX_SIZE_GB"}
GIB = 1 << 30


class Listener:
    """Hears of every chunk that was spoken."""

    streams = False

    def __init__(self) -> None:
        self.spoken = 0

    def progress(self, update: dict[str, Any]) -> None:
        self.spoken += 1

    def chunk(self, chunk: dict[str, Any]) -> None: ...


@contextmanager
def opened(env: dict[str, str], tiny_model: Path, **more: str) -> Iterator[Worker]:
    worker = Worker({**env, "F5_MODEL": str(tiny_model), **more})
    yield worker
    worker.close()


def run(worker: Worker, **fields: Any) -> tuple[dict[str, Any], int]:
    """The answer, and how many chunks were spoken for it."""
    listener = Listener()
    job = {"id": "j", "input": {**JOB, **fields}}
    answer = asyncio.run(worker.runner.handle(job, listener))
    return answer, listener.spoken


def limit(worker_bytes: int) -> str:
    return f"{worker_bytes / GIB:.12f}"


@pytest.mark.parametrize("fmt", ["wav", "wav_f32", "flac", "mp3", "ogg"])
@pytest.mark.parametrize("mode", ["local", "s3"])
def test_a_quota_that_is_used_up(
    s3_env: dict[str, str], tiny_model: Path, mode: str, fmt: str
) -> None:
    with opened(s3_env, tiny_model, STORAGE_MODE=mode, **{FULL[mode]: limit(1000)}) as worker:
        if mode == "local":  # the bucket has a voice larger than the quota
            worker.app.storage.put("filler", b"x" * 1000)
        answer, spoken = run(worker, output_format=fmt)
        assert answer["error_code"] == "STORAGE_FULL"
        assert FULL[mode] in answer["hint"]
        assert spoken == 0


@pytest.mark.parametrize("mode", ["local", "s3"])
def test_room_for_less_than_the_text_will_take(
    s3_env: dict[str, str], tiny_model: Path, mode: str
) -> None:
    """Where there is room for one sentence, ten are refused, and one is spoken."""
    with opened(s3_env, tiny_model, STORAGE_MODE=mode) as worker:
        used = worker.app.storage.total_size()
        size = run(worker)[0]["bytes"]
    room = {FULL[mode]: limit(used + 3 * size)}
    with opened(s3_env, tiny_model, STORAGE_MODE=mode, **room) as worker:
        worker.run({"endpoint": "delete", "job_id": "j"})
        answer, spoken = run(worker, text="Hello there, you. " * 10)
        assert (answer["error_code"], spoken) == ("STORAGE_FULL", 0)
        assert run(worker)[0]["bytes"] == size


def test_hybrid_needs_room_in_one_of_both(
    s3_env: dict[str, str], tiny_model: Path, s3_server: S3Server
) -> None:
    for full, refused in (("local",), False), (("s3",), False), (("local", "s3"), True):
        limits = {FULL[place]: limit(1) for place in full}
        with opened(s3_env, tiny_model, STORAGE_MODE="hybrid", **limits) as worker:
            answer, spoken = run(worker)
            assert (answer.get("error_code") == "STORAGE_FULL") is refused, full
            assert (spoken == 0) is refused
            worker.run({"endpoint": "delete", "job_id": "j"})


def test_storage_that_does_not_say_may_have_room(
    s3_env: dict[str, str], tiny_model: Path, s3_server: S3Server
) -> None:
    more = {"STORAGE_MODE": "s3", FULL["s3"]: "1", "S3_MAX_ATTEMPTS": "1"}
    with opened(s3_env, tiny_model, **more) as worker:
        s3_server.faults.add(Fault("answer", "GET", contains="list-type=2&prefix=&", times=1))
        assert run(worker)[0].get("error_code") is None


def test_a_disk_that_is_full(
    s3_env: dict[str, str], tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(s3_env, tiny_model, STORAGE_MODE="local") as worker:
        usage = shutil.disk_usage("/")._replace(free=10_000)
        monkeypatch.setattr("storage.files.shutil.disk_usage", lambda _: usage)
        answer, spoken = run(worker)
        assert (answer["error_code"], spoken) == ("STORAGE_FULL", 0)
        assert "the disk is full" in answer["error"]
