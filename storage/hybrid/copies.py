"""The disk's copies of what S3 has: they end with it.

What somebody else deletes from S3 is deleted: a copy that is left on this disk must not pass for
the object. What only the disk has (put there by hand, by a job that asked for no S3, or waiting to
be sent) is no copy, and stays.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

from errors import ObjectNotFound, WorkerError
from storage.base import ObjectInfo, StoredObject
from storage.body import Payload
from storage.disk.store import LocalStorage
from storage.hybrid.pending import Pending
from storage.metadata import stored_sha256
from storage.s3.store import S3Storage

log = logging.getLogger("f5worker.storage")

_GONE = "storage: a file was deleted from S3 by another; its copy on disk is deleted, too"
_CHANGED = "storage: a file in S3 was replaced by another; its older copy on disk is deleted"


class Copies:
    """Which of the disk's files are copies of S3's. `place` names that bucket and prefix: what was
    stored for another is no copy of this one. `exists` asks S3. Thread-safe."""

    def __init__(
        self, local: LocalStorage, pending: Pending, place: str, exists: Callable[[str], bool]
    ) -> None:
        self.place = place
        self._local, self._pending, self._exists = local, pending, exists

    def put(
        self,
        key: str,
        payload: Payload,
        content_type: str | None,
        metadata: Mapping[str, str] | None,
    ) -> tuple[StoredObject | None, str | None, str]:
        """Puts an object on disk, marked as not in S3 yet: its receipt, None if the disk does not
        take it; the mark; and why it does not."""
        before = mark = None
        try:
            before = self._pending.mark(key)
            mark = self._pending.add(key)  # first: from now on nobody takes the file away
            kept = self._local.put(
                key, payload, content_type=content_type, metadata=metadata,
                durable=False, copy_of=self.place,
            )  # fmt: skip
        except WorkerError as error:
            if mark is not None and before is None:
                with suppress(WorkerError):  # the sender takes a mark without a file away
                    self._pending.discard(key, mark)
            return None, mark, error.message
        return kept, mark, ""

    def is_gone(self, key: str) -> bool:
        """Whether the disk's file is a copy of what S3 has no longer; if so, it is deleted. Raises
        WorkerError: S3 does not say."""
        etag = self.etag(key)
        if etag is None or self._exists(key):
            return False
        self._drop(key, etag, _GONE)
        return True

    def compare(self, key: str, found: object) -> None:
        """Deletes the disk's copy if it is not what S3 has, `found`: the bytes or their facts."""
        etag = self.etag(key)
        if etag is None:
            return
        try:
            ours = stored_sha256(self._local.info(key).metadata)
        except WorkerError:
            return
        if isinstance(found, bytes):
            theirs = ours and hashlib.sha256(found).hexdigest()
        else:
            theirs = stored_sha256(found.metadata) if isinstance(found, ObjectInfo) else None
        if ours and theirs and ours != theirs:
            self._drop(key, etag, _CHANGED)

    def etag(self, key: str) -> str | None:
        """Of the disk's copy of what S3 has or had; None: it has none, or has not sent it yet."""
        try:
            etag, copy_of = self._local.origin(key)
        except WorkerError:  # none, or a damaged one
            return None
        return etag if copy_of == self.place and key not in self._pending else None

    def note(self, key: str, etag: str) -> None:
        """S3 has the disk's file of that etag: it is a copy from now on."""
        self._set(key, etag, self.place)

    def keep(self, key: str) -> None:
        """The disk's file is to stay when S3's is deleted."""
        if etag := self.etag(key):
            self._set(key, etag, "")

    def _set(self, key: str, etag: str, place: str) -> None:
        try:
            self._local.set_origin(key, etag, place)
        except ObjectNotFound:  # deleted meanwhile
            return

    def _drop(self, key: str, etag: str, why: str) -> None:
        """Never what was put there since: a put is marked before it writes."""
        try:
            with self._pending.unchanged(key) as unsent:
                if not unsent and self._local.delete(key, etag=etag):
                    log.info(why)
        except WorkerError as error:
            log.warning("storage: a copy on disk stays: %s", error.message)


def place_of(s3: S3Storage) -> str:
    """The name of a bucket and prefix, for its copies."""
    facts = s3.describe()
    return f"{facts['endpoint']}/{facts['bucket']}/{s3.prefix}"
