"""Workers for the job tests, with the demo checkpoint or a tiny one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from standins.checkpoints import make_checkpoint, make_vocos
from standins.local_worker import Worker, wav
from standins.s3server.server import S3Server
from tests.whole.silence import SilentHost


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with a vocoder that speaks a chunk in a tenth of a second."""
    directory = tmp_path_factory.mktemp("tiny") / "tiny"
    make_checkpoint(directory)
    make_vocos(directory / "vocos")
    return directory


@pytest.fixture(scope="session")
def local_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def local_worker(models_dir: Path, local_dir: Path) -> Iterator[Worker]:
    """A worker with nothing configured."""
    worker = Worker({"F5_MODELS_DIR": str(models_dir), "LOCAL_STORAGE_DIR": str(local_dir)})
    yield worker
    worker.close()


@pytest.fixture
def s3_env(s3_server: S3Server, bucket: str, models_dir: Path, tmp_path: Path) -> dict[str, str]:
    """A worker's environment on a fresh bucket with one voice, Dorota."""
    s3_server.put_raw(bucket, "voices/Dorota.wav", wav())
    s3_server.put_raw(bucket, "voices/Dorota.txt", b"This is what Dorota says.")
    return {
        **s3_server.env,
        "S3_BUCKET": bucket,
        "F5_MODELS_DIR": str(models_dir),
        "LOCAL_STORAGE_DIR": str(tmp_path / "data"),
        "S3_MAX_ATTEMPTS": "2",
        "S3_CONNECT_TIMEOUT": "60",
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
