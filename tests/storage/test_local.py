"""What only a disk can get wrong: links, left-overs, file names, folders."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import ConfigError, InvalidInput, ObjectNotFound, StorageDenied, WorkerError
from standins.waiting import PATIENCE_S
from storage.config import StorageConfig
from storage.disk.store import LocalStorage
from storage.hybrid.pending import Pending
from storage.keys import META_DIR, check_key, full_key, normalise_prefix
from tests.examples import examples


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def local(root: Path) -> LocalStorage:
    return LocalStorage(StorageConfig(local_dir=root))


def test_the_file_lies_where_one_looks_for_it(local: LocalStorage, root: Path) -> None:
    local.put("output/job.wav", b"x")
    assert (root / "output" / "job.wav").read_bytes() == b"x"


def test_a_file_put_there_by_hand_is_an_object(local: LocalStorage, root: Path) -> None:
    (root / "voices").mkdir(parents=True)
    (root / "voices" / "Dorota.wav").write_bytes(b"hand")
    assert local.get("voices/Dorota.wav") == b"hand"
    info = local.info("voices/Dorota.wav")
    assert info.content_type == "audio/wav" and info.metadata == {}


def test_metadata_of_a_file_changed_by_hand_is_forgotten(local: LocalStorage, root: Path) -> None:
    local.put("k", b"one", metadata={"a": "1"})
    (root / "k").write_bytes(b"two!")
    assert local.info("k").metadata == {}


def test_leftovers_of_a_crash_are_never_seen(local: LocalStorage, root: Path) -> None:
    local.put("folder/k", b"x")
    (root / "folder" / ".tmp-0123").write_bytes(b"half")
    (root / ".tmp-dir").mkdir()
    (root / ".tmp-dir" / "x").write_bytes(b"")
    assert [item.key for item in local.list()] == ["folder/k"]
    assert local.total_size() == 1
    with pytest.raises(InvalidInput):
        local.get("folder/.tmp-0123")


def test_leftovers_of_a_crash_go_at_the_next_start_once_a_day_old(
    local: LocalStorage, root: Path
) -> None:
    local.put("folder/k", b"x")
    old, running = root / "folder" / ".tmp-old", root / "folder" / ".tmp-running"
    for path in (old, running):
        path.write_bytes(b"half")
    for path in (old, root / "folder" / "k"):
        os.utime(path, (time.time() - 2 * 86_400,) * 2)
    local.ensure_bucket()
    assert sorted(path.name for path in (root / "folder").iterdir()) == [".tmp-running", "k"]


def test_metadata_belongs_to_the_bytes_whichever_put_ends_last(
    local: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, slow_one = os.replace, iter([0.05])

    def slow_replace(source: Path, target: Path) -> None:
        if target.name == "k":
            time.sleep(next(slow_one, 0.0))
        real(source, target)

    monkeypatch.setattr("storage.files.os.replace", slow_replace)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda body: local.put("k", body), [b"a", b"b"]))
    assert local.info("k").metadata["sha256"] == hashlib.sha256(local.get("k")).hexdigest()


def test_folders_that_come_and_go_stop_no_put(local: LocalStorage) -> None:
    def put_and_delete(n: int) -> None:
        local.put(f"deep/er/{n % 3}/{n}", b"x")
        assert local.delete(f"deep/er/{n % 3}/{n}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put_and_delete, range(1500)))
    assert list(local.list()) == []


def test_a_failed_put_leaves_no_file(local: LocalStorage, root: Path) -> None:
    local.put("folder", b"x")
    with pytest.raises(InvalidInput, match="folder"):
        local.put("folder/k", b"x")
    assert [p.name for p in root.iterdir() if p.name != ".meta"] == ["folder"]


def test_delete_prunes_folders_but_not_the_root(local: LocalStorage, root: Path) -> None:
    local.put("a/b/c/d", b"x")
    local.put("a/e", b"x")
    local.delete("a/b/c/d")
    assert sorted(p.name for p in (root / "a").iterdir()) == ["e"]
    local.delete("a/e")
    assert root.is_dir() and not (root / "a").exists()


def test_links_do_not_lead_outside(local: LocalStorage, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    local.put("inside", b"in")
    (root / "dir").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    (root / "good").symlink_to(root / "inside")
    for key in ("dir/secret", "file"):
        for verb in (local.get, local.info, local.delete, lambda key: local.put(key, b"!")):
            with pytest.raises(StorageDenied):
                verb(key)
    assert (outside / "secret").read_bytes() == b"secret"
    assert [item.key for item in local.list()] == ["good", "inside"]
    assert list(local.list("dir/")) == []
    assert local.get("good") == b"in"


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "volume")
    local = LocalStorage(StorageConfig(local_dir=tmp_path / "root"))
    local.put("a/b", b"x")
    assert [item.key for item in local.list()] == ["a/b"]


def test_names_too_long_for_a_disk(local: LocalStorage) -> None:
    with pytest.raises(InvalidInput):
        local.put("x" * 300, b"")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory(root: Path, local: LocalStorage) -> None:
    root.mkdir()
    root.chmod(0o500)
    with pytest.raises(StorageDenied):
        local.ensure_bucket()


def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WorkerError):
        LocalStorage(StorageConfig(local_dir=tmp_path / "file")).put("k", b"x")


def test_file_names_that_are_no_keys_are_not_listed(local: LocalStorage, root: Path) -> None:
    local.put("ok", b"x")
    (root / "new\nline").write_bytes(b"")
    (root / "back\\slash").write_bytes(b"")
    (root / os.fsdecode(b"latin-\xe9")).write_bytes(b"")
    assert [item.key for item in local.list()] == ["ok"]


ANY_TEXT = st.text(st.characters(), min_size=0, max_size=60)
NASTY = st.lists(
    st.sampled_from(["..", ".", "", "a", "/", "\\", "\0", ".meta", ".tmp-x", "%2e%2e", "~", "é"]),
    max_size=6,
).map("/".join)


@given(ANY_TEXT | NASTY)
@settings(max_examples=examples(400))
def test_a_key_is_refused_or_stays_below_its_prefix(key: str) -> None:
    try:
        full = full_key("tts/prod/", key)
    except InvalidInput:
        return
    assert full == "tts/prod/" + key
    path = os.path.normpath(f"/root/{full}")
    assert path == f"/root/{full}" and path.startswith("/root/tts/prod/")


@given(key=ANY_TEXT | NASTY)
@settings(max_examples=examples(150), suppress_health_check=[*HealthCheck])
def test_whatever_the_key_the_disk_outside_is_untouched(
    local: LocalStorage, tmp_path: Path, key: str
) -> None:
    try:
        local.put(key, b"x")
        assert local.get(key) == b"x"
        assert check_key(key) == key
        assert local.delete(key)
    except (InvalidInput, ObjectNotFound):
        pass
    assert [p.name for p in tmp_path.iterdir()] in ([], ["root"])


@pytest.mark.parametrize("prefix", ["../up", "a/../b", "a//b", "a\\b", ".meta", "x\n"])
def test_a_prefix_that_is_no_path(prefix: str) -> None:
    with pytest.raises(ConfigError):
        normalise_prefix(prefix)


def within_patience(work: Callable[[], object]) -> object:
    """What `work` gives or raises; fails the test where it hangs."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(work())
        except WorkerError as error:
            outcome.append(type(error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert outcome, "it hangs"
    return outcome[0]


def make_socket(path: Path) -> None:
    """A file of the kind "socket"; its name is too long for a whole path."""
    directory = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(f"/proc/self/fd/{directory}/{path.name}")
    os.close(directory)


@pytest.mark.parametrize("make", [os.mkfifo, make_socket])
def test_what_would_keep_its_reader_waiting_for_ever_is_no_object(
    local: LocalStorage, root: Path, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    local.put("folder/k", b"x")
    path = root / "folder" / "pipe"
    make(path)
    key = "folder/pipe"
    for verb in (local.get, local.info, local.size, lambda k: list(local.stream(k))):
        assert within_patience(lambda verb=verb: verb(key)) is ObjectNotFound
    assert within_patience(lambda: local.download(key, tmp_path / "d")) is ObjectNotFound
    assert within_patience(lambda: local.exists(key)) is False
    assert within_patience(lambda: [item.key for item in local.list()]) == ["folder/k"]
    assert within_patience(lambda: local.delete(key)) is False
    assert within_patience(lambda: local.put("sent", path)) is InvalidInput
    within_patience(lambda: local.put(key, b"a file again"))
    assert local.get(key) == b"a file again"


def test_a_pipe_in_place_of_a_sidecar_or_a_mark_is_not_read(root: Path) -> None:
    local = LocalStorage(StorageConfig(local_dir=root))
    local.put("k", b"x", metadata={"a": "1"})
    (sidecar,) = (root / META_DIR).rglob("*.json")
    sidecar.unlink()
    os.mkfifo(sidecar)
    assert within_patience(lambda: local.info("k").metadata) == {}
    pending = Pending(root, "")
    pending.add("k")
    (mark,) = (path for path in (root / META_DIR / "pending").glob("*") if path.suffix != ".lock")
    mark.unlink()
    os.mkfifo(mark)
    assert within_patience(pending.waiting) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"metadata": {"job-id": 5}},
        {"metadata": {"job-id": ["a"]}},
        {"metadata": {"job-id": None}},
        {"content_type": {"a": "b"}},
        {"file": ["1", 2, 3]},
        {"file": 5},
    ],
)
def test_a_sidecar_of_odd_types_counts_as_none(root: Path, damage: dict[str, object]) -> None:
    local = LocalStorage(StorageConfig(local_dir=root))
    local.put("k.wav", b"x", metadata={"job-id": "a"})
    (sidecar,) = (root / META_DIR).rglob("*.json")
    record = json.loads(sidecar.read_bytes())
    if isinstance(damage.get("file"), list):
        damage = {"file": ["1", *record["file"][1:]]}
    sidecar.write_text(json.dumps({**record, **damage}))
    found = local.info("k.wav")
    assert (found.metadata, found.content_type) == ({}, "audio/wav")
    assert local.get("k.wav") == b"x"
