"""Objects as plain files under one directory, browsable by hand: `{local_dir}/{prefix}{key}`."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO

from errors import ConfigError, InvalidInput, ObjectNotFound, StorageDenied
from storage.base import (
    DEFAULT_EXPIRES_S,
    AlreadyThere,
    Body,
    ObjectInfo,
    ObjectUrl,
    Storage,
    StorageType,
    StoredObject,
    UrlKind,
    check_expires,
    check_max_bytes,
)
from storage.body import Payload, open_payload
from storage.config import StorageConfig
from storage.disk import reading
from storage.disk.sidecar import Sidecar, Sidecars
from storage.files import (
    NO_SUCH_OBJECT,
    atomic_file,
    check_free,
    open_file,
    prune,
    remove_file,
    remove_leftovers,
    sync_file,
    translate_os_error,
)
from storage.keys import (
    TEMP_PREFIX,
    check_key,
    check_list_prefix,
    full_key,
    normalise_prefix,
)
from storage.metadata import decode_metadata, encode_metadata, guess_type
from storage.quota import Quota

_CHUNK_BYTES = 1 << 20
_LEFT_OVER_S = 86_400.0  # no write takes a day


class LocalStorage(Storage):
    """A `Storage` on disk. Thread-safe; processes may share the directory.

    A symbolic link is followed only while it stays inside the directory; links to directories are
    not listed. A file put there by hand is an object too, without metadata. `root` is absolute;
    `prefix` stands before every key, "" or ending in "/".
    """

    def __init__(self, config: StorageConfig) -> None:
        self.root = config.local_dir.absolute()
        self.prefix = normalise_prefix(config.prefix)
        self._sidecars = Sidecars(self.root)
        self._limit = config.local_max_bytes
        self._quota = Quota(self._limit, self.total_size, "STORAGE_LOCAL_MAX_SIZE_GB")
        self._locks = tuple(threading.Lock() for _ in range(64))

    def stores(self) -> Mapping[StorageType, Storage]:
        return {"local": self}

    def put(
        self,
        key: str,
        body: Body | Payload,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
        replace: bool = True,
        durable: bool = True,
        copy_of: str = "",
    ) -> StoredObject:
        """As `Storage.put`; `durable` as `atomic_file`'s: two flushes of the disk. `copy_of`: the
        place that has or will have the object, too (`origin`)."""
        path = self.path(key)
        with open_payload(body) as payload:
            sidecar = Sidecar(
                content_type or guess_type(key),
                encode_metadata(metadata, payload.sha256),
                copy_of,
            )
            with self._quota.reserve(payload.size, lambda: reading.size_or_zero(path)):
                self._write(key, path, payload, sidecar, durable=durable, replace=replace)
            return StoredObject(key, payload.size, payload.sha256, "local")

    def _write(
        self,
        key: str,
        path: Path,
        payload: Payload,
        sidecar: Sidecar,
        *,
        durable: bool,
        replace: bool,
    ) -> None:
        """File and sidecar change together for every thread of this process; between processes
        the sidecar's record of its file decides."""
        with self._lock(key), atomic_file(path, durable=durable) as file:
            if not replace and path.exists():
                raise AlreadyThere(f"{key}: something was stored there meanwhile.")
            for chunk in payload.chunks():
                file.write(chunk)
            file.flush()
            self._sidecars.write(self.prefix + key, os.fstat(file.fileno()), sidecar)

    def check_room(self, key: str, size: int) -> None:
        path = self.path(key)
        self._quota.check(size, lambda: reading.size_or_zero(path))
        check_free(self.root, size, key)

    def make_durable(self, key: str) -> None:
        """What `put` does where it is `durable`, later."""
        sync_file(self.path(key))

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        return b"".join(self.stream(key, max_bytes=max_bytes))

    def download(self, key: str, path: Path, *, max_bytes: int | None = None) -> ObjectInfo:
        with self._open(key) as source:
            info = self._info(key, os.fstat(source.fileno()))
            check_max_bytes(key, info.size, max_bytes)
            with atomic_file(path) as target:
                for chunk in reading.checked_chunks(source, _CHUNK_BYTES, info):
                    target.write(chunk)
        return info

    def stream(
        self, key: str, *, chunk_size: int = _CHUNK_BYTES, max_bytes: int | None = None
    ) -> Iterator[bytes]:
        check_key(key)
        return self._stream(key, chunk_size, max_bytes)

    def _stream(self, key: str, chunk_size: int, max_bytes: int | None) -> Iterator[bytes]:
        with self._open(key) as file:
            info = self._info(key, os.fstat(file.fileno()))
            check_max_bytes(key, info.size, max_bytes)
            yield from reading.checked_chunks(file, chunk_size, info)

    def info(self, key: str) -> ObjectInfo:
        with self._open(key) as file:
            return self._info(key, os.fstat(file.fileno()))

    def list(self, prefix: str = "", *, limit: int | None = None) -> Iterator[ObjectInfo]:
        full = self.prefix + check_list_prefix(prefix)
        directory = full.rpartition("/")[0]
        if not self._is_inside(self.root / directory):
            return iter(())
        start = f"{directory}/" if directory else ""
        return islice(self._walk(start, full), limit)

    def _walk(self, directory: str, prefix: str) -> Iterator[ObjectInfo]:
        """Objects below `directory` ("" or "a/") with full keys that begin with `prefix`. In S3's
        order: a folder sorts as its name with "/", so that `a-b` comes before `a/c`."""
        for name in reading.entries(self.root / directory):
            full = directory + name
            if name.endswith("/"):
                if full.startswith(prefix) or prefix.startswith(full):
                    yield from self._walk(full, prefix)
            elif full.startswith(prefix) and (item := self._listed(full)):
                yield item

    def _listed(self, full: str) -> ObjectInfo | None:
        """The entry of one file; None if it is not an object (any more)."""
        key = full.removeprefix(self.prefix)
        path = self.root / full
        try:
            check_key(key)
            if not self._is_inside(path) or not path.is_file():
                return None
            stat = path.stat()
        except (InvalidInput, OSError):
            return None
        return ObjectInfo(
            key, stat.st_size, reading.modified(stat), "local", etag=reading.etag_of(stat)
        )

    def origin(self, key: str) -> tuple[str, str]:
        """The file's etag, and the place it is a copy of, "" if it is none. Raises
        ObjectNotFound."""
        with self._open(key) as file:
            stat = os.fstat(file.fileno())
        sidecar = self._sidecars.read(self.prefix + key, stat)
        return reading.etag_of(stat), sidecar.copy_of if sidecar else ""

    def set_origin(self, key: str, etag: str, copy_of: str) -> None:
        """Says what the file of that etag is a copy of; another file stays as it is."""
        with self._lock(key), self._open(key) as file:
            stat = os.fstat(file.fileno())
            if reading.etag_of(stat) == etag:
                own = self._sidecars.read(self.prefix + key, stat) or Sidecar(guess_type(key), {})
                self._sidecars.write(self.prefix + key, stat, replace(own, copy_of=copy_of))

    def delete(self, key: str, *, etag: str | None = None) -> bool:
        """As `Storage.delete`; with `etag` that file alone, not one put there since."""
        if (path := self.path(key)).exists() and not path.is_file():
            return False  # no object
        with self._lock(key):
            if etag is not None and not reading.has_etag(path, etag):
                return False
            size = reading.size_or_zero(path)
            if not remove_file(path):
                return False
            self._sidecars.remove(self.prefix + key)
        self._quota.released(size)
        prune(path.parent, self.root)
        return True

    def url(self, key: str, kind: UrlKind, *, expires_s: int = DEFAULT_EXPIRES_S) -> ObjectUrl:
        check_expires(expires_s)
        path = self.path(key)
        return ObjectUrl(None, "none") if kind == "none" else ObjectUrl(path.as_uri(), "public")

    def url_kinds(self) -> tuple[UrlKind, ...]:
        return ("public", "presigned", "none")

    def presign_put(
        self, key: str, *, content_type: str | None = None, expires_s: int = DEFAULT_EXPIRES_S
    ) -> ObjectUrl:
        """The file's own URL: whoever can write to the disk needs no signature."""
        return self.url(key, "public", expires_s=expires_s)

    def ensure_bucket(self) -> None:
        """Makes the directory, proves that it is writable, and removes what a crash left there."""
        probe = self.root / f"{TEMP_PREFIX}probe-{os.getpid()}-{threading.get_ident()}"
        try:
            with atomic_file(probe, durable=False) as file:
                file.write(b"")
        except (ObjectNotFound, InvalidInput) as error:  # no directory, or not one
            raise ConfigError(
                f"LOCAL_STORAGE_DIR={self.root} cannot be used as a directory.",
                "Set it to a directory the worker may write to.",
            ) from error
        probe.unlink(missing_ok=True)
        remove_leftovers(self.root, _LEFT_OVER_S)

    def describe(self) -> dict[str, object]:
        return {
            "mode": "local",
            "directory": str(self.root),
            "prefix": self.prefix,
            "max_bytes": self._limit,
            "warnings": [],
        }

    def _lock(self, key: str) -> threading.Lock:
        """Serialises changes of one key; keys rarely share a lock."""
        return self._locks[hash(key) % len(self._locks)]

    def path(self, key: str) -> Path:
        """The file of `key`; it need not exist. Raises StorageDenied: a symbolic link leads it
        outside the directory."""
        path = self.root / full_key(self.prefix, key)
        if not self._is_inside(path):
            raise StorageDenied(
                f"{key[:80]!a}: a symbolic link leads outside the storage directory.",
                "Remove the link, or copy the files into the storage directory.",
            )
        return path

    def _is_inside(self, path: Path) -> bool:
        try:
            resolved = Path(os.path.realpath(path))
        except OSError as exc:
            raise translate_os_error(exc, path.name) from exc
        return resolved.is_relative_to(os.path.realpath(self.root))

    def _open(self, key: str) -> IO[bytes]:
        try:
            return open_file(self.path(key))
        except (FileNotFoundError, NotADirectoryError) as exc:
            raise ObjectNotFound(f"{key}: no such object.", NO_SUCH_OBJECT) from exc
        except OSError as exc:
            raise translate_os_error(exc, key) from exc

    def _info(self, key: str, stat: os.stat_result) -> ObjectInfo:
        sidecar = self._sidecars.read(self.prefix + key, stat)
        return ObjectInfo(
            key,
            stat.st_size,
            reading.modified(stat),
            "local",
            content_type=sidecar.content_type if sidecar else guess_type(key),
            etag=reading.etag_of(stat),
            metadata=decode_metadata(sidecar.metadata) if sidecar else {},
        )
