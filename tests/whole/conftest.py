"""Workers for the job tests, with the demo checkpoint or a tiny one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from standins.http_face import Face, ready_face
from standins.local_worker import Worker, wav
from standins.s3server.server import S3Server
from tests.whole.silence import SilentHost


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def local_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def local_worker(tiny_model: Path, local_dir: Path) -> Iterator[Worker]:
    """A worker with nothing configured but the tiny model."""
    worker = Worker({"F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": str(local_dir)})
    yield worker
    worker.close()


@pytest.fixture
def s3_env(s3_server: S3Server, bucket: str, tiny_model: Path, tmp_path: Path) -> dict[str, str]:
    """A worker's environment on a fresh bucket with one voice, Dorota, and the tiny model."""
    s3_server.put_raw(bucket, "voices/Dorota.wav", wav())
    s3_server.put_raw(bucket, "voices/Dorota.txt", b"This is what Dorota says.")
    return {
        **s3_server.env,
        "S3_BUCKET": bucket,
        "F5_MODEL": str(tiny_model),
        "LOCAL_STORAGE_DIR": str(tmp_path / "data"),
        "S3_MAX_ATTEMPTS": "2",
        "S3_CONNECT_TIMEOUT": "60",
        "S3_READ_TIMEOUT": "600",  # what a test holds is held until it lets it go
    }


@pytest.fixture
def s3_worker(s3_env: dict[str, str]) -> Iterator[Worker]:
    worker = Worker(s3_env)
    yield worker
    worker.close()


@pytest.fixture
def silent() -> Iterator[SilentHost]:
    host = SilentHost()
    yield host
    host.close()


@pytest.fixture(scope="module")
def face(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    """The HTTP face with the tiny model, for the tests of one file."""
    directory = tmp_path_factory.mktemp("http")
    with ready_face({"F5_MODEL": str(tiny_model)}, directory) as running:
        yield running
