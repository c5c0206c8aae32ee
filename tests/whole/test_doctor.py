"""`python -m worker doctor`: what a person or a script is told of a configuration."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from standins.forked import run
from standins.s3server.server import S3Server
from standins.servers.rclone import Rclone


def shell(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return run(["-m", "worker", *arguments], {**plain, **env})


@pytest.fixture
def s3_env(s3_server: S3Server, bucket: str, tmp_path: Path) -> dict[str, str]:
    return {**s3_server.env, "S3_BUCKET": bucket, "LOCAL_STORAGE_DIR": str(tmp_path)}


def as_json(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def test_a_healthy_bucket_for_people_and_for_scripts(
    s3_env: dict[str, str], s3_server: S3Server
) -> None:
    done = shell("doctor", **s3_env)
    assert done.returncode == 0, done.stdout
    assert "Jobs can run." in done.stdout and "FAILED" not in done.stdout
    for name in ("configuration", "signed URL", "region", "clock", "multipart", "retention"):
        assert name in done.stdout
    answer = as_json(shell("doctor", "--json", **s3_env))
    assert answer["healthy"] and "model" not in answer
    assert len(answer["storage"]["steps"]) == 9
    names = [finding["name"] for finding in answer["storage"]["findings"]]
    assert names == [
        "region", "clock", "addressing", "multipart", "rate", "latency", "public URL",
        "least privilege", "retention",
    ]  # fmt: skip
    assert s3_server.secret_key not in json.dumps(answer)
    assert s3_server.raw_keys(s3_env["S3_BUCKET"]) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS_SECRET_ACCESS_KEY"),
        ({"S3_BUCKET": "no-such-bucket"}, "Create it first"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS_ENDPOINT_URL"),
        ({"S3_URL_KIND": "sometimes"}, "S3_URL_KIND"),
    ],
)
def test_what_is_wrong_is_named_and_the_shell_is_told(
    s3_env: dict[str, str], wrong: dict[str, str], said: str
) -> None:
    done = shell("doctor", **{**s3_env, **wrong})
    assert done.returncode == 1 and "FAILED" in done.stdout
    assert said in done.stdout.replace("\n", " ")
    assert "Traceback" not in done.stdout + done.stderr
    again = shell("doctor", "--json", **{**s3_env, **wrong})
    answer = as_json(again)
    assert again.returncode == 1 and not answer["healthy"] and said in answer["error"]


def test_a_misspelt_setting_is_shown(s3_env: dict[str, str]) -> None:
    done = shell("doctor", "--json", **s3_env, S3_BUKET="x")
    assert done.returncode == 0
    assert any("S3_BUKET" in text for text in as_json(done)["settings"])


def test_the_model_is_loaded_when_it_is_asked_for(tmp_path: Path, tiny_model: Path) -> None:
    env = {"LOCAL_STORAGE_DIR": str(tmp_path / "data"), "F5_MODEL": str(tiny_model)}
    answer = as_json(shell("doctor", "--json", "--model", **env))
    assert answer["healthy"] and answer["model"]["model"].startswith("tiny")
    missing = shell("doctor", "--json", "--model", **{**env, "F5_MODEL": str(tmp_path / "none")})
    assert missing.returncode == 1 and "error" in as_json(missing)["model"]


def test_a_private_authority(rclone: Rclone, tmp_path: Path) -> None:
    env = {**rclone.env, "S3_BUCKET": rclone.make_bucket(), "LOCAL_STORAGE_DIR": str(tmp_path)}
    good = shell("doctor", **env)
    assert good.returncode == 0 and "S3_CA_BUNDLE" in good.stdout
    del env["S3_CA_BUNDLE"]
    bad = shell("doctor", **env)
    assert bad.returncode == 1 and "certificate" in bad.stdout
    plain = env["AWS_ENDPOINT_URL"].replace("https://", "http://")
    scheme = shell("doctor", **{**env, "AWS_ENDPOINT_URL": plain})
    assert scheme.returncode == 1 and "must begin with https://" in " ".join(scheme.stdout.split())
