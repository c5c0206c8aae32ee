"""What the doctor says of a store beyond the nine steps: true, and nothing is left behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from s3_utils import Storage, StorageConfig, examine, open_storage
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from storage.base import Finding
from storage.s3 import examine as of_s3
from storage.s3.store import S3Storage

OF_S3 = [
    "region", "clock", "addressing", "multipart", "rate", "latency", "public URL",
    "least privilege", "retention",
]  # fmt: skip


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    found = {finding.name: finding for finding in findings}
    assert len(found) == len(findings)
    return found


def answer(server: S3Server, method: str, contains: str, status: int, body: bytes) -> None:
    reply = (status, [("Content-Length", str(len(body)))], body)
    server.faults.add(Fault("reply", method, contains, times=99, edit=lambda *_: reply))


def test_everything_is_said_of_every_kind_of_store_and_nothing_stays(store: Storage) -> None:
    found = examine(store)
    places = store.stores()
    assert [f.name for f in found if f.name != "disk"] == (OF_S3 if "s3" in places else [])
    assert ("disk" in by_name(found)) == ("local" in places)
    assert [finding for finding in found if finding.level in {"failed", "unknown"}] == []
    assert all(isinstance(finding.detail, str) for finding in found)
    assert list(store.list()) == []


@pytest.mark.parametrize(
    ("offset", "level", "said"),
    [
        (0, "ok", ""),
        (400, "warning", "behind"),  # far from the bounds: this machine may be paused meanwhile
        (-400, "warning", "ahead of"),
        (3000, "failed", "behind"),
        (-3000, "failed", "ahead of"),
    ],
)
def test_the_clock_is_compared_with_the_services(
    s3: S3Storage, s3_server: S3Server, offset: float, level: str, said: str
) -> None:
    s3_server.faults.clock_offset_s = offset
    clock = by_name(examine(s3, may_store=False))["clock"]
    assert clock.level == level and said in clock.detail


@pytest.mark.parametrize(
    ("ahead_s", "said"), [(1.9, "right"), (-1.9, "right"), (5, "this machine is 5 s ahead of")]
)
def test_a_clock_is_right_as_far_as_the_service_says(
    monkeypatch: pytest.MonkeyPatch, ahead_s: float, said: str
) -> None:
    """Its header has whole seconds."""
    theirs = datetime(2026, 11, 26, 12, tzinfo=UTC)
    now = SimpleNamespace(now=lambda _: theirs + timedelta(seconds=ahead_s))
    monkeypatch.setattr(of_s3, "datetime", now)
    clock = of_s3._clock({"date": format_datetime(theirs, usegmt=True)})
    assert clock.level == "ok" and clock.detail.startswith(said)


def test_a_wrong_region_is_named_with_the_right_one(
    s3_config: StorageConfig, s3_server: S3Server
) -> None:
    store = open_storage(replace(s3_config, region="us-west-2"))
    region = by_name(examine(store, may_store=False))["region"]
    assert region.level == "failed" and f"AWS_REGION={s3_server.region}" in region.detail


@pytest.mark.parametrize(("kind", "level"), [("public", "warning"), ("presigned", "ok")])
def test_public_urls_that_nobody_can_open_matter_where_results_get_them(
    s3: S3Storage, kind: Any, level: str
) -> None:
    found = by_name(examine(s3, url_kind=kind))["public URL"]
    assert found.level == level and "403" in found.detail


def test_a_public_bucket_is_said_to_be_one(s3: S3Storage, s3_server: S3Server) -> None:
    def opened(status: int, _headers: Any, _body: bytes) -> Any:
        body = b"examination of the F5-TTS worker's storage\n"
        return 200, [("Content-Length", str(len(body)))], body

    # The one GET of that key that is not signed comes after the signed one of the multipart body.
    s3_server.faults.add(Fault("edit", "GET", ".bin", edit=lambda *same: same))
    s3_server.faults.add(Fault("reply", "GET", ".bin", edit=opened))
    found = by_name(examine(s3))["public URL"]
    assert found.level == "ok" and "anybody" in found.detail


def test_a_key_that_may_see_other_buckets_is_more_than_needed(
    s3: S3Storage, s3_server: S3Server
) -> None:
    s3_server.make_bucket()
    found = by_name(examine(s3))["least privilege"]
    assert found.level == "warning" and "other buckets" in found.detail
    s3_server.faults.only_bucket = s3.client.bucket
    assert by_name(examine(s3))["least privilege"].level == "ok"


def test_a_key_that_may_read_outside_its_prefix_is_more_than_needed(
    s3_config: StorageConfig, s3: S3Storage, s3_server: S3Server
) -> None:
    s3.put("another-team/file", b"x")
    store = open_storage(replace(s3_config, prefix="tts"))
    s3_server.faults.only_bucket = s3.client.bucket
    found = by_name(examine(store))["least privilege"]
    assert found.level == "warning" and "outside S3_PREFIX" in found.detail
    assert [item.key for item in s3.list()] == ["another-team/file"]


def test_object_lock_and_old_versions_are_recognised(s3: S3Storage, s3_server: S3Server) -> None:
    locked = b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></Object"
    versioned = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    answer(s3_server, "GET", "versioning", 200, versioned)
    assert "old versions" in by_name(examine(s3))["retention"].detail
    answer(s3_server, "GET", "object-lock", 200, locked + b"LockConfiguration>")
    found = by_name(examine(s3))["retention"]
    assert found.level == "warning" and "Object Lock" in found.detail


@pytest.mark.parametrize("contains", ["uploads", "uploadId="])
def test_multipart_that_does_not_work_fails_and_leaves_nothing(
    s3_config: StorageConfig, s3_server: S3Server, bucket: str, contains: str
) -> None:
    refused = b"<Error><Code>NotImplemented</Code></Error>"
    answer(s3_server, "POST", contains, 501, refused)
    found = by_name(examine(open_storage(s3_config)))
    assert found["multipart"].level == "failed" and "16 MiB" in found["multipart"].detail
    assert found["public URL"].level == "warning"  # the rest is asked all the same
    s3_server.faults.clear()
    assert s3_server.raw_keys(bucket) == [] and s3_server.uploads(bucket) == 0


def test_where_nothing_may_be_stored_nothing_is_tried(s3: S3Storage, s3_server: S3Server) -> None:
    examine(s3, may_store=False)
    assert {request.method for request in s3_server.requests} <= {"HEAD", "GET"}
