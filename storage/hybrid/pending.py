"""Marks on disk for objects not yet in S3."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.files import atomic_file, locked_file, read_file, remove_file, sync_file
from storage.keys import META_DIR

_SENDING = ".sending"


class Pending:
    """Keys whose newest content is on disk only; survives restarts and is shared by processes.

    Each content has a mark of its own, so that whoever has brought it to S3 removes no mark of a
    newer one. While an object is being sent it has a second mark, which stays until S3 is known to
    have what the disk has: a process killed in between loses nothing.
    """

    def __init__(self, root: Path, prefix: str) -> None:
        self._dir = root / META_DIR / "pending"
        self._prefix = prefix
        self._lock = threading.Lock()

    def add(self, key: str) -> str:
        """From now on the disk's copy is the newest; returns the mark of this content. Until
        `make_durable`, it survives the end of the process, but not a power cut."""
        mark = secrets.token_hex(8)
        with self._changing(), atomic_file(self._path(key), durable=False) as file:
            file.write(f"{key}\n{mark}".encode())
        return mark

    def make_durable(self, key: str) -> None:
        """S3 has not taken it: the mark is needed for longer."""
        sync_file(self._path(key))

    def discard(self, key: str, mark: str | None = None) -> None:
        """S3 has the content of `mark`; without one: nobody has any."""
        with self._changing():
            if mark is None or self.mark(key) == mark:
                remove_file(self._path(key))

    def mark(self, key: str) -> str | None:
        """The mark of the newest content, None if S3 has it."""
        text = read_file(self._path(key))
        return None if text is None else text.decode("utf-8", "replace").partition("\n")[2]

    @contextmanager
    def unchanged(self, key: str) -> Iterator[bool]:
        """Whether `key` has a mark; in the block nobody adds one."""
        with self._changing():
            yield key in self

    def __contains__(self, key: str) -> bool:
        return self._path(key).exists() or self._path(key, _SENDING).exists()

    def waiting(self) -> list[str]:
        """All of this store's keys that have a mark, sorted."""
        found = set()
        for path in self._dir.glob("*") if self._dir.is_dir() else ():
            key = (read_file(path) or b"").decode("utf-8", "replace").partition("\n")[0]
            if path in (self._path(key), self._path(key, _SENDING)):  # else of another prefix
                found.add(key)
        return sorted(found)

    def begin_sending(self, key: str, sha256: str) -> None:
        """Adds the second mark, with the hash of what is sent from now on."""
        hashes = sorted({*self.begun(key), sha256})
        with atomic_file(self._path(key, _SENDING)) as file:
            file.write("\n".join([key, *hashes]).encode())

    def begun(self, key: str) -> set[str]:
        """Hashes of the contents whose sending has begun, perhaps by a process that was killed:
        where S3 has one of them, it is not somebody else's newer object."""
        text = read_file(self._path(key, _SENDING)) or b""
        return set(text.decode("utf-8", "replace").split("\n")[1:])

    def sent(self, key: str, mark: str | None) -> None:
        """S3 has what the disk has; a mark added after `mark` was read stays."""
        with self._changing():
            if self.mark(key) == mark:
                remove_file(self._path(key))
            remove_file(self._path(key, _SENDING))

    @contextmanager
    def one_sender(self, *, wait: bool) -> Iterator[bool]:
        """True in the block for one of all threads and processes that use this disk."""
        with locked_file(self._dir / "sender.lock", wait=wait) as got:
            yield got

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock, locked_file(self._dir / "changes.lock", wait=True):
            yield

    def _path(self, key: str, suffix: str = "") -> Path:
        digest = hashlib.sha256((self._prefix + key).encode()).hexdigest()
        return self._dir / (digest + suffix)
