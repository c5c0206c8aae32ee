"""From disk to S3: what an outage left behind, or a whole local store when S3 is added later."""

from __future__ import annotations

from errors import ObjectNotFound, WorkerError
from storage.base import MigrationReport, ObjectInfo
from storage.disk.store import LocalStorage
from storage.hybrid.pending import Pending
from storage.metadata import SHA256_KEY
from storage.s3.store import S3Storage


def copy_missing(
    local: LocalStorage, s3: S3Storage, pending: Pending, prefix: str = ""
) -> MigrationReport:
    """Copies to `s3` each object of `local` that it lacks, with type and metadata.

    Nothing is deleted, and an object S3 already has is left alone, unless the disk's copy is newer
    and marked pending. So it may be run again at any time. One object's failure is reported and
    does not stop the others, but a bucket that cannot be reached does.

    Raises:
        StorageError: the bucket cannot be used at all.
    """
    s3.ensure_bucket()
    copied = copied_bytes = skipped = 0
    failed: list[tuple[str, str]] = []
    for item in local.list(prefix):
        try:
            if _is_current(item, s3, pending):
                skipped += 1
            else:
                copied_bytes += _copy(item.key, local, s3)
                copied += 1
            pending.discard(item.key)
        except WorkerError as error:
            failed.append((item.key, error.message))
    return MigrationReport(copied, copied_bytes, skipped, tuple(failed))


def _is_current(item: ObjectInfo, s3: S3Storage, pending: Pending) -> bool:
    """Whether S3's copy is the one to keep."""
    try:
        there = s3.info(item.key)
    except ObjectNotFound:
        return False
    # S3 keeps whole seconds only.
    return item.key not in pending or there.last_modified > item.last_modified


def _copy(key: str, local: LocalStorage, s3: S3Storage) -> int:
    info = local.info(key)
    metadata = {name: value for name, value in info.metadata.items() if name != SHA256_KEY}
    return s3.put(key, local.path(key), content_type=info.content_type, metadata=metadata).size
