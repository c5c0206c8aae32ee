"""All entries below a prefix, page by page, from services that do not always count right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from errors import StorageError
from storage.s3.answers import required
from storage.s3.client import S3Client
from storage.s3.error_table import REPORT

_PAGE_KEYS = 1000
_EMPTY_PAGES = 100  # in a row; some services send a few where much was deleted


def entries(client: S3Client, prefix: str, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Entries with a `Key`, in the service's order; botocore decodes the keys (encoding-type).
    Raises StorageError: the listing has a hole, or does not come to an end."""
    where = client.where("list_objects_v2", None)
    page: dict[str, Any] = {"Prefix": prefix, "MaxKeys": _PAGE_KEYS}
    if limit is not None:
        page["MaxKeys"] = max(1, min(_PAGE_KEYS, limit))
    tokens: set[str] = set()
    firsts: set[str] = set()
    empty = 0
    while True:
        answer = client.call("list_objects_v2", **page)
        found = answer.get("Contents") or []
        for entry in found:
            required(entry, "Key", where)
        empty = 0 if found else empty + 1
        token = answer.get("NextContinuationToken")
        if found and found[0]["Key"] in firsts:
            raise _endless(str(where))
        firsts.update(entry["Key"] for entry in found[:1])
        yield from found
        if not answer.get("IsTruncated", bool(token)):
            return
        if not token or token in tokens or empty > _EMPTY_PAGES:
            raise _endless(str(where))
        tokens.add(token)
        page["ContinuationToken"] = token


def _endless(where: str) -> StorageError:
    return StorageError(f"{where}: the service does not continue its listing.", REPORT)
