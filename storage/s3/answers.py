"""A service's answers, read with care: a part that is missing is asked for in another way or gives
a typed error. Services leave out more than S3's description allows, and proxies take out the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from errors import ConfigError, StorageError
from storage.base import ObjectInfo
from storage.metadata import decode_metadata, guess_type
from storage.s3.error_table import NOT_S3, REPORT
from storage.s3.errors import Where, headers_of

Answer = Mapping[str, Any]
# What an answer to LIST has of its own; a web page read as XML has none of it.
_OF_LISTINGS = ("Contents", "IsTruncated", "KeyCount", "MaxKeys", "Name", "Prefix")


def check_is_s3(method: str, answer: Answer, where: Where) -> None:
    """Raises ConfigError for what a website or a gateway answers with status 200."""
    if method == "list_objects_v2":
        foreign = not any(name in answer for name in _OF_LISTINGS)
    elif method in {"get_object", "head_object"}:
        headers = headers_of(answer)
        page = headers.get("content-type", "").startswith("text/html")
        own = any(name.startswith("x-amz-") for name in headers)
        foreign = (page and not own and guess_type(where.key or "") != "text/html") or (
            "LastModified" not in answer and "ETag" not in answer
        )
    else:
        return
    if foreign:
        raise ConfigError(f"{where}: {where.endpoint} does not answer like an S3 service.", NOT_S3)


def required(answer: Answer, name: str, where: Where) -> Any:
    """The part `name` of an answer; raises StorageError if the service left it out."""
    if answer.get(name) in (None, ""):
        raise StorageError(f"{where}: the service's answer has no {name}.", REPORT)
    return answer[name]


@dataclass(frozen=True)
class Facts:
    """What HEAD, GET or a listing said of an object, as far as it did. `size` in bytes."""

    size: int | None
    modified: datetime | None
    etag: str

    @property
    def complete(self) -> bool:
        return self.size is not None and self.modified is not None

    def filled(self, other: Facts) -> Facts:
        """With what `other` knows beyond it."""
        return Facts(
            other.size if self.size is None else self.size,
            self.modified or other.modified,
            self.etag or other.etag,
        )

    def as_info(
        self, key: str, bucket: str, where: Where, head: Answer = MappingProxyType({})
    ) -> ObjectInfo:
        """Raises StorageError if size or date are missing. `head` brings type and metadata."""
        if self.size is None or self.modified is None:
            missing = "how large the object is" if self.size is None else "when it was stored"
            raise StorageError(f"{where}: the service does not say {missing}.", REPORT)
        return ObjectInfo(
            key,
            self.size,
            self.modified,
            "s3",
            bucket,
            content_type=head.get("ContentType") or "application/octet-stream",
            etag=self.etag,
            metadata=decode_metadata(head.get("Metadata", {})),
        )


def facts_of(answer: Answer) -> Facts:
    """Of an answer to HEAD or GET, or of an entry of a listing."""
    size = answer.get("ContentLength", answer.get("Size"))
    return Facts(
        size if isinstance(size, int) and size >= 0 else None,
        answer.get("LastModified"),
        str(answer.get("ETag") or "").strip('"'),
    )


def ends_by_itself(answer: Answer) -> bool:
    """Whether a body of unknown length tells where it ends: chunks do, a closed connection not."""
    return "chunked" in headers_of(answer).get("transfer-encoding", "").lower()
