"""What storage/base.py promises, asked of every kind of store."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errors import InvalidInput, ObjectNotFound, StorageFull
from s3_utils import AlreadyThere, Storage
from storage.base import Body

ODD_KEYS = [
    "voices/Dorota.wav",
    "voices/Zoë Ångström.wav",
    "声/你好.wav",
    "a b+c&d=e%20f.wav",
    "quote'and\"double.wav",
    "semi;colon,comma!(x)*~.wav",
    "percent%2Fslash.wav",
    "question?hash#.wav",
    "emoji/🎙.wav",
    ".hidden/.file",
    "a" * 200 + "/" + "b" * 200,
]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_what_is_put_is_got_under_every_allowed_key(store: Storage, key: str) -> None:
    receipt = store.put(key, b"sound")
    assert (receipt.key, receipt.size) == (key, 5)
    assert receipt.sha256 == hashlib.sha256(b"sound").hexdigest()
    assert store.get(key) == b"sound"
    assert [item.key for item in store.list(key)] == [key]
    assert store.delete(key)
    assert not store.exists(key)


def test_receipt_says_where_the_bytes_went(store: Storage) -> None:
    receipt = store.put("a.wav", b"x")
    assert receipt.storage_type == ("s3" if "s3" in store.stores() else "local")
    assert receipt.bucket == store.describe().get("bucket")
    assert receipt.warnings == ()


@pytest.mark.parametrize("size", [0, 1, 100_000, (1 << 20) + 1])
def test_bytes_files_and_streams_are_stored_alike(
    store: Storage, tmp_path: Path, size: int
) -> None:
    data = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    (tmp_path / "source").write_bytes(data)
    bodies: list[Body] = [data, tmp_path / "source", io.BytesIO(data)]
    for body in bodies:
        store.put("k", body)
        assert store.get("k") == data
        assert store.size("k") == size


def test_a_stream_is_read_from_where_it_stands_and_left_open(store: Storage) -> None:
    stream = io.BytesIO(b"header:body")
    stream.seek(7)
    store.put("k", stream)
    assert store.get("k") == b"body"
    assert not stream.closed


def test_put_replaces(store: Storage) -> None:
    store.put("k.txt", b"old and long", metadata={"a": "1"})
    store.put("k.txt", b"new", metadata={"b": "2"})
    info = store.info("k.txt")
    assert store.get("k.txt") == b"new"
    assert "a" not in info.metadata and info.metadata["b"] == "2"


def test_a_key_that_should_be_free_is_not_written_to_where_the_place_can_look(
    store: Storage, request: pytest.FixtureRequest
) -> None:
    store.put("k", b"first", replace=False)
    if request.node.callspec.params["store_with"] == "rclone":  # it ignores the condition
        store.put("k", b"second", replace=False)
        assert store.get("k") == b"second"
    else:
        with pytest.raises(AlreadyThere):
            store.put("k", b"second", replace=False)
        assert store.get("k") == b"first"
    store.put("k", b"third")
    assert store.get("k") == b"third"


def test_a_body_that_cannot_be_read_changes_nothing(store: Storage, tmp_path: Path) -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise RuntimeError("the encoder died")

    store.put("k", b"old")
    with pytest.raises(RuntimeError):
        store.put("k", Breaking())
    with pytest.raises(InvalidInput):
        store.put("k", tmp_path / "missing")
    assert store.get("k") == b"old"


def test_info_keeps_type_metadata_and_hash(store: Storage) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    receipt = store.put("a.wav", b"x", metadata={"Voice": "Zoë  Å", "user_id": "=?odd", "n": ""})
    info = store.info("a.wav")
    assert info.content_type == "audio/wav"
    assert info.metadata == {
        "voice": "Zoë  Å",
        "user_id": "=?odd",
        "n": "",
        "sha256": receipt.sha256,
    }
    assert before <= info.last_modified <= datetime.now(UTC) + timedelta(seconds=2)
    assert info.etag
    store.put("b", b"x", content_type="audio/x-own")
    assert store.info("b").content_type == "audio/x-own"


@pytest.mark.parametrize("metadata", [{"a": "x" * 2100}, {"bad key": "x"}, {"sha256": "0"}])
def test_metadata_s3_would_refuse_is_refused(store: Storage, metadata: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        store.put("k", b"x", metadata=metadata)
    assert not store.exists("k")


def test_a_missing_object(store: Storage, tmp_path: Path) -> None:
    assert not store.exists("no/such")
    assert not store.delete("no/such")
    for verb in (store.get, store.info, store.size, lambda key: list(store.stream(key))):
        with pytest.raises(ObjectNotFound):
            verb("no/such")
    with pytest.raises(ObjectNotFound):
        store.download("no/such", tmp_path / "target")
    assert list(tmp_path.glob("target*")) == []


def test_a_prefix_is_not_an_object(store: Storage) -> None:
    store.put("folder/a", b"x")
    assert not store.exists("folder")
    assert not store.delete("folder")
    with pytest.raises(ObjectNotFound):
        store.get("folder")


def test_download_writes_the_file_whole(store: Storage, tmp_path: Path) -> None:
    data = b"abc" * 1_000_000
    store.put("k.wav", data)
    target = tmp_path / "new" / "folder" / "file.wav"
    info = store.download("k.wav", target)
    assert target.read_bytes() == data
    assert (info.key, info.size, info.content_type) == ("k.wav", len(data), "audio/wav")
    assert [p.name for p in target.parent.iterdir()] == ["file.wav"]


def test_stream_gives_chunks_of_the_asked_size(store: Storage) -> None:
    store.put("k", b"0123456789")
    assert b"".join(store.stream("k", chunk_size=4)) == b"0123456789"
    assert max(len(chunk) for chunk in store.stream("k", chunk_size=4)) == 4


def test_max_bytes_names_both_numbers_and_leaves_no_file(store: Storage, tmp_path: Path) -> None:
    store.put("k", b"x" * 11)
    target = tmp_path / "target"
    for verb in (
        lambda: store.get("k", max_bytes=10),
        lambda: list(store.stream("k", max_bytes=10)),
        lambda: store.download("k", target, max_bytes=10),
    ):
        with pytest.raises(InvalidInput, match=r"11 .*10 "):
            verb()
    assert not target.exists()
    assert store.get("k", max_bytes=11) == b"x" * 11


def test_list_is_in_s3_order_and_by_string_prefix(store: Storage) -> None:
    keys = ["a/c", "a-b", "a/b/c", "a.wav", "a0", "B", "ab/x", "é", "a/b.wav", "𝄞", "\uffee"]
    for key in keys:
        store.put(key, key.encode())
    by_bytes = sorted(keys, key=str.encode)
    assert [item.key for item in store.list()] == by_bytes
    for prefix in ("a", "a/", "a/b", "ab/x", "zz", "a/b/"):
        wanted = [key for key in by_bytes if key.startswith(prefix)]
        assert [item.key for item in store.list(prefix)] == wanted
        assert store.total_size(prefix) == sum(len(key.encode()) for key in wanted)
    assert [item.key for item in store.list(limit=3)] == by_bytes[:3]
    assert list(store.list(limit=0)) == []


def test_the_prefix_scopes_every_verb(store_with: Callable[..., Storage]) -> None:
    outer, inner = store_with(), store_with(prefix="/tts/prod/")
    inner.put("a.wav", b"1")
    outer.put("other.wav", b"2")
    assert [item.key for item in inner.list()] == ["a.wav"]
    assert outer.get("tts/prod/a.wav") == b"1"
    assert not inner.exists("other.wav")
    assert inner.total_size() == 1
    for key in ("../other.wav", "/other.wav", "a/../../other.wav", "", "a//b", ".meta/x"):
        with pytest.raises(InvalidInput):
            inner.get(key)
        with pytest.raises(InvalidInput):
            inner.put(key, b"")
        with pytest.raises(InvalidInput):
            inner.delete(key)
        with pytest.raises(InvalidInput):
            inner.url(key, "public")


def test_url_kinds(store: Storage) -> None:
    store.put("a b.wav", b"x")
    assert store.url("a b.wav", "none").url is None
    public = store.url("a b.wav", "public")
    assert public.kind == "public" and public.url and public.url.endswith("/a%20b.wav")
    assert public.expires_at is None
    signed = store.url("a b.wav", "presigned", expires_s=60)
    assert signed.url
    assert (signed.expires_at is not None) == (signed.kind == "presigned")
    for wrong in (0, -1, 604_801):
        with pytest.raises(InvalidInput):
            store.url("a b.wav", "presigned", expires_s=wrong)


def test_quota(store_with: Callable[..., Storage]) -> None:
    store = store_with(local_max_bytes=100, max_bytes=100)
    store.put("a", b"x" * 60)
    with pytest.raises(StorageFull, match="60 of 100"):
        store.put("b", b"x" * 41)
    assert not store.exists("b")
    store.check_room("b", 40)
    store.check_room("a", 100)
    with pytest.raises(StorageFull, match="60 of 100"):
        store.check_room("b", 41)
    store.put("a", b"y" * 100)  # what it replaces does not count
    store.delete("a")
    store.put("b", b"x" * 100)
    assert store.total_size() == 100


def test_concurrent_puts_of_one_key_leave_one_whole_object(store: Storage) -> None:
    bodies = [bytes([n]) * 50_000 for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda body: store.put("k", body), bodies))
    data = store.get("k")
    assert data in bodies
    assert store.info("k").metadata["sha256"] == hashlib.sha256(data).hexdigest()


def test_concurrent_puts_and_deletes_of_many_keys(
    store: Storage, request: pytest.FixtureRequest
) -> None:
    kept = []
    if request.node.callspec.params["store_with"] == "rclone":
        # Of a folder that one request empties, it may lose what another has just put there.
        kept = [f"deep/er/{n}/kept" for n in range(7)]
        for key in kept:
            store.put(key, b"")

    def one(n: int) -> bool:
        key = f"deep/er/{n % 7}/{n}.bin"
        store.put(key, str(n).encode())
        ok = store.get(key) == str(n).encode()
        return store.delete(key) and ok

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(one, range(40)))
    assert [item.key for item in store.list()] == kept


def test_describe_holds_no_secret(store_with: Callable[..., Storage]) -> None:
    secret = "s3cr3t-value-nobody-may-see"
    text = repr(store_with(secret_access_key=secret, session_token=secret).describe())
    assert secret not in text


def test_ensure_bucket_on_a_good_store(store: Storage) -> None:
    store.ensure_bucket()
    assert list(store.list()) == []


def test_url_kinds_are_those_url_gives(store: Storage) -> None:
    assert set(store.url_kinds()) == {"public", "presigned", "none"}
    for kind in store.url_kinds():
        assert bool(store.url("k", kind).url) == (kind != "none")
