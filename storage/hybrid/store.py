"""S3 and a disk beside it: both are written, S3 is read first, and the disk catches what S3 cannot
take, so that audio already paid for is never lost.

An object that S3 did not take is marked pending on disk, and sent as soon as S3 answers (see
`storage.hybrid.sender`). Until it is there, the disk's copy is the one that is read, listed and
linked. While S3 is down (`storage.hybrid.outage`), what the disk has is answered from it at once.
"""

from __future__ import annotations

import heapq
import logging
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path
from typing import TypeVar

from cachetools import LRUCache

from errors import InvalidInput, ObjectNotFound, StorageError, StorageFull, WorkerError
from storage.base import (
    DEFAULT_EXPIRES_S,
    AlreadyThere,
    Body,
    MigrationReport,
    ObjectInfo,
    ObjectUrl,
    Storage,
    StorageType,
    StoredObject,
    UrlKind,
)
from storage.body import open_payload
from storage.disk.store import LocalStorage
from storage.hybrid.copies import Copies, place_of
from storage.hybrid.migrate import copy_missing
from storage.hybrid.pending import Pending
from storage.hybrid.sender import Sender
from storage.s3.store import S3Storage

log = logging.getLogger("f5worker.storage")
T = TypeVar("T")
_REMEMBERED_KEYS = 10_000


