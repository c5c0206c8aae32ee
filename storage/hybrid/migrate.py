"""From disk to S3: what an outage left behind, or a whole local store when S3 is added later."""

from __future__ import annotations

from collections.abc import Collection

from errors import ObjectNotFound, StorageError, StorageUnavailable, WorkerError
from storage.base import MigrationReport, ObjectInfo
from storage.body import open_payload
from storage.disk.store import LocalStorage
from storage.hybrid.copies import Copies
from storage.hybrid.pending import Pending
from storage.metadata import SHA256_KEY
from storage.s3.store import S3Storage

_TRIES = 3


def copy_missing(
    local: LocalStorage, s3: S3Storage, pending: Pending, copies: Copies, prefix: str = ""
) -> MigrationReport:
    """Copies to `s3` each object of `local` that it lacks, with type and metadata.

    An object S3 already has is left alone, unless the disk's copy is newer and marked pending; what
    S3 had and somebody deleted does not come back. So it may be run again at any time. One object's
    failure is reported and does not stop the others.
    """
    copied = copied_bytes = skipped = 0
    failed: list[dict[str, str]] = []
    for item in local.list(prefix):
        try:
            if item.key in pending:
                size = send(item.key, local, s3, pending)
            else:
                size = _copy_if_missing(item.key, local, s3, copies)
            skipped += size is None
            copied += size is not None
            copied_bytes += size or 0
        except WorkerError as error:
            failed.append({"key": item.key, "error": error.message})
    return MigrationReport(copied, copied_bytes, skipped, failed)


def _copy_if_missing(key: str, local: LocalStorage, s3: S3Storage, copies: Copies) -> int | None:
    """Bytes, None if S3 has it or had it."""
    info = local.info(key)
    try:
        there = s3.info(key)
    except ObjectNotFound:
        if copies.is_gone(key):
            return None
        size = _copy(info, local, s3)
        copies.note(key, info.etag)
        return size
    if _is_same(info, there):
        copies.note(key, info.etag)
    return None


def send(key: str, local: LocalStorage, s3: S3Storage, pending: Pending) -> int | None:
    """Brings the disk's content of `key` to S3 and takes its mark away; bytes, None if S3 has it.

    A job may store or delete the same key meanwhile: what is in S3 at the end is what the disk has
    at the end, and the mark stays until that is so. A newer object of another worker is left alone,
    but for one that is stored between the look at S3 and the upload. Raises StorageError: S3 does
    not take it, or the disk's copy is damaged; the mark stays.
    """
    mark = pending.mark(key)
    size: int | None = None
    for _ in range(_TRIES):
        try:
            info = local.info(key)
        except ObjectNotFound:  # deleted meanwhile
            _take_back(key, s3, pending)
            pending.sent(key, mark)
            return None
        if not _is_current(info, s3, pending.begun(key)):
            pending.begin_sending(key, info.metadata.get(SHA256_KEY, ""))
            size = _copy(info, local, s3)
        if _etag(key, local) == info.etag:
            pending.sent(key, mark)
            return size
    raise StorageUnavailable(f"{key}: it changes all the time.", "It is sent later.")


def _is_current(info: ObjectInfo, s3: S3Storage, begun: Collection[str]) -> bool:
    """Whether S3's copy is the one to keep: it is the same, or somebody else's newer one."""
    try:
        there = s3.info(info.key)
    except ObjectNotFound:
        return False
    if _is_same(info, there):
        return True
    if there.metadata.get(SHA256_KEY) in begun:
        return False  # an earlier content of the disk's own
    return there.last_modified > info.last_modified  # S3 keeps whole seconds only


def _is_same(ours: ObjectInfo, theirs: ObjectInfo) -> bool:
    sha256 = ours.metadata.get(SHA256_KEY)
    known = sha256 is not None and sha256 == theirs.metadata.get(SHA256_KEY)
    return known and ours.size == theirs.size


def _copy(info: ObjectInfo, local: LocalStorage, s3: S3Storage) -> int:
    metadata = {name: value for name, value in info.metadata.items() if name != SHA256_KEY}
    with open_payload(local.path(info.key)) as payload:
        if payload.sha256 != info.metadata.get(SHA256_KEY, payload.sha256):
            raise StorageError(
                f"{info.key}: the copy on disk is damaged, it does not have the hash it was "
                "stored with.",
                "Make the result again; then delete this one.",
            )
        return s3.put(info.key, payload, content_type=info.content_type, metadata=metadata).size


def _take_back(key: str, s3: S3Storage, pending: Pending) -> None:
    """Deletes what was sent while its object was deleted, unless it is another one by now."""
    if not (begun := pending.begun(key)):
        return
    try:
        ours = s3.info(key).metadata.get(SHA256_KEY) in begun
    except ObjectNotFound:
        return
    if ours:
        s3.delete(key)


def _etag(key: str, local: LocalStorage) -> str | None:
    try:
        return local.info(key).etag
    except ObjectNotFound:
        return None
