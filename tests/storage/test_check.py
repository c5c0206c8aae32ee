"""The nine-step check finds what is wrong, says it, and cleans up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from errors import ConfigError
from s3_utils import Storage, StorageConfig, open_storage, run_check
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.servers.rclone import Rclone
from storage.check import CheckStep
from storage.fetch import fetch
from storage.s3.store import S3Storage

STEPS = [
    "configuration", "client", "upload", "exists", "size", "download", "signed URL", "list",
    "delete",
]  # fmt: skip


def by_name(steps: list[CheckStep]) -> dict[str, CheckStep]:
    assert [step.step for step in steps] == STEPS
    return {step.step: step for step in steps}


def test_a_good_store_passes_and_is_left_empty(store: Storage) -> None:
    steps = run_check(store)
    assert [step.step for step in steps] == STEPS
    assert [step for step in steps if not step.ok] == []
    assert list(store.list()) == []


def test_it_may_start_from_the_settings(s3_config: StorageConfig) -> None:
    steps = by_name(run_check(s3_config))
    assert all(step.ok for step in steps.values())
    assert str(s3_config.bucket) in steps["configuration"].detail
    assert steps["upload"].ok is True


def test_a_private_authority_is_used_and_others_are_told_of_it(
    rclone: Rclone, tmp_path: Path
) -> None:
    config = rclone.config(rclone.make_bucket(), tmp_path)
    for target in (config, open_storage(config)):
        steps = by_name(run_check(target))
        assert all(step.ok for step in steps.values()), steps
        assert "S3_CA_BUNDLE" in steps["signed URL"].detail


def test_an_authority_that_is_not_known_is_named(rclone: Rclone) -> None:
    with pytest.raises(ConfigError, match="authority") as caught:
        fetch(rclone.url, 100)
    assert "S3_CA_BUNDLE" in caught.value.hint
    assert fetch(rclone.url, 100, rclone.ca_bundle)[0] in {400, 403}


def test_the_signed_url_is_really_opened(s3: S3Storage, s3_server: S3Server) -> None:
    run_check(s3)
    assert any("X-Amz-Signature=" in request.target for request in s3_server.requests)


@pytest.mark.parametrize(
    ("change", "step", "said"),
    [
        ({"endpoint_url": "ftp://x"}, "configuration", "AWS_ENDPOINT_URL"),
        ({"bucket": None}, "configuration", "S3_BUCKET"),
        ({"secret_access_key": "wrong"}, "client", "SignatureDoesNotMatch"),
        ({"bucket": "no-such-bucket"}, "client", "Create it first"),
        ({"endpoint_url": "http://127.0.0.1:9"}, "client", "AWS_ENDPOINT_URL"),
    ],
)
def test_the_first_wrong_step_stops_the_rest(
    s3_config: StorageConfig, change: dict[str, str | None], step: str, said: str
) -> None:
    steps = by_name(run_check(replace(s3_config, **change)))  # type: ignore[arg-type]
    failed = [name for name, found in steps.items() if found.ok is False]
    assert failed == [step]
    assert said in steps[step].detail
    later = STEPS[STEPS.index(step) + 1 :]
    assert all(steps[name].ok is None for name in later)


@pytest.mark.parametrize(
    ("break_it", "failed"),
    [
        (lambda s: s.denied.add("PUT"), "upload"),
        (lambda s: s.denied.add("DELETE"), "delete"),
        (lambda s: s.add(Fault("answer", "GET", "X-Amz-Signature", 9, 403)), "signed URL"),
        (lambda s: s.add(Fault("corrupt", "GET", "X-Amz-Signature", 9)), "signed URL"),
    ],
    ids=["no upload", "no delete", "URL refused", "URL damaged"],
)
def test_each_step_can_fail_alone(
    s3: S3Storage, s3_server: S3Server, break_it: Callable[..., None], failed: str
) -> None:
    break_it(s3_server.faults)
    steps = by_name(run_check(s3))
    assert [name for name, step in steps.items() if step.ok is False] == [failed]
    text = " ".join(step.detail for step in steps.values())
    assert "X-Amz-Signature" not in text and s3_server.secret_key not in text


def test_hybrid_does_not_pass_while_s3_fails(s3_config: StorageConfig, s3_server: S3Server) -> None:
    s3_server.faults.denied = {"PUT"}
    steps = by_name(run_check(replace(s3_config, mode="hybrid")))
    assert steps["upload"].ok is False
    assert list(s3_config.local_dir.rglob("*.txt")) == []
