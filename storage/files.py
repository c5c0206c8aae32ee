"""Files that appear whole or not at all, and the disk's errors as the worker's typed ones."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import secrets
import shutil
import stat
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
NO_SUCH_OBJECT = "Check the key: it may have been deleted, or be spelled otherwise."


@contextmanager
def atomic_file(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """A file to write that becomes `path` when the block ends, and vanishes if it raises.

    The temporary file lies beside `path`, named `.tmp-*`, so that the rename stays on one file
    system. Missing directories are made.

    Args:
        durable: the content is on the disk before the name is, and the name when the block has
            ended: neither a killed process nor a power cut leaves half a file, and what was
            answered is kept. Without it a power cut may: for files that can be had again.

    Raises:
        StorageFull, StorageDenied, InvalidInput, StorageUnavailable: what the disk said.
    """
    temporary: Path | None = None
    try:
        try:
            made = _missing_directories(path.parent) if durable else []
            temporary, file = _open_beside(path)
            with file:
                yield file
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(temporary, path)
            if durable:
                for directory in (path.parent, *(new.parent for new in made)):
                    _sync_directory(directory)
        except OSError as exc:
            raise translate_os_error(exc, path.name) from exc
    except BaseException:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise


def _missing_directories(directory: Path) -> list[Path]:
    """`directory` and those above it that do not exist yet."""
    missing = []
    while not directory.exists():
        missing.append(directory)
        directory = directory.parent
    return missing


def _sync_directory(directory: Path) -> None:
    """Puts the names in `directory` on the disk; where the file system cannot, it does so itself
    (network file systems), or another thread has removed the directory meanwhile."""
    try:
        number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return
    try:
        os.fsync(number)
    except OSError as exc:
        if exc.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise
    finally:
        os.close(number)


def sync_file(path: Path) -> None:
    """Puts a file and its name on the disk, so that a power cut does not take them. Raises
    ObjectNotFound, StorageFull, StorageUnavailable: what the disk said."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            os.fsync(number)
        finally:
            os.close(number)
        _sync_directory(path.parent)
    except OSError as exc:
        raise translate_os_error(exc, path.name) from exc


def open_file(path: Path) -> IO[bytes]:
    """A file to read. A pipe, a device or a socket, which may keep its reader waiting for ever,
    counts as missing.

    Raises:
        OSError: as `open`; FileNotFoundError for whatever is not a file, directories included.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as exc:
        if exc.errno == errno.ENXIO:
            raise FileNotFoundError(errno.ENOENT, "not a file", path.name) from exc
        raise
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise FileNotFoundError(errno.ENOENT, "not a file", path.name)
    return os.fdopen(number, "rb")


def read_file(path: Path) -> bytes | None:
    """The bytes of a small file; None if it is not there or cannot be read."""
    try:
        with open_file(path) as file:
            return file.read()
    except OSError:
        return None


@contextmanager
def locked_file(path: Path, *, wait: bool) -> Iterator[bool]:
    """A lock between threads and processes, named by a file that stays; True if it was got.

    A killed process gives it back. Where the file system has no locks, everybody gets it. Raises
    StorageFull, StorageDenied, StorageUnavailable: the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as exc:
        raise translate_os_error(exc, path.name) from exc
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        except OSError as exc:
            log.info("storage: no locks on this file system (%s)", exc.strerror)
        yield True
    finally:
        os.close(number)


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
    """Deletes temporary files below `root` that a killed process left. Those changed within
    `older_than_s` seconds may belong to another process and stay."""
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
    """Deletes `path`; False if there is no such file. Raises StorageDenied, StorageUnavailable:
    what the disk said."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except OSError as exc:
        raise translate_os_error(exc, path.name) from exc
    return True


def prune(directory: Path, root: Path) -> None:
    """Removes `directory` and those above it while they are empty, but never `root`."""
    while directory != root and root in directory.parents:
        try:
            directory.rmdir()
        except OSError:
            return  # not empty, or already gone
        directory = directory.parent


def check_free(directory: Path, size: int, name: str) -> None:
    """Raises StorageFull if `directory`, which may be made later, has no room for `size` bytes."""
    while not directory.exists():
        directory = directory.parent
    if size > shutil.disk_usage(directory).free:
        raise _disk_full(name)


def _disk_full(name: str) -> StorageFull:
    return StorageFull(f"{name}: the disk is full.", "Free space or use a larger volume.")


def translate_os_error(exc: OSError, name: str) -> WorkerError:
    """The typed error for a file operation on `name` (a key or file name, not a full path)."""
    reason = exc.strerror or type(exc).__name__
    if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _disk_full(name)
    if exc.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StorageDenied(
            f"{name}: {reason}.", "Make the storage directory writable for the worker's user."
        )
    if exc.errno == errno.ENAMETOOLONG:
        return InvalidInput(
            f"{name[:80]}: a segment is too long for a file name.", "Use a key of shorter parts."
        )
    if exc.errno in {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}:
        return InvalidInput(
            f"{name}: a file and a folder would have the same name.", "Use another key."
        )
    if exc.errno == errno.ENOENT:
        return ObjectNotFound(f"{name}: no such object.", NO_SUCH_OBJECT)
    return StorageUnavailable(
        f"{name}: {reason}.", "This is usually temporary: send the job again."
    )
