"""Reading a file of the local store, with its hash checked; a directory in S3's order; what tells
that a file was changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from errors import StorageUnavailable
from storage.base import ObjectInfo
from storage.files import translate_os_error
from storage.keys import META_DIR, TEMP_PREFIX
from storage.metadata import stored_sha256


def checked_chunks(file: IO[bytes], chunk_size: int, info: ObjectInfo) -> Iterator[bytes]:
    """The file in chunks of up to `chunk_size` bytes. Raises StorageUnavailable: at the end, its
    hash is not the one it was stored with, if it has one."""
    wanted = stored_sha256(info.metadata)
    digest = hashlib.sha256()
    try:
        while chunk := file.read(chunk_size):
            if wanted:
                digest.update(chunk)
            yield chunk
    except OSError as exc:
        raise translate_os_error(exc, info.key) from exc
    if wanted and digest.hexdigest() != wanted:
        raise StorageUnavailable(
            f"{info.key}: the file on disk is damaged, its bytes do not have the hash they were "
            "stored with.",
            "Store it again.",
        )


def entries(directory: Path) -> list[str]:
    """Names in `directory` in S3's order, folders with a trailing "/", without the store's own."""
    try:
        with os.scandir(directory) as entries:
            found = [
                entry.name + "/" * entry.is_dir(follow_symlinks=False)
                for entry in entries
                if entry.name != META_DIR and not entry.name.startswith(TEMP_PREFIX)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []  # no such prefix, or pruned meanwhile
    except OSError as exc:
        raise translate_os_error(exc, directory.name) from exc
    return sorted(found, key=os.fsencode)


def modified(stat: os.stat_result) -> datetime:
    """When a file was changed last."""
    return datetime.fromtimestamp(stat.st_mtime, UTC)


def etag_of(stat: os.stat_result) -> str:
    """Changes whenever the file does; not a hash of its content."""
    return f"{stat.st_size:x}-{stat.st_mtime_ns:x}-{stat.st_ino:x}"


def has_etag(path: Path, etag: str) -> bool:
    """Whether a file is there, and still the one of that etag."""
    try:
        return etag_of(path.stat()) == etag
    except OSError:
        return False


def size_or_zero(path: Path) -> int:
    """A file's size in bytes, 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
