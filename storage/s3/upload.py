"""Storing an object in S3, complete or not at all.

Small objects go up in one PutObject, larger ones in parts that are aborted on any failure. The hash
of every body is signed (x-amz-content-sha256), so a service refuses bytes damaged on their way; a
bucket with Object Lock wants Content-MD5 as well, and takes nothing without it.
What was stored is verified from the answers alone: an ETag that is the MD5 of what was sent needs
no further request. Where it is not (encryption, other services), one HEAD compares the size.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from typing import Any

from errors import ObjectNotFound, StorageError, StorageUnavailable
from storage.base import AlreadyThere
from storage.body import Payload
from storage.metadata import stored_sha256
from storage.s3.answers import facts_of, required
from storage.s3.client import S3Client
from storage.s3.errors import answer_code
from storage.s3.retry import Retry
from storage.threads import side_by_side

log = logging.getLogger("f5worker.storage")
MAX_PARTS = 10_000
PART_THREADS = 4
# What services answer to `If-None-Match: *`: there is an object; or they do not know the header.
_TAKEN = {"PreconditionFailed", "412", "NotModified", "304"}
_CANNOT_LOOK = {
    "NotImplemented", "501", "InvalidArgument", "InvalidRequest", "BadRequest", "400",
    "MethodNotAllowed", "405",
}  # fmt: skip
_ABORT_RETRY = Retry(attempts=3, budget_s=10.0)  # the job has failed: do not hold it up for long


class Damaged(StorageUnavailable):
    """The service stored something else than was sent."""


class Uploader:
    """Puts payloads. Thread-safe. Sizes in bytes."""

    def __init__(self, client: S3Client, threshold_bytes: int, part_bytes: int) -> None:
        self._client = client
        self._threshold = threshold_bytes
        self._part = part_bytes
        self._looks = client.endpoint.provider.conditional

    def put(
        self, key: str, payload: Payload, headers: dict[str, Any], *, replace: bool = True
    ) -> None:
        """Stores `payload` under the full key `key` with `headers` (PutObject's parameters). Raises
        StorageError and its kinds; no part and no damaged object stays behind.

        `replace` False: AlreadyThere where the service finds the key taken; one that cannot look
        replaces what is there.
        """
        if not replace and self._looks:
            try:
                return self._put(key, payload, headers, {"IfNoneMatch": "*"})
            except AlreadyThere:
                if not self._is_stored(key, payload):
                    raise
                return None  # by a try whose answer was lost, or the same bytes by another
            except StorageError as error:
                if answer_code(error) not in _CANNOT_LOOK:
                    raise
                self._looks = False
        return self._put(key, payload, headers, {})

    def _put(
        self, key: str, payload: Payload, headers: dict[str, Any], condition: dict[str, str]
    ) -> None:
        try:
            if payload.size < self._threshold:
                self._client.retry.run(lambda: self._put_whole(key, payload, headers, condition))
            else:
                self._put_parts(key, payload, headers, condition)
        except Damaged:
            self._client.call("delete_object", key)
            raise

    def _put_whole(
        self, key: str, payload: Payload, headers: dict[str, Any], condition: dict[str, str]
    ) -> None:
        data = payload.read(0, payload.size)
        md5 = _md5(data)
        answer = self._once(
            "put_object", key, condition, Body=data, ContentMD5=_as_header(md5), **headers
        )
        self._verify(key, payload, answer, md5.hex())

    def _once(
        self, method: str, key: str, condition: dict[str, str], **parameters: Any
    ) -> dict[str, Any]:
        """`S3Client.once`; AlreadyThere where the `condition` does not hold."""
        try:
            return self._client.once(method, key, **parameters, **condition)
        except StorageError as error:
            if condition and answer_code(error) in _TAKEN:
                raise AlreadyThere(f"{key}: something was stored there meanwhile.") from error
            raise

    def _put_parts(
        self, key: str, payload: Payload, headers: dict[str, Any], condition: dict[str, str]
    ) -> None:
        answer = self._client.call("create_multipart_upload", key, **headers)
        where = self._client.where("create_multipart_upload", key)
        upload_id: str = required(answer, "UploadId", where)
        try:
            parts = self._send_parts(key, upload_id, payload)
            # S3's ETag of what was put in parts: the MD5 of their MD5s, and their number.
            etag = f"{_md5(b''.join(md5 for _, md5 in parts)).hex()}-{len(parts)}"
            listed = [{"PartNumber": n, "ETag": e} for n, (e, _) in enumerate(parts, start=1)]
            answer = self._complete(key, upload_id, payload, listed, condition)
        except BaseException:
            self._abort(key, upload_id)
            raise
        self._verify(key, payload, answer, etag)

    def _send_parts(self, key: str, upload_id: str, payload: Payload) -> list[tuple[str, bytes]]:
        """ETag as answered and MD5 as sent of every part, in order."""
        size = max(self._part, -(-payload.size // MAX_PARTS))
        offsets = range(0, payload.size, size)

        def send(part: tuple[int, int]) -> tuple[str, bytes]:
            number, offset = part
            if self._client.retry.stopped.is_set():
                raise StorageUnavailable(
                    "The worker ends in the middle of an upload.",
                    "Another worker takes the job up; nothing is to be done.",
                )
            data = payload.read(offset, min(size, payload.size - offset))
            md5 = _md5(data)
            answer = self._client.call(
                "upload_part",
                key,
                UploadId=upload_id,
                PartNumber=number,
                Body=data,
                ContentMD5=_as_header(md5),
            )
            etag: str = required(answer, "ETag", self._client.where("upload_part", key))
            return etag, md5

        # No part may arrive after the abort: those in flight are awaited.
        return side_by_side(send, enumerate(offsets, start=1), PART_THREADS)

    def _complete(
        self,
        key: str,
        upload_id: str,
        payload: Payload,
        parts: list[dict[str, Any]],
        condition: dict[str, str],
    ) -> dict[str, Any]:
        try:
            given = {"UploadId": upload_id, "MultipartUpload": {"Parts": parts}}
            return self._client.retry.run(
                lambda: self._once("complete_multipart_upload", key, condition, **given)
            )
        except StorageUnavailable:
            # The answer to a try that succeeded may have been lost: the upload is gone then, and
            # the object is there.
            if self._is_stored(key, payload):
                return {}
            raise

    def _abort(self, key: str, upload_id: str) -> None:
        try:
            _ABORT_RETRY.run(
                lambda: self._client.once("abort_multipart_upload", key, UploadId=upload_id)
            )
        except StorageError as error:
            log.warning(
                "storage: parts of a failed upload may stay behind (%s); a lifecycle rule that "
                "aborts incomplete uploads removes them",
                error.code,
            )

    def _verify(self, key: str, payload: Payload, answer: dict[str, Any], etag: str) -> None:
        if facts_of(answer).etag.lower() == etag:
            return
        if not self._is_stored(key, payload):
            raise Damaged(
                f"{self._client.where('put_object', key)}: the service did not store the bytes "
                "that were sent.",
                "Send the job again.",
            )

    def _is_stored(self, key: str, payload: Payload) -> bool:
        """Whether the object under `key` has the payload's size, and its hash if it has one."""
        try:
            head = self._client.call("head_object", key)
        except ObjectNotFound:
            return False
        stored = stored_sha256(head.get("Metadata", {}))
        size = facts_of(head).size
        if size is None and stored is None:
            return False  # nothing proves it
        return size in {None, payload.size} and stored in {None, payload.sha256}


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _as_header(md5: bytes) -> str:
    return base64.b64encode(md5).decode()
