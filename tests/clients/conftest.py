"""One worker subprocess on the local platform and an S3 server, shared by every client."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from standins.local_worker import wav
from standins.platform import Platform, environment, worker
from standins.s3server.server import S3Server

CLIENTS = Path(__file__).parent.parent.parent / "clients"


@dataclass(frozen=True)
class Endpoint:
    """A running endpoint, and what a client's environment needs to reach it."""

    platform: Platform
    env: dict[str, str]


@pytest.fixture(scope="package")
def endpoint(
    _s3_server: S3Server, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    directory = tmp_path_factory.mktemp("endpoint")
    bucket = _s3_server.make_bucket()
    _s3_server.put_raw(bucket, "voices/Dorota.wav", wav())
    _s3_server.put_raw(bucket, "voices/Dorota.txt", b"This is what Dorota says.")
    platform = Platform()
    worker_env = {
        **_s3_server.env,
        "S3_BUCKET": bucket,
        "S3_URL_KIND": "presigned",
        "DEFAULT_VOICE": "Dorota",
        "F5_MODEL": str(tiny_model),
        "F5_MODELS_DIR": str(directory / "models"),
        "F5_MAX_BATCH_FRAMES": "1",  # one chunk a pass: a long text is long
        "LOCAL_STORAGE_DIR": str(directory / "data"),
        "MAX_CONCURRENCY": "4",
        "DRAIN_GRACE_S": "0",
        "CALLBACK_ALLOW_HTTP": "true",
        "CALLBACK_ALLOW_PRIVATE": "true",
    }
    client_env = environment(
        {
            "RUNPOD_API_KEY": platform.api_key,
            "RUNPOD_ENDPOINT_ID": platform.endpoint_id,
            "RUNPOD_ENDPOINT_BASE_URL": platform.api,
            "PYTHONPATH": "",
            "HOME": str(directory),  # no credentials of whoever runs the tests
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        }
    )
    with worker(platform, worker_env, directory / "worker.log"):
        yield Endpoint(platform, client_env)
    platform.close()
