"""Two workers, each with a disk beside one bucket: what one deletes, the other has no longer."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from errors import ObjectNotFound, StorageUnavailable
from s3_utils import StorageConfig, open_storage
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from storage.hybrid.store import HybridStorage

Opened = Callable[..., HybridStorage]


@pytest.fixture
def opened(s3_config: StorageConfig, tmp_path: Path) -> Iterator[Opened]:
    stores: list[HybridStorage] = []

    def open_one(disk: str, **changes: Any) -> HybridStorage:
        config = replace(s3_config, mode="hybrid", local_dir=tmp_path / disk, max_attempts=1)
        store = open_storage(replace(config, **changes))
        assert isinstance(store, HybridStorage)
        store.close()  # nothing is sent by itself
        stores.append(store)
        return store

    yield open_one


def down(server: S3Server) -> None:
    server.faults.add(Fault("answer", times=10_000))


READ: dict[str, Callable[[HybridStorage, str], object]] = {
    "get": lambda store, key: store.get(key),
    "stream": lambda store, key: list(store.stream(key)),
    "download": lambda store, key: store.download(key, store.local.root / "target"),
    "info": lambda store, key: store.info(key),
}


@pytest.mark.parametrize("verb", [*READ, "exists", "list", "url"])
def test_what_another_worker_deleted_is_gone_by_every_verb_and_from_the_disk(
    opened: Opened, s3_server: S3Server, verb: str
) -> None:
    first, second = opened("a"), opened("b")
    first.put("voices/D.wav", b"sound")
    assert second.delete("voices/D.wav")
    if verb == "exists":
        assert not first.exists("voices/D.wav")
    elif verb == "list":
        assert list(first.list("voices/")) == []
    elif verb == "url":
        again = opened("a")  # has not put it itself
        assert str(again.url("voices/D.wav", "public").url).startswith("http://")
    else:
        with pytest.raises(ObjectNotFound):
            READ[verb](first, "voices/D.wav")
    down(s3_server)
    assert not first.local.exists("voices/D.wav")
    with pytest.raises(StorageUnavailable):
        first.get("voices/D.wav")


def test_while_s3_cannot_be_asked_the_disk_is_used(opened: Opened, s3_server: S3Server) -> None:
    first, second = opened("a"), opened("b")
    first.put("k", b"sound")
    second.delete("k")
    down(s3_server)
    assert first.get("k") == b"sound" and first.exists("k")
    s3_server.faults.clear()
    assert not first.exists("k")


def test_deleting_what_another_deleted_says_that_nothing_was_there(opened: Opened) -> None:
    first, second = opened("a"), opened("b")
    first.put("k", b"sound")
    assert second.delete("k")
    assert not first.delete("k") and not first.local.exists("k")


def test_what_only_the_disk_has_is_nobodys_to_delete(opened: Opened, s3_server: S3Server) -> None:
    """By hand, by a job that asked for no S3, and waiting for S3; also where S3 had an older one
    that was deleted meanwhile."""
    first, second = opened("a"), opened("b")
    first.local.put("own.wav", b"o")
    first.local.path("hand.wav").write_bytes(b"h")
    first.put("late.wav", b"old")
    second.delete("late.wav")
    down(s3_server)
    first.put("late.wav", b"paid for")
    s3_server.faults.clear()
    for key, body in {"hand.wav": b"h", "own.wav": b"o", "late.wav": b"paid for"}.items():
        assert first.get(key) == body and first.exists(key)
    assert [item.key for item in first.list()] == ["hand.wav", "late.wav", "own.wav"]
    assert first.migrate().copied == 3
    second.delete("hand.wav")  # S3 has had it since
    assert not first.exists("hand.wav") and first.exists("own.wav")


def test_another_bucket_is_another_place(opened: Opened, s3_server: S3Server) -> None:
    """A disk that is taken to a new bucket is moved there, not emptied."""
    opened("a").put("k", b"sound")
    moved = opened("a", prefix="tenant")
    moved.local.put("k", b"sound", copy_of="https://s3.example/other/")
    assert moved.get("k") == b"sound"
    assert [item.key for item in moved.list()] == ["k"]
    assert moved.migrate().copied == 1


def test_migrating_does_not_bring_back_what_another_deleted(opened: Opened) -> None:
    first, second = opened("a"), opened("b")
    for key in ("stays", "gone"):
        first.put(key, b"x")
    second.delete("gone")
    report = first.migrate()
    assert (report.copied, report.skipped, report.failed) == (0, 2, [])
    assert [item.key for item in second.list()] == ["stays"]
    assert not first.local.exists("gone")


def test_files_of_earlier_versions_are_copies_once_they_are_migrated(opened: Opened) -> None:
    first, second = opened("a"), opened("b")
    first.local.put("same", b"x")
    first.s3.put("same", b"x")
    first.local.put("other", b"disk")
    first.s3.put("other", b"s3")
    assert first.migrate().copied == 0
    for key in ("same", "other"):
        second.delete(key)
    assert not first.exists("same")
    assert first.get("other") == b"disk"


@pytest.mark.parametrize("verb", ["get", "info", "download"])
def test_an_older_copy_ends_when_s3_is_seen_to_have_another(
    opened: Opened, s3_server: S3Server, verb: str
) -> None:
    """A consent that was taken out does not come back while S3 is down."""
    first, second = opened("a"), opened("b")
    first.put("voices/D.voice.json", b"with consent")
    second.put("voices/D.voice.json", b"without")
    READ[verb](first, "voices/D.voice.json")
    down(s3_server)
    with pytest.raises(StorageUnavailable):
        first.get("voices/D.voice.json")


def test_a_put_while_s3_says_that_it_is_gone_is_kept(
    opened: Opened, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new file is not taken for the one that was deleted."""
    first, second = opened("a"), opened("b")
    first.put("k", b"old")
    second.delete("k")
    exists = first.s3.exists

    def meanwhile(key: str) -> bool:
        there = exists(key)
        down(s3_server)
        first.put("k", b"paid for")
        return there

    monkeypatch.setattr(first.s3, "exists", meanwhile)
    with pytest.raises(ObjectNotFound):
        first.get("k")
    assert first.get("k") == b"paid for"


def test_a_file_is_marked_before_it_is_written(
    opened: Opened, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A put that fails on the disk takes its mark away, unless an earlier one still needs it."""
    first = opened("a", local_max_bytes=3)
    first.put("k", io.BytesIO(b"far too large"))
    assert "k" not in first._pending
    down(s3_server)
    first.put("k", b"abc")
    s3_server.faults.clear()
    first.s3.delete("k")
    put = first.s3.put
    monkeypatch.setattr(first.s3, "put", lambda *a, **k: down(s3_server) or put(*a, **k))
    with pytest.raises(StorageUnavailable):
        first.put("k", b"far too large")
    s3_server.faults.clear()
    assert first.get("k") == b"abc" and "k" in first._pending


def test_what_a_user_wants_on_the_disk_stays_there(opened: Opened) -> None:
    """`cleanup` of S3 alone."""
    first = opened("a")
    first.put("k", b"sound")
    first.keep_on_disk("k")
    first.s3.delete("k")
    assert first.get("k") == b"sound"
    assert [item.key for item in first.list()] == ["k"]
