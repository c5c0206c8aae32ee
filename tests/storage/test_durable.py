"""Files on disk after a power cut: what was answered is there, and what was cut is recognised."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from errors import StorageUnavailable
from s3_utils import Storage, StorageConfig, open_storage
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from storage.disk.store import LocalStorage
from storage.files import atomic_file


@pytest.fixture
def local(tmp_path: Path) -> LocalStorage:
    return LocalStorage(StorageConfig(local_dir=tmp_path))


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is flushed and renamed, in order; it really is."""
    seen: list[tuple[str, str]] = []
    sync, rename = os.fsync, os.replace

    def fsync(number: int) -> None:
        name = Path(os.readlink(f"/proc/self/fd/{number}"))
        seen.append(("flushed", "temporary" if name.name.startswith(".tmp-") else name.name))
        sync(number)

    def replace_(source: Path, target: Path) -> None:
        seen.append(("renamed", target.name))
        rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace_)
    return seen


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_answer(
    tmp_path: Path, events: list[tuple[str, str]]
) -> None:
    with atomic_file(tmp_path / "new" / "folder" / "file") as file:
        file.write(b"x")
    assert events == [
        ("flushed", "temporary"),
        ("renamed", "file"),
        ("flushed", "folder"),
        ("flushed", "new"),  # it holds the name of the folder
        ("flushed", tmp_path.name),
    ]


def test_a_stored_object_is_flushed_and_its_sidecar_not(
    local: LocalStorage, events: list[tuple[str, str]]
) -> None:
    local.put("k", b"x")
    names = [name for what, name in events if what == "flushed"]
    assert names == ["temporary", local.root.name]


def test_hybrid_flushes_only_what_s3_did_not_take(
    s3_config: StorageConfig, s3_server: S3Server, events: list[tuple[str, str]]
) -> None:
    store = open_storage(replace(s3_config, mode="hybrid", max_attempts=1))
    store.close()
    store.put("taken", b"x")
    assert [name for what, name in events if what == "flushed"] == []
    s3_server.faults.add(Fault("answer", "PUT"))
    store.put("kept", b"x")
    flushed = [name for what, name in events if what == "flushed"]
    assert flushed[0] == "kept" and flushed[3] == "pending"
    assert len(flushed) == 4  # the object and its mark, and the folders that hold their names


def cut(path: Path) -> None:
    """As a file system leaves it that had the name on the disk, but not all of the bytes."""
    stat = path.stat()
    os.truncate(path, stat.st_size // 2)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def empty(path: Path) -> None:
    stat = path.stat()
    os.truncate(path, 0)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def zeros(path: Path) -> None:
    stat = path.stat()
    path.write_bytes(b"\0" * stat.st_size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("damage", [cut, empty, zeros])
@pytest.mark.parametrize("verb", ["get", "download", "stream"])
def test_a_cut_file_is_not_given_for_a_whole_one(
    local: LocalStorage, tmp_path: Path, damage: Callable[[Path], None], verb: str
) -> None:
    local.put("k", b"sound" * 1000)
    damage(tmp_path / "k")
    target = tmp_path / "elsewhere" / "file"
    ask: dict[str, Callable[[], object]] = {
        "get": lambda: local.get("k"),
        "download": lambda: local.download("k", target),
        "stream": lambda: list(local.stream("k")),
    }
    with pytest.raises(StorageUnavailable, match="damaged"):
        ask[verb]()
    assert not target.exists()
    local.put("k", b"again")
    assert local.get("k") == b"again"


@pytest.mark.parametrize("damage", [cut, empty])
def test_what_is_cut_is_not_described_as_whole(
    local: LocalStorage, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    local.put("k", b"sound" * 1000)
    damage(tmp_path / "k")
    with pytest.raises(StorageUnavailable, match="damaged"):
        local.info("k")
    assert local.delete("k")


@pytest.mark.parametrize("damage", [cut, empty, zeros])
def test_hybrid_reads_s3s_copy_of_what_is_cut_on_disk(
    s3_config: StorageConfig, s3_server: S3Server, damage: Callable[[Path], None]
) -> None:
    store: Storage = open_storage(replace(s3_config, mode="hybrid"))
    store.put("k", b"sound")
    damage(s3_config.local_dir / "k")
    assert store.get("k") == b"sound" and store.info("k").size == 5
    assert store.exists("k") and str(store.url("k", "public").url).startswith("http://")
    s3_server.faults.add(Fault("answer", "GET", times=99))
    with pytest.raises(StorageUnavailable):
        store.get("k")


def test_a_file_replaced_by_hand_is_no_damage(local: LocalStorage, tmp_path: Path) -> None:
    local.put("k", b"sound" * 1000)
    (tmp_path / "k").write_bytes(b"mine")
    assert local.get("k") == b"mine"
    assert "sha256" not in local.info("k").metadata
