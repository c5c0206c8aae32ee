"""What really leaves this machine. Services other than AWS refuse headers they do not know."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from s3_utils import Storage, open_storage
from standins.s3server.server import S3Server
from storage.config import StorageConfig
from storage.s3.store import S3Storage

MIB = 1 << 20
REFUSED = ("x-amz-checksum", "x-amz-sdk-checksum-algorithm", "x-amz-trailer", "x-amz-acl",
           "x-amz-tagging", "x-amz-decoded-content-length", "content-encoding",
           "transfer-encoding")  # fmt: skip


def use_everything(store: Storage, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"f" * MIB)
    store.put("small", b"s", metadata={"a": "b"})
    store.put("file", tmp_path / "file")
    store.put("stream", io.BytesIO(b"t" * 100))
    store.put("parts", b"p" * (11 * MIB))
    store.put("empty", b"")
    assert store.get("small") == b"s"
    store.download("parts", tmp_path / "back")
    assert (tmp_path / "back").stat().st_size == 11 * MIB
    store.info("small")
    assert len(list(store.list())) == 5
    store.ensure_bucket()
    assert store.delete("small")


def test_no_request_carries_what_other_services_refuse(
    s3_config: StorageConfig, s3_server: S3Server, tmp_path: Path
) -> None:
    store = open_storage(replace(s3_config, multipart_threshold_bytes=6 * MIB))
    use_everything(store, tmp_path)
    assert {r.method for r in s3_server.requests} == {"GET", "PUT", "POST", "HEAD", "DELETE"}
    for request in s3_server.requests:
        unwanted = [name for name in request.headers if name.startswith(REFUSED)]
        assert unwanted == [], f"{request.method} {request.target}"


def test_a_service_that_refuses_checksums_is_usable(
    s3_config: StorageConfig, s3_server: S3Server, tmp_path: Path
) -> None:
    s3_server.faults.refuse_checksums = True
    use_everything(open_storage(replace(s3_config, multipart_threshold_bytes=6 * MIB)), tmp_path)


def test_aws_variables_of_the_environment_do_not_change_the_wire(
    s3_config: StorageConfig,
    s3_server: S3Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3_server.faults.refuse_checksums = True
    for name, value in {
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "9",
    }.items():
        monkeypatch.setenv(name, value)
    use_everything(open_storage(s3_config), tmp_path)


def test_every_body_is_signed(s3: S3Storage, s3_server: S3Server) -> None:
    receipt = s3.put("k", b"signed")
    assert s3_server.requests[-1].headers["x-amz-content-sha256"] == receipt.sha256


@pytest.mark.parametrize(
    ("verb", "methods"),
    [
        (lambda s: s.put("k", b"x" * 500_000), ["PUT"]),
        (lambda s: s.get("k"), ["GET"]),
        (lambda s: s.info("k"), ["HEAD"]),
        (lambda s: s.exists("k"), ["HEAD"]),
        (lambda s: s.exists("missing"), ["HEAD"]),
        (lambda s: list(s.list()), ["GET"]),
        (lambda s: s.delete("k"), ["HEAD", "DELETE"]),
        (lambda s: s.url("k", "public"), []),
        (lambda s: s.url("k", "presigned"), []),
    ],
)
def test_no_verb_makes_more_requests_than_it_needs(
    s3: S3Storage, s3_server: S3Server, verb: Callable[[Storage], object], methods: list[str]
) -> None:
    s3.put("k", b"x")
    s3_server.forget_requests()
    verb(s3)
    assert [request.method for request in s3_server.requests] == methods


def test_a_multipart_upload_needs_two_requests_beside_its_parts(
    s3_config: StorageConfig, s3_server: S3Server
) -> None:
    store = open_storage(replace(s3_config, multipart_threshold_bytes=6 * MIB))
    store.put("k", b"x" * (20 * MIB))
    assert sorted(r.method for r in s3_server.requests) == ["POST", "POST", "PUT", "PUT", "PUT"]


def test_small_uploads_do_not_wait_for_permission(s3: S3Storage, s3_server: S3Server) -> None:
    s3.put("small", b"x" * 500_000)
    assert "expect" not in s3_server.requests[-1].headers
    s3.put("large", b"x" * (2 * MIB))
    assert s3_server.requests[-1].headers["expect"] == "100-continue"


def test_opening_a_store_makes_no_request(s3_config: StorageConfig, s3_server: S3Server) -> None:
    open_storage(s3_config).describe()
    open_storage(replace(s3_config, mode="hybrid")).describe()
    assert s3_server.requests == []
