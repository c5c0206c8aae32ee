"""What really leaves this machine. Services other than AWS refuse headers they do not know."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

from errors import StorageUnavailable
from s3_utils import AlreadyThere, Storage, open_storage
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from storage.body import open_payload
from storage.config import StorageConfig
from storage.s3.client import S3Client
from storage.s3.providers import CUSTOM, PROVIDERS
from storage.s3.store import S3Storage
from storage.s3.upload import Uploader

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


def test_a_bucket_with_object_lock_takes_every_upload(
    s3_config: StorageConfig, s3_server: S3Server, tmp_path: Path
) -> None:
    s3_server.faults.object_lock = True
    use_everything(open_storage(replace(s3_config, multipart_threshold_bytes=6 * MIB)), tmp_path)
    bodies = [r for r in s3_server.requests if r.method == "PUT"]
    assert {"partNumber" in r.target for r in bodies} == {True, False}
    assert all("content-md5" in r.headers for r in bodies)


def test_a_body_that_is_not_the_one_of_its_digest_is_refused(
    s3_config: StorageConfig, s3_server: S3Server, bucket: str
) -> None:
    """The server is as strict as the tests above need it: nothing is stored here."""
    client = boto3.client(
        "s3",
        endpoint_url=s3_server.url,
        region_name=s3_server.region,
        aws_access_key_id=s3_server.access_key,
        aws_secret_access_key=s3_server.secret_key,
        config=Config(request_checksum_calculation="when_required"),
    )
    wrong = base64.b64encode(hashlib.md5(b"another body").digest()).decode()
    with pytest.raises(ClientError, match="BadDigest"):
        client.put_object(Bucket=bucket, Key="k", Body=b"body", ContentMD5=wrong)
    s3_server.faults.object_lock = True
    with pytest.raises(ClientError, match="InvalidRequest"):
        client.put_object(Bucket=bucket, Key="k", Body=b"body")
    assert s3_server.raw_keys(bucket) == []


def test_the_hash_of_a_body_with_a_digest_is_signed_over_tls_as_well(
    s3_config: StorageConfig,
) -> None:
    """botocore leaves it out there unless it is told not to. The request is caught on its way."""
    client = S3Client(replace(s3_config, endpoint_url="https://s3.test", max_attempts=1))
    sent: list[dict[str, bytes]] = []

    def catch(request: Any, **_: Any) -> None:
        sent.append(dict(request.headers))
        raise EndpointConnectionError(endpoint_url="https://s3.test")

    client.botocore().meta.events.register("before-send.s3", catch)
    with open_payload(b"signed") as payload, pytest.raises(StorageUnavailable):
        Uploader(client, MIB, MIB).put("k", payload, {})
    [headers] = sent
    assert "Content-MD5" in headers
    assert headers["X-Amz-Content-SHA256"].decode() == hashlib.sha256(b"signed").hexdigest()


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


def conditions(server: S3Server) -> list[str | None]:
    return [r.headers.get("if-none-match") for r in server.requests if r.method in {"PUT", "POST"}]


def test_a_key_that_should_be_free_is_looked_at_by_the_service_itself(
    s3: S3Storage, s3_server: S3Server
) -> None:
    s3.put("k", b"first", replace=False)
    with pytest.raises(AlreadyThere):
        s3.put("k", b"second", replace=False)
    assert s3.get("k") == b"first"
    s3.put("k", b"third")
    assert s3.get("k") == b"third"
    assert conditions(s3_server) == ["*", "*", None]


def test_of_parts_the_last_request_has_the_condition(
    s3_config: StorageConfig, s3_server: S3Server
) -> None:
    S3Storage(replace(s3_config, multipart_threshold_bytes=1)).put("k", b"x", replace=False)
    assert conditions(s3_server) == [None, None, "*"]


@pytest.mark.parametrize("parts", [False, True])
def test_an_upload_whose_answer_was_lost_is_not_taken_for_anothers(
    s3_config: StorageConfig, s3_server: S3Server, parts: bool
) -> None:
    s3 = S3Storage(replace(s3_config, multipart_threshold_bytes=1 if parts else 1 << 20))
    s3_server.faults.add(Fault("lose_answer", "POST" if parts else "PUT", "k?uploadId" * parts))
    s3.put("k", b"ours", replace=False)
    assert s3.get("k") == b"ours"


@pytest.mark.parametrize(("status", "code"), [(501, "NotImplemented"), (400, "InvalidArgument")])
def test_a_service_that_does_not_know_the_condition_is_asked_once(
    s3: S3Storage, s3_server: S3Server, status: int, code: str
) -> None:
    s3_server.faults.add(Fault("answer", "PUT", status=status, code=code))
    for key in ("a", "b"):
        s3.put(key, b"x", replace=False)
    assert conditions(s3_server) == ["*", None, None]


def test_where_the_table_says_so_the_condition_is_sent() -> None:
    knows = {row.name for row in (*PROVIDERS, CUSTOM) if row.conditional}
    assert knows == {"aws", "r2", "custom"}
    assert all(row.conditional for row in PROVIDERS if row.name in knows)
