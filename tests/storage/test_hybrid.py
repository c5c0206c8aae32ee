"""Two stores in one: what is paid for is never lost, and what is read is never stale."""

from __future__ import annotations

import urllib.request
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from errors import (
    InvalidInput,
    ObjectNotFound,
    StorageDenied,
    StorageFull,
    StorageUnavailable,
)
from s3_utils import StorageConfig, open_storage
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from storage.base import MigrationReport
from storage.disk.store import LocalStorage
from storage.hybrid.store import HybridStorage
from storage.s3.store import S3Storage


def migrate(config: StorageConfig, prefix: str = "") -> MigrationReport:
    return open_storage(replace(config, mode="hybrid")).migrate(prefix)


def s3_down(server: S3Server) -> None:
    server.faults.add(Fault("answer", times=10_000))


@pytest.fixture
def quick(s3_config: StorageConfig) -> HybridStorage:
    """Gives S3 up at once, and sends nothing by itself."""
    store = open_storage(replace(s3_config, mode="hybrid", max_attempts=1))
    assert isinstance(store, HybridStorage)
    store.close()
    return store


def test_both_are_written(hybrid: HybridStorage, s3_config: StorageConfig) -> None:
    receipt = hybrid.put("a.wav", b"x", metadata={"m": "1"})
    assert (receipt.storage_type, receipt.bucket) == ("s3", s3_config.bucket)
    assert hybrid.s3.get("a.wav") == hybrid.local.get("a.wav") == b"x"
    assert hybrid.local.info("a.wav").metadata == hybrid.s3.info("a.wav").metadata
    assert (s3_config.local_dir / "a.wav").read_bytes() == b"x"


@pytest.mark.parametrize("how", ["down", "denied", "full", "no bucket", "no network"])
def test_what_s3_does_not_take_is_kept_on_disk(
    s3_config: StorageConfig, s3_server: S3Server, how: str
) -> None:
    config = replace(s3_config, mode="hybrid", max_attempts=1)
    if how == "down":
        s3_down(s3_server)
    elif how == "denied":
        s3_server.faults.denied = {"PUT", "POST"}
    elif how == "full":
        config = replace(config, max_bytes=1)
    elif how == "no bucket":
        config = replace(config, bucket="no-such-bucket")
    else:
        config = replace(config, endpoint_url="http://127.0.0.1:9")
    store = open_storage(config)
    store.close()  # it sends nothing by itself
    receipt = store.put("out.wav", b"paid for")
    assert (receipt.storage_type, receipt.bucket, receipt.size) == ("local", None, 8)
    assert len(receipt.warnings) == 1 and "local disk" in receipt.warnings[0]
    assert store.get("out.wav") == b"paid for"
    assert store.exists("out.wav") and store.size("out.wav") == 8
    url = store.url("out.wav", "presigned")
    assert url.kind == "public" and str(url.url).startswith("file://")
    with urllib.request.urlopen(str(url.url)) as file:
        assert file.read() == b"paid for"


def test_when_the_disk_fails_s3_has_it(s3_config: StorageConfig) -> None:
    store = open_storage(replace(s3_config, mode="hybrid", local_max_bytes=5))
    store.put("k", b"old")
    receipt = store.put("k", b"newer, and too large")
    assert receipt.storage_type == "s3" and "quota" in receipt.warnings[0]
    assert store.get("k") == b"newer, and too large"
    assert [item.size for item in store.list()] == [20]


def test_when_both_fail_the_error_is_s3s(s3_config: StorageConfig, s3_server: S3Server) -> None:
    s3_down(s3_server)
    store = open_storage(replace(s3_config, mode="hybrid", local_max_bytes=1, max_attempts=1))
    with pytest.raises(StorageUnavailable):
        store.put("k", b"xx")


def test_a_stale_copy_in_s3_never_hides_the_newer_one(
    quick: HybridStorage, s3_server: S3Server
) -> None:
    quick.put("k", b"old")
    s3_down(s3_server)
    quick.put("k", b"new one")
    s3_server.faults.clear()
    assert quick.get("k") == b"".join(quick.stream("k")) == b"new one"
    assert quick.info("k").size == 7
    assert [(item.key, item.size) for item in quick.list()] == [("k", 7)]
    assert str(quick.url("k", "public").url).startswith("file://")


def test_the_mark_survives_a_restart_and_the_next_put_removes_it(
    quick: HybridStorage, s3_config: StorageConfig, s3_server: S3Server
) -> None:
    quick.put("k", b"old")
    s3_down(s3_server)
    quick.put("k", b"new one")
    s3_server.faults.clear()
    again = open_storage(replace(s3_config, mode="hybrid"))
    assert again.get("k") == b"new one"
    again.put("k", b"newest!")
    assert str(again.url("k", "public").url).startswith("http://")
    assert again.get("k") == b"newest!"


def test_s3_is_read_first_then_disk(quick: HybridStorage, s3_server: S3Server) -> None:
    quick.put("both", b"x")
    quick.s3.put("s3 only", b"s")
    quick.local.put("disk only", b"d")
    s3_server.forget_requests()
    assert quick.get("both") == b"x"
    assert len(s3_server.requests) == 1
    assert quick.get("s3 only") == b"s"
    assert quick.get("disk only") == b"d"
    with pytest.raises(ObjectNotFound):
        quick.get("neither")
    s3_down(s3_server)
    assert quick.get("both") == b"x"
    assert quick.exists("both")
    assert b"".join(quick.stream("both")) == b"x"
    with pytest.raises(StorageUnavailable):
        quick.get("s3 only")
    with pytest.raises(StorageUnavailable):
        quick.exists("s3 only")


