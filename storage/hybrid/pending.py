"""Marks for objects not yet in S3."""

from __future__ import annotations

import hashlib
from pathlib import Path

from storage.files import atomic_file, remove_file
from storage.keys import META_DIR


class Pending:
    """Keys whose newest content is on disk only; survives restarts and is shared by processes."""

    def __init__(self, root: Path, prefix: str) -> None:
        self._dir = root / META_DIR / "pending"
        self._prefix = prefix

    def add(self, key: str) -> None:
        """From now on the disk's copy is the newest."""
        with atomic_file(self._path(key)) as file:
            file.write(key.encode())

    def discard(self, key: str) -> None:
        """S3 has the newest content, or nobody has any."""
        remove_file(self._path(key))

    def __contains__(self, key: str) -> bool:
        return self._path(key).exists()

    def _path(self, key: str) -> Path:
        return self._dir / hashlib.sha256((self._prefix + key).encode()).hexdigest()
