"""Reading an object in pieces, continuing where a broken connection stopped."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

from errors import StorageUnavailable
from storage.metadata import stored_sha256
from storage.s3.client import S3Client
from storage.s3.errors import answer_code

T = TypeVar("T")
_RESTARTS = 3
_REPLACED = {"PreconditionFailed", "412", "InvalidRange", "416"}
_PROGRESS_BYTES = 1 << 20


class Changed(StorageUnavailable):
    """What was read so far cannot be completed: the object was replaced, or is damaged."""


class ObjectReader:
    """One GET, resumed by Range and If-Match. Not thread-safe; one use.

    `opened` gets the first answer before any byte is read, and may raise to refuse it. The length
    and, where the object has one, the stored SHA-256 are checked at the end.
    """

    def __init__(
        self, client: S3Client, key: str, opened: Callable[[dict[str, Any]], None]
    ) -> None:
        self._client = client
        self._key = key
        self._opened = opened
        self._size: int | None = None
        self._etag = ""
        self._done = 0
        self._sha256: str | None = None
        self._digest = hashlib.sha256()

    def chunks(self, chunk_size: int) -> Iterator[bytes]:
        """The object's bytes, `chunk_size` at a time.

        Raises:
            Changed: the object was replaced meanwhile, or its hash is not the stored one.
            StorageUnavailable: it broke and the retries are used up. A mebibyte of progress
                renews them, so a large object is not bound to one request's budget.
        """
        retry = self._client.retry
        attempt, deadline, mark = 0, time.monotonic() + retry.budget_s, 0
        while self._size is None or self._done < self._size:
            try:
                yield from self._attempt(chunk_size)
            except Changed:
                raise
            except StorageUnavailable as exc:
                if self._done - mark >= _PROGRESS_BYTES:
                    attempt, deadline = 0, time.monotonic() + retry.budget_s
                    mark = self._done
                attempt += 1
                retry.wait(attempt, deadline, exc)
        if self._sha256 and self._digest.hexdigest() != self._sha256:
            raise Changed(
                f"{self._client.where('get_object', self._key)}: the bytes do not have the hash "
                "they were stored with.",
                "The object was damaged or replaced; store it again.",
            )

    def _attempt(self, chunk_size: int) -> Iterator[bytes]:
        with closing(self._open()) as body:
            while self._size is not None and self._done < self._size:
                chunk = self._read(body, min(chunk_size, self._size - self._done))
                self._digest.update(chunk)
                self._done += len(chunk)
                yield chunk

    def _open(self) -> Any:
        """The body, at the byte that is wanted next."""
        if self._size is None:
            answer = self._client.once("get_object", self._key)
            try:
                self._opened(answer)
            except BaseException:
                answer["Body"].close()
                raise
            self._size = int(answer["ContentLength"])
            self._etag = answer.get("ETag", "")
            self._sha256 = stored_sha256(answer.get("Metadata", {}))
            return answer["Body"]
        try:
            answer = self._client.once("get_object", self._key, **self._rest())
        except StorageUnavailable as exc:
            if answer_code(exc) in _REPLACED:
                raise self._changed() from exc
            raise
        if answer.get("ETag", "") != self._etag:
            answer["Body"].close()
            raise self._changed()
        if self._done and "ContentRange" not in answer:
            self._skip(answer["Body"])  # the service ignored the Range
        return answer["Body"]

    def _changed(self) -> Changed:
        return Changed(
            f"{self._client.where('get_object', self._key)}: it was replaced while being read.",
            "Send the job again.",
        )

    def _rest(self) -> dict[str, str]:
        if not self._done:
            return {}
        rest = {"Range": f"bytes={self._done}-"}
        return {**rest, "IfMatch": self._etag} if self._etag else rest

    def _skip(self, body: Any) -> None:
        left = self._done
        while left:
            left -= len(self._read(body, min(_PROGRESS_BYTES, left)))

    def _read(self, body: Any, size: int) -> bytes:
        try:
            chunk: bytes = body.read(size)
        except Exception as exc:
            raise self._client.typed(exc, "get_object", self._key) from exc
        if not chunk:
            raise StorageUnavailable(
                f"{self._client.where('get_object', self._key)}: the answer ended early."
            )
        return chunk


def restarting(read: Callable[[], T]) -> T:
    """What `read` returns; from the start again if the object changes under it, three times."""
    for _ in range(_RESTARTS - 1):
        try:
            return read()
        except Changed:
            continue
    return read()