def test_a_limit_is_not_an_outage(quick: HybridStorage) -> None:
    quick.put("k", b"x" * 20)
    with pytest.raises(InvalidInput):
        quick.get("k", max_bytes=10)


def test_list_merges_in_order_without_doubles(hybrid: HybridStorage) -> None:
    for key in ("b", "d"):
        hybrid.put(key, b"12")
    hybrid.s3.put("a", b"1")
    hybrid.local.put("c", b"123")
    assert [(i.key, i.size) for i in hybrid.list()] == [("a", 1), ("b", 2), ("c", 3), ("d", 2)]
    assert [i.key for i in hybrid.list(limit=2)] == ["a", "b"]
    assert hybrid.total_size() == 8


def test_half_a_list_is_no_list(quick: HybridStorage, s3_server: S3Server) -> None:
    quick.put("k", b"x")
    s3_down(s3_server)
    with pytest.raises(StorageUnavailable):
        list(quick.list())


def test_delete_takes_both_or_fails(quick: HybridStorage, s3_server: S3Server) -> None:
    quick.put("k", b"x")
    assert quick.delete("k")
    assert not quick.delete("k")
    assert not quick.s3.exists("k") and not quick.local.exists("k")
    quick.put("k", b"x")
    s3_down(s3_server)
    with pytest.raises(StorageUnavailable):
        quick.delete("k")
    s3_server.faults.clear()
    assert quick.delete("k")


def test_a_url_after_a_good_put_needs_no_request(
    hybrid: HybridStorage, s3_server: S3Server
) -> None:
    hybrid.put("k", b"x")
    s3_server.forget_requests()
    assert hybrid.url("k", "presigned").kind == "presigned"
    assert s3_server.requests == []


def test_a_file_copied_to_disk_by_hand_has_a_file_url(
    hybrid: HybridStorage, s3_config: StorageConfig
) -> None:
    (s3_config.local_dir / "hand.wav").write_bytes(b"x")
    assert str(hybrid.url("hand.wav", "public").url).startswith("file://")
    hybrid.s3.put("hand.wav", b"x")
    assert str(hybrid.url("hand.wav", "public").url).startswith("http://")


def test_a_job_that_asked_for_no_s3_has_a_file_url(
    hybrid: HybridStorage, s3_config: StorageConfig
) -> None:
    LocalStorage(s3_config).put("own.wav", b"x")
    assert str(hybrid.url("own.wav", "public").url).startswith("file://")


def test_a_key_the_disk_cannot_hold_goes_to_s3(hybrid: HybridStorage) -> None:
    hybrid.put("folder", b"x")
    receipt = hybrid.put("folder/below", b"y")
    assert receipt.storage_type == "s3" and "No copy on local disk" in receipt.warnings[0]
    assert hybrid.get("folder/below") == b"y"
    assert [item.key for item in hybrid.list()] == ["folder", "folder/below"]


def test_migrate_brings_what_an_outage_left(quick: HybridStorage, s3_server: S3Server) -> None:
    quick.put("fine", b"f")
    quick.put("changed", b"old")
    s3_down(s3_server)
    quick.put("late/new", b"n", metadata={"Voice": "Zoë"}, content_type="audio/own")
    quick.put("changed", b"new one")
    s3_server.faults.clear()
    report = quick.migrate()
    assert (report.copied, report.copied_bytes, report.skipped, report.failed) == (2, 8, 1, [])
    info = quick.s3.info("late/new")
    assert info.metadata["voice"] == "Zoë" and info.content_type == "audio/own"
    assert quick.s3.get("changed") == b"new one"
    assert str(quick.url("changed", "public").url).startswith("http://")
    assert quick.migrate().copied == 0


def test_migrate_a_local_store_to_s3(s3_config: StorageConfig, s3: S3Storage) -> None:
    local = LocalStorage(s3_config)
    for n in range(5):
        local.put(f"voices/{n}.wav", b"v")
    local.put("output/x.wav", b"x")
    s3.put("voices/0.wav", b"S3's own stays")
    assert migrate(s3_config, "voices/").copied == 4
    assert s3.get("voices/0.wav") == b"S3's own stays"
    assert not s3.exists("output/x.wav")
    assert migrate(s3_config).copied == 1
    assert asdict(migrate(s3_config)) == {
        "copied": 0,
        "copied_bytes": 0,
        "skipped": 6,
        "failed": [],
    }
    assert local.exists("voices/1.wav")


def test_migrate_reports_each_failure_and_goes_on(
    s3_config: StorageConfig, s3_server: S3Server, tmp_path: Path
) -> None:
    local = LocalStorage(s3_config)
    for key in ("a", "b", "c"):
        local.put(key, b"x")
    s3_server.faults.add(Fault("answer", "PUT", contains="/b", status=403, code="AccessDenied"))
    report = migrate(s3_config)
    assert report.copied == 2
    assert [each["key"] for each in report.failed] == ["b"]
    assert "AccessDenied" in report.failed[0]["error"]


def test_migrate_stops_where_the_bucket_cannot_be_used(
    s3_config: StorageConfig, s3_server: S3Server
) -> None:
    LocalStorage(s3_config).put("a", b"x")
    s3_server.faults.only_bucket = "another"
    with pytest.raises(StorageDenied):
        migrate(s3_config)


def test_a_full_disk_is_told_apart_from_a_full_bucket(s3_config: StorageConfig) -> None:
    store = open_storage(replace(s3_config, mode="s3", max_bytes=1))
    with pytest.raises(StorageFull) as caught:
        store.put("k", b"xx")
    assert "STORAGE_S3_MAX_SIZE_GB" in caught.value.hint