class HybridStorage(Storage):
    """A `Storage` of two. Thread-safe; `put` succeeds while at least one of them takes the object.
    The receipt's `storage_type` is "s3" if S3 has the object, else "local" with a warning."""

    def __init__(self, s3: S3Storage, local: LocalStorage) -> None:
        self.s3 = s3
        self.local = local
        self._pending = Pending(local.root, local.prefix)
        self._sender = Sender(local, s3, self._pending)
        weakref.finalize(self, self._sender.end)  # its thread must not outlive the store
        self._ask = self._sender.outage.ask
        self._copies = Copies(
            local, self._pending, place_of(s3), lambda key: self._ask(lambda: s3.exists(key))
        )
        # Keys known to be in S3, so that `url` need not ask.
        self._in_s3: LRUCache[str, bool] = LRUCache(_REMEMBERED_KEYS)
        self._lock = threading.Lock()

    def stores(self) -> Mapping[StorageType, Storage]:
        return {"local": self.local, "s3": self.s3}

    def put(
        self,
        key: str,
        body: Body,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
        replace: bool = True,
    ) -> StoredObject:
        """Disk first: it is quick and there if the worker is stopped while S3 is slow."""
        with open_payload(body) as payload:
            # What is wrong for both, S3 refuses as well.
            kept, mark, why_not = self._copies.put(key, payload, content_type, metadata)
            try:
                stored = self._ask(
                    lambda: self.s3.put(
                        key, payload, content_type=content_type, metadata=metadata, replace=replace
                    ),
                    spare=kept is not None,
                )
            except AlreadyThere:
                if kept is not None:  # what S3 has counts
                    self.local.delete(key)
                    self._pending.discard(key, mark)
                raise
            except WorkerError as error:
                if kept is None:
                    raise
                return self._spooled(kept, error)
        self._remember(key)
        try:
            if kept is None:
                self.local.delete(key)  # an older copy must not outlive the new object
            self._pending.discard(key, mark)
        except WorkerError as error:
            stored = _with_warning(stored, f"The older copy on disk remains: {error.message}")
        if kept is None:
            stored = _with_warning(stored, f"No copy on local disk: {why_not}")
        return stored

    def check_room(self, key: str, size: int) -> None:
        """`put` needs room in one of both; S3 that does not answer may have some."""
        try:
            self.local.check_room(key, size)
        except StorageFull as full:
            try:
                self._ask(lambda: self.s3.check_room(key, size))
            except StorageFull:
                raise full from None

    def _remember(self, key: str) -> None:
        with self._lock:
            self._in_s3[key] = True

    def _spooled(self, kept: StoredObject, error: WorkerError) -> StoredObject:
        log.warning("storage: S3 did not take an object (%s); it is kept on disk", error.code)
        try:  # it is the only copy from now on
            self.local.make_durable(kept.key)
            self._pending.make_durable(kept.key)
        except WorkerError as trouble:
            log.warning("storage: a power cut may lose it: %s", trouble.message)
        self._sender.start()
        return _with_warning(
            kept,
            f"Kept on local disk, S3 failed: {error.message} {error.hint}".rstrip()
            + " It is sent to S3 as soon as S3 takes it.",
        )

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        return self._read(
            key,
            lambda: self.s3.get(key, max_bytes=max_bytes),
            lambda: self.local.get(key, max_bytes=max_bytes),
        )

    def download(self, key: str, path: Path, *, max_bytes: int | None = None) -> ObjectInfo:
        return self._read(
            key,
            lambda: self.s3.download(key, path, max_bytes=max_bytes),
            lambda: self.local.download(key, path, max_bytes=max_bytes),
        )

    def stream(
        self, key: str, *, chunk_size: int = 1 << 20, max_bytes: int | None = None
    ) -> Iterator[bytes]:
        """From S3, or from disk if S3 fails before its first byte."""
        local = self.local.stream(key, chunk_size=chunk_size, max_bytes=max_bytes)
        s3 = self.s3.stream(key, chunk_size=chunk_size, max_bytes=max_bytes)
        return self._stream(key, s3, local)

    def _stream(self, key: str, s3: Iterator[bytes], local: Iterator[bytes]) -> Iterator[bytes]:
        first, rest = self._read(
            key, lambda: (next(s3, b""), s3), lambda: (next(local, b""), local)
        )
        if first:
            yield first
        yield from rest

    def info(self, key: str) -> ObjectInfo:
        return self._read(key, lambda: self.s3.info(key), lambda: self.local.info(key))

    def list(self, prefix: str = "", *, limit: int | None = None) -> Iterator[ObjectInfo]:
        """Both listings merged. S3 must answer: half a listing would pass for a whole one."""
        return islice(self._merged(prefix), limit)

    def _merged(self, prefix: str) -> Iterator[ObjectInfo]:
        there = self.s3.list(prefix)
        listed = iter(lambda: self._ask(lambda: next(there, None)), None)
        ours = ((item.key.encode(), 0, item) for item in listed)
        disk = ((item.key.encode(), 1, item) for item in self.local.list(prefix))
        both = heapq.merge(ours, disk, key=lambda entry: entry[:2])
        for _, group in groupby(both, key=lambda entry: entry[0]):
            items = [item for _, _, item in group]
            if len(items) > 1:
                yield items[-1] if items[0].key in self._pending else items[0]
            elif items[0].storage_type == "s3" or not self._copies.is_gone(items[0].key):
                yield items[0]

    def delete(self, key: str) -> bool:
        """From both; S3 first, so that a failure leaves the copy on disk to try again."""
        with self._lock:
            self._in_s3.pop(key, None)
        is_copy = self._copies.etag(key) is not None
        in_s3 = self._ask(lambda: self.s3.delete(key))
        self._pending.discard(key)
        on_disk = self.local.delete(key)
        return in_s3 or (on_disk and not is_copy)

    def keep_on_disk(self, key: str) -> None:
        self._copies.keep(key)

    def url(self, key: str, kind: UrlKind, *, expires_s: int = DEFAULT_EXPIRES_S) -> ObjectUrl:
        """S3's URL; for an object that only the disk has, its `file://` URL."""
        on_disk = kind != "none" and self._on_disk(key)
        if on_disk and (key in self._pending or not self._is_in_s3(key)) and self._on_disk(key):
            return self.local.url(key, kind, expires_s=expires_s)
        return self.s3.url(key, kind, expires_s=expires_s)

    def _on_disk(self, key: str) -> bool:
        """A damaged copy is none."""
        try:
            return self.local.exists(key)
        except StorageError as error:
            log.warning("storage: %s", error.message)
            return False

    def _is_in_s3(self, key: str) -> bool:
        """Files put on disk by hand, or by a job that asked for no S3, are not."""
        with self._lock:
            if self._in_s3.get(key):
                return True
        try:
            found = self._ask(lambda: self.s3.exists(key), spare=True)
            if not found:
                self._copies.is_gone(key)
        except StorageError:
            return False
        if found:
            self._remember(key)
        return found

    def url_kinds(self) -> tuple[UrlKind, ...]:
        return self.s3.url_kinds()

    def presign_put(
        self, key: str, *, content_type: str | None = None, expires_s: int = DEFAULT_EXPIRES_S
    ) -> ObjectUrl:
        return self.s3.presign_put(key, content_type=content_type, expires_s=expires_s)

    def ensure_bucket(self) -> None:
        """Also begins to send what an earlier process has left on disk."""
        self.local.ensure_bucket()
        self._sender.start()
        self._ask(self.s3.ensure_bucket)

    def close(self) -> None:
        self.s3.close()
        self._sender.close()

    def describe(self) -> dict[str, object]:
        return {
            **self.s3.describe(),
            "mode": "hybrid",
            "s3_is_down": self._sender.outage.is_on,
            "kept_on_disk": self._sender.counts(),
            "local": self.local.describe(),
        }

    def migrate(self, prefix: str = "") -> MigrationReport:
        """Brings what only the disk has to S3; see `storage.hybrid.migrate`."""
        with self._pending.one_sender(wait=True):
            self._ask(self.s3.ensure_bucket)
            return copy_missing(self.local, self.s3, self._pending, self._copies, prefix)

    def _read(self, key: str, s3: Callable[[], T], local: Callable[[], T]) -> T:
        """What `s3` gives; `local`'s if S3 fails and the disk has it, or if the disk alone has it:
        no copy of what was deleted from S3."""
        on_disk = self._on_disk(key)
        if on_disk and key in self._pending:
            return local()
        try:
            found = self._ask(s3, spare=on_disk)
        except InvalidInput:
            raise
        except WorkerError as error:
            if not on_disk or (isinstance(error, ObjectNotFound) and self._copies.is_gone(key)):
                raise
            log.info("storage: read from disk, S3 said %s", error.code)
            return local()
        if on_disk:
            self._copies.compare(key, found)
        return found


def _with_warning(receipt: StoredObject, text: str) -> StoredObject:
    return replace(receipt, warnings=(*receipt.warnings, text))
