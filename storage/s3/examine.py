"""What a bucket, its service and its key are like: questions that no job asks."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from errors import StorageError, WorkerError
from storage.base import Finding
from storage.body import open_payload
from storage.s3.client import S3Client
from storage.s3.error_table import CLOCK
from storage.s3.errors import answer_code, answer_headers, answer_region, headers_of, is_foreign
from storage.s3.hosts import is_address
from storage.s3.upload import Uploader

_PART_BYTES = 5 << 20  # the smallest that S3 takes
_BODY_BYTES = 6 << 20  # two parts
_LOOKS = 5
_SKEW_WARN_S, _SKEW_FAIL_S = 60.0, 900.0
_SLOW_S = 1.0
_LATE = {"RequestTimeTooSkewed", "RequestExpired", "ExpiredRequest", "RequestNotYetValid"}
LOCKED = (
    "the bucket keeps every version of an object for its retention (Object Lock): what jobs, "
    "`delete` and `cleanup` replace or remove stays there and is paid for"
)
VERSIONED = (
    "the bucket keeps old versions: what jobs, `delete` and `cleanup` replace or remove stays "
    "there; a lifecycle rule for old versions removes it"
)


class S3Examination:
    """Questions to one bucket; `key` is a full key that may be written and deleted. Every method
    returns findings and raises only WorkerError."""

    def __init__(self, client: S3Client, prefix: str, key: str) -> None:
        self._client, self._prefix, self._key = client, prefix, key

    def region_and_clock(self) -> list[Finding]:
        """Both from the answer to one request, which may also be a refusal."""
        used = self._client.endpoint.region
        try:
            headers = headers_of(self._client.once("head_bucket"))
        except StorageError as error:  # a HEAD does not say why
            error = self._client.reason(None, self._prefix) or error
            headers = answer_headers(error)
            told = answer_region(error)
            region = Finding("region", "unknown", f"signed for {used}; {error.message}")
            clock = _clock(headers, refused=answer_code(error) in _LATE)
        else:
            told = headers.get("x-amz-bucket-region")
            accepted = f"signed for {used}, which the service accepts"
            region = Finding("region", "ok", accepted)
            if told not in (None, used):
                text = f"{accepted}, although it says that the bucket is in {told}"
                return [Finding("region", "warning", text), _clock(headers)]
            clock = _clock(headers)
        if told == used:
            region = Finding("region", "ok", f"{used}, as the service says")
        elif told:
            text = f"signed for {used}, but the bucket is in {told}: set AWS_REGION={told}"
            region = Finding("region", "failed", text)
        return [region, clock]

    def addressing(self) -> Finding:
        """Where the bucket's name goes, and whether the other place would do."""
        endpoint = self._client.endpoint
        host = urlsplit(endpoint.url or f"https://s3.{endpoint.region}.amazonaws.com").hostname
        style = endpoint.addressing
        shown = "the bucket's name is in the path" if style == "path" else "it is in the host"
        virtual = f"{endpoint.bucket}.{host}"
        if is_address(str(host)):
            return Finding("addressing", "ok", f"{style}: {shown}; {host} has no names below it")
        try:
            socket.getaddrinfo(virtual, 443)
            found = f"{virtual} is known to DNS"
        except OSError:
            found = f"{virtual} is not known to DNS"
        return Finding("addressing", "ok", f"{style}: {shown}; {found}")

    def multipart_and_rate(self) -> list[Finding]:
        """A body of six mebibytes in two parts, up and down again."""
        body = bytes(range(256)) * (_BODY_BYTES // 256)
        try:
            with open_payload(body) as payload:
                begun = time.perf_counter()
                uploader = Uploader(self._client, 1, _PART_BYTES)
                uploader.put(self._key, payload, {"ContentType": "application/octet-stream"})
            up = time.perf_counter() - begun
        except WorkerError as error:
            text = f"{error.message} {error.hint} Results over 16 MiB cannot be stored."
            return [Finding("multipart", "failed", text)]
        begun = time.perf_counter()
        received = self._client.call("get_object", self._key)["Body"].read()
        down = time.perf_counter() - begun
        same = received == body
        mib = _BODY_BYTES / (1 << 20)
        return [
            Finding(
                "multipart",
                "ok" if same else "failed",
                "two parts were joined" if same else "the joined object has other bytes than sent",
            ),
            Finding("rate", "ok", f"{mib / up:.1f} MiB/s up, {mib / down:.1f} MiB/s down"),
        ]

    def latency(self) -> Finding:
        """Of a HEAD request, the median of some."""
        times = []
        for _ in range(_LOOKS):
            begun = time.perf_counter()
            self._client.call("head_object", self._key)
            times.append(time.perf_counter() - begun)
        median = statistics.median(times)
        text = f"{1000 * median:.0f} ms a request (median of {_LOOKS})"
        if median > _SLOW_S:
            return Finding("latency", "warning", f"{text}: each job makes about six")
        return Finding("latency", "ok", text)

    def least_privilege(self) -> Finding:
        """What the key may do beside its work. Nothing is changed to find out."""
        more = []
        try:
            buckets = self._client.botocore().list_buckets().get("Buckets") or []
            others = [b for b in buckets if b.get("Name") != self._client.bucket]
            if others:
                more.append(f"list the account's other buckets ({len(others)})")
        except Exception as exc:  # refused, or not offered: as it should be
            if not is_foreign(exc):
                raise
        if self._prefix:
            try:
                answer = self._client.once("list_objects_v2", Prefix="", MaxKeys=2)
                keys = [str(entry.get("Key")) for entry in answer.get("Contents") or []]
                if any(not key.startswith(self._prefix) for key in keys):
                    more.append("list objects outside S3_PREFIX")
            except StorageError:
                pass  # refused: as it should be
        if not more:
            return Finding("least privilege", "ok", "nothing found that the key may do beside")
        return Finding(
            "least privilege",
            "warning",
            f"the key may also {' and '.join(more)}: a key for this bucket alone is enough",
        )

    def retention(self) -> Finding:
        """Object Lock and versions: what a deletion leaves behind."""
        try:
            answer = self._client.once("get_object_lock_configuration")
            if (answer.get("ObjectLockConfiguration") or {}).get("ObjectLockEnabled"):
                return Finding("retention", "warning", LOCKED)
        except StorageError:
            pass  # none, not offered, or not to be told
        try:
            if self._client.once("get_bucket_versioning").get("Status") == "Enabled":
                return Finding("retention", "warning", VERSIONED)
        except StorageError as error:
            return Finding("retention", "unknown", f"the service does not say: {error.message}")
        return Finding("retention", "ok", "what is deleted is gone")


def _clock(headers: Mapping[str, str], *, refused: bool = False) -> Finding:
    """`refused`: the service says that requests come too late or too early."""
    try:
        theirs = parsedate_to_datetime(headers["date"])
        ahead = (datetime.now(UTC) - theirs).total_seconds()
    except (KeyError, ValueError, TypeError):
        if refused:
            return Finding("clock", "failed", f"the service says that it is wrong. {CLOCK}")
        return Finding("clock", "unknown", "the service does not tell the time")
    if abs(ahead) < 2.0 and not refused:  # the header has whole seconds
        return Finding("clock", "ok", "right")
    side = "ahead of" if ahead > 0 else "behind"
    text = f"this machine is {abs(ahead):.0f} s {side} the service"
    if refused or abs(ahead) >= _SKEW_FAIL_S:
        return Finding("clock", "failed", f"{text}. {CLOCK}")
    return Finding("clock", "warning" if abs(ahead) >= _SKEW_WARN_S else "ok", text)
