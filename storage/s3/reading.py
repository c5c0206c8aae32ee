"""Reading an object in pieces, continuing where a broken connection stopped."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

from errors import StorageUnavailable
from storage.metadata import stored_sha256
from storage.s3.answers import Facts, ends_by_itself, facts_of
from storage.s3.client import S3Client
from storage.s3.errors import answer_code

T = TypeVar("T")
_RESTARTS = 3
_REPLACED = {"PreconditionFailed", "412", "InvalidRange", "416"}
_PROGRESS_BYTES = 1 << 20
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)\Z")


class Changed(StorageUnavailable):
    """What was read so far cannot be completed: the object was replaced, or is damaged."""


class ObjectReader:
    """One GET, resumed by Range and If-Match. Not thread-safe; one use.

    `check_size` gets the object's size, in bytes, before any byte is read, and may raise to refuse
    it; where the service does not say the size, it gets what was read so far, again and again.
    `first` is the first answer, `done` the bytes read. The length and, where the object has one,
    the stored SHA-256 are checked at the end.
    """

    def __init__(self, client: S3Client, key: str, check_size: Callable[[int], None]) -> None:
        self._client = client
        self._key = key
        self._check_size = check_size
        self.first: dict[str, Any] = {}
        self.done = 0
        self._facts = Facts(None, None, "")
        self._ended = False
        self._sha256: str | None = None
        self._digest = hashlib.sha256()

    def chunks(self, chunk_size: int) -> Iterator[bytes]:
        """The object's bytes, `chunk_size` at a time. Raises Changed: the object was replaced
        meanwhile, or its hash is not the stored one; StorageUnavailable: it broke and the time for
        retries is used up. A mebibyte of progress renews it, so a large object is not bound to one
        request's budget."""
        tries, mark = self._client.retry.begin(), 0
        while not self._ended:
            try:
                yield from self._attempt(chunk_size)
            except Changed:
                raise
            except StorageUnavailable as exc:
                if self.done - mark >= _PROGRESS_BYTES:
                    tries, mark = self._client.retry.begin(), self.done
                tries.failed(exc)
        if self._sha256 and self._digest.hexdigest() != self._sha256:
            raise self._changed(
                "the bytes do not have the hash they were stored with.",
                "The object was damaged or replaced; store it again.",
            )

    def _attempt(self, chunk_size: int) -> Iterator[bytes]:
        with closing(self._open()) as body:
            while self._facts.size is None or self.done < self._facts.size:
                left = chunk_size if self._facts.size is None else self._facts.size - self.done
                chunk = self._read(body, min(chunk_size, left))
                if not chunk:
                    self._ended_without_length()
                    break
                self._digest.update(chunk)
                self.done += len(chunk)
                if self._facts.size is None:
                    self._check_size(self.done)
                yield chunk
        self._ended = True

    def _ended_without_length(self) -> None:
        """The body of an answer without a length is over: is it whole?"""
        if self._facts.size is not None:
            raise StorageUnavailable(
                f"{self._where}: the answer ended early.", "Send the job again."
            )
        if not ends_by_itself(self.first) and not self._sha256:
            raise self._changed(
                "the service does not say how long the object is, nor where it ends.",
                "Store it again with this worker: the hash it adds proves that it is whole.",
            )

    def _open(self) -> Any:
        """The body, at the byte that is wanted next."""
        if not self.first:
            answer = self._client.once("get_object", self._key)
            facts = facts_of(answer)
            try:
                self._check_size(facts.size or 0)
            except BaseException:
                answer["Body"].close()
                raise
            self.first, self._facts = answer, facts
            self._sha256 = stored_sha256(answer.get("Metadata", {}))
            return answer["Body"]
        try:
            answer = self._client.once("get_object", self._key, **self._rest())
        except StorageUnavailable as exc:
            if answer_code(exc) in _REPLACED:
                raise self._replaced() from exc
            raise
        try:
            self._continue(answer)
        except BaseException:
            answer["Body"].close()
            raise
        return answer["Body"]

    def _continue(self, answer: dict[str, Any]) -> None:
        """Checks that `answer` is of the same object, and skips what was read of it before. Raises
        Changed: it is of another one."""
        facts, size = facts_of(answer), self._facts.size
        told = _RANGE.match(str(answer.get("ContentRange", "")))
        if told:
            begin, whole = int(told[1]), int(told[2]) if told[2].isdigit() else None
        elif answer.get("ResponseMetadata", {}).get("HTTPStatusCode") == 206:
            begin, whole = self.done, None
        else:  # the service ignored the Range
            begin, whole = 0, facts.size
        same = facts.etag == self._facts.etag and (
            bool(facts.etag) or facts.modified == self._facts.modified
        )
        if not same or begin > self.done or (size and whole and size != whole):
            raise self._replaced()
        self._facts = self._facts.filled(Facts(whole, None, ""))
        left = self.done - begin
        while left:
            skipped = len(self._read(answer["Body"], min(_PROGRESS_BYTES, left)))
            if not skipped:
                raise StorageUnavailable(
                    f"{self._where}: the answer ended early.", "Send the job again."
                )
            left -= skipped

    def _rest(self) -> dict[str, str]:
        if not self.done:
            return {}
        rest = {"Range": f"bytes={self.done}-"}
        return {**rest, "IfMatch": self.first["ETag"]} if self._facts.etag else rest

    def _read(self, body: Any, size: int) -> bytes:
        try:
            chunk: bytes = body.read(size)
        except Exception as exc:
            raise self._client.typed(exc, "get_object", self._key) from exc
        return chunk

    @property
    def _where(self) -> str:
        return str(self._client.where("get_object", self._key))

    def _changed(self, message: str, hint: str) -> Changed:
        return Changed(f"{self._where}: {message}", hint)

    def _replaced(self) -> Changed:
        return self._changed("it was replaced while being read.", "Send the job again.")


def restarting(read: Callable[[], T]) -> T:
    """What `read` returns; from the start again if the object changes under it, three times."""
    for _ in range(_RESTARTS - 1):
        try:
            return read()
        except Changed:
            continue
    return read()
