"""What is about to be stored: bytes, a file or a stream, measured and hashed once.

A stream is read to its end first (small ones into memory, large ones into an unlinked temporary
file), because a retry must be able to send the same bytes again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from errors import InvalidInput, StorageUnavailable
from storage.base import Body
from storage.files import open_file, translate_os_error

CHUNK_BYTES = 1 << 20
SPOOL_BYTES = 8 << 20


class Payload:
    """Bytes to store. `size` in bytes, `sha256` lower-case hex; `read` may run in many threads."""

    def __init__(self, source: bytes | int, size: int, sha256: str) -> None:
        self._source = source
        self.size = size
        self.sha256 = sha256

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`. Raises StorageUnavailable if the file shrank meanwhile."""
        if isinstance(self._source, bytes):
            return self._source[offset : offset + length]
        data = b""
        while len(data) < length:
            try:
                more = os.pread(self._source, length - len(data), offset + len(data))
            except OSError as exc:
                raise translate_os_error(exc, "the file to store") from exc
            if not more:
                raise StorageUnavailable(
                    "The file to store changed while it was being sent.",
                    "Store it again when nothing writes to it.",
                )
            data = data + more if data else more
        return data

    def chunks(self) -> Iterator[bytes]:
        """All bytes, in chunks."""
        for offset in range(0, self.size, CHUNK_BYTES):
            yield self.read(offset, min(CHUNK_BYTES, self.size - offset))


@contextmanager
def open_payload(body: Body | Payload) -> Iterator[Payload]:
    """Measures `body`; a caller's stream is read from where it stands and not closed. Raises
    InvalidInput: the path does not exist or is not a file, or the stream is not binary."""
    if isinstance(body, Payload):
        yield body
    elif isinstance(body, bytes):
        yield Payload(body, len(body), hashlib.sha256(body).hexdigest())
    elif isinstance(body, Path):
        with _opened(body) as file:
            yield _measured(file)
    else:
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
            _copy(body, spool)
            yield _spooled(spool)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        file = open_file(path)
    except FileNotFoundError as exc:
        raise InvalidInput(
            f"The file to store does not exist: {path.name}.", "Name a file that is there."
        ) from exc
    except OSError as exc:
        raise translate_os_error(exc, path.name) from exc
    with file:
        yield file


def _copy(stream: IO[bytes], spool: tempfile.SpooledTemporaryFile[bytes]) -> None:
    while chunk := stream.read(CHUNK_BYTES):
        if not isinstance(chunk, bytes):
            raise InvalidInput(
                "The stream to store gives text, not bytes.", "Open it in binary mode."
            )
        spool.write(chunk)


def _spooled(spool: tempfile.SpooledTemporaryFile[bytes]) -> Payload:
    if spool.tell() > SPOOL_BYTES:
        spool.flush()
        return _measured(spool)
    spool.seek(0)
    data = spool.read()
    return Payload(data, len(data), hashlib.sha256(data).hexdigest())


def _measured(file: IO[bytes] | tempfile.SpooledTemporaryFile[bytes]) -> Payload:
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    return Payload(file.fileno(), file.tell(), sha256)
