"""A worker without keys, on a machine whose role gives them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standins.local_worker import Worker
from standins.role_service import RoleService
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S


def test_a_job_says_that_its_urls_end_with_the_credentials_of_the_role(
    s3_env: dict[str, str],
    s3_server: S3Server,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    role = RoleService(s3_server)
    role.life = timedelta(minutes=30)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{role.url}/role")
    # Of botocore two seconds, which a busy machine may take to answer.
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.TIMEOUT_SECONDS", PATIENCE_S)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
        s3_env.pop(name)
    worker = Worker({**s3_env, "F5_MODEL": str(tiny_model)})
    made = worker.speak("j1", url="presigned", url_expires=604_800)
    short = worker.speak("j2", url="presigned", url_expires=60)
    worker.close()
    role.close()
    ends = datetime.fromisoformat(made["expires_at"])
    assert ends <= datetime.now(UTC) + role.life
    assert any(made["expires_at"] in warning for warning in made["warnings"])
    assert not any("credentials" in warning for warning in short["warnings"])
