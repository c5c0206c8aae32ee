"""Files that appear whole or not at all, and the disk's errors as the worker's typed ones."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from errors import (
    InvalidInput,
    ObjectNotFound,
    StorageDenied,
    StorageFull,
    StorageUnavailable,
    WorkerError,
)
from storage.keys import TEMP_PREFIX

log = logging.getLogger("f5worker.storage")
_DIRECTORY_TRIES = 20


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that becomes `path` when the block ends, and vanishes if it raises.

    The temporary file lies beside `path`, named `.tmp-*`, so that the rename stays on one file
    system. Missing directories are made. Nothing is flushed to the disk itself: a power cut may
    lose a new object, but a crashed process cannot leave half of one.

    Raises:
        StorageFull, StorageDenied, InvalidInput, StorageUnavailable: what the disk said.
    """
    temporary: Path | None = None
    try:
        try:
            temporary, file = _open_beside(path)
            with file:
                yield file
            os.replace(temporary, path)
        except OSError as exc:
            raise translate_os_error(exc, path.name) from exc
    except BaseException:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise


def _open_beside(path: Path) -> tuple[Path, IO[bytes]]:
    """A new temporary file in `path`'s directory, which is made if it is missing.

    Another thread may prune a directory while it is still empty, so this is repeated: `mkdir` sees
    that as FileExistsError, `open` as FileNotFoundError.
    """
    for left in reversed(range(_DIRECTORY_TRIES)):
        temporary = path.parent / f"{TEMP_PREFIX}{secrets.token_hex(8)}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return temporary, temporary.open("xb")
        except (FileExistsError, FileNotFoundError):
            if not left:
                raise
    raise AssertionError("unreachable")


def remove_leftovers(root: Path, older_than_s: float) -> None:
    """Deletes temporary files below `root` that a killed process left.

    Those changed within `older_than_s` seconds may belong to another process and stay.
    """
    before = time.time() - older_than_s
    for directory, _, names in os.walk(root):
        for name in names:
            path = Path(directory, name)
            try:
                if name.startswith(TEMP_PREFIX) and path.lstat().st_mtime < before:
                    path.unlink()
            except OSError as exc:
                log.info("storage: a left-over stays (%s)", type(exc).__name__)


def remove_file(path: Path) -> bool:
    """Deletes `path`; False if there is no such file.

    Raises:
        StorageDenied, StorageUnavailable: what the disk said.
    """
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except OSError as exc:
        raise translate_os_error(exc, path.name) from exc
    return True


def translate_os_error(exc: OSError, name: str) -> WorkerError:
    """The typed error for a file operation on `name` (a key or file name, not a full path)."""
    reason = exc.strerror or type(exc).__name__
    if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull(f"{name}: the disk is full.", "Free space or use a larger volume.")
    if exc.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StorageDenied(
            f"{name}: {reason}.", "Make the storage directory writable for the worker's user."
        )
    if exc.errno == errno.ENAMETOOLONG:
        return InvalidInput(f"{name[:80]}: a segment is too long for a file name.")
    if exc.errno in {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}:
        return InvalidInput(
            f"{name}: a file and a folder would have the same name.", "Use another key."
        )
    if exc.errno == errno.ENOENT:
        return ObjectNotFound(f"{name}: no such object.")
    return StorageUnavailable(
        f"{name}: {reason}.", "This is usually temporary: send the job again."
    )
