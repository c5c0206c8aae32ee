"""What the worker asks of storage: verbs on one store scoped to one bucket and prefix.

Promises every implementation keeps:
- `put` is complete or absent: never half an object under the final key; size and checksum verified.
- `download` is atomic: the target file appears whole or not at all, no temporary file is left.
- `max_bytes` is checked against the object's size before its bytes are in memory; a larger object
  raises `InvalidInput` naming both numbers.
- Every failure is one of the typed errors of `errors`; nothing of botocore escapes.
- Methods are blocking and thread-safe; the worker calls them off the event loop.
- Keys are relative to the store's prefix; a key can never leave it.
- `list` is lazy and sorted by key (UTF-8 bytes); `list` and `total_size` take a string prefix.
- `delete` is idempotent: True if the object was there.
- `url` never answers None for "public" and "presigned"; it does not check that the object exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from errors import ConfigError, InvalidInput

StorageMode = Literal["local", "s3", "hybrid"]
StorageType = Literal["local", "s3"]
UrlKind = Literal["public", "presigned", "none"]
Body = bytes | Path | BinaryIO

MAX_EXPIRES_S = 604_800  # seven days, SigV4's limit
DEFAULT_EXPIRES_S = 3600


@dataclass(frozen=True)
class ObjectInfo:
    """One stored object. `size` in bytes; `metadata` keys are lower case.

    `storage_type` and `bucket` say where it lies, so that nobody has to look at a URL to find out.
    An entry of `list` carries all but type and metadata: S3 does not list those.
    """

    key: str
    size: int
    last_modified: datetime
    storage_type: StorageType
    bucket: str | None = None
    content_type: str = "application/octet-stream"
    etag: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredObject:
    """The receipt of a `put`: where the bytes really went. `sha256` is lower-case hex."""

    key: str
    size: int
    sha256: str
    storage_type: StorageType
    bucket: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObjectUrl:
    """A URL of an object. `expires_at` is set for presigned URLs only.

    `url` is None for kind "none" alone. `kind` says what was given, not what was asked: a file on
    local disk has no signature, so asking for "presigned" there answers a "public" `file://` URL.
    """

    url: str | None
    kind: UrlKind
    expires_at: datetime | None = None

    @property
    def expires(self) -> str | None:
        """`expires_at` as JSON carries it, ISO 8601."""
        return self.expires_at.isoformat() if self.expires_at else None


@dataclass(frozen=True)
class MigrationReport:
    """Counts of objects and bytes. `failed` holds (key, what went wrong) pairs."""

    copied: int = 0
    copied_bytes: int = 0
    skipped: int = 0
    failed: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For a job's output."""
        return {
            "copied": self.copied,
            "copied_bytes": self.copied_bytes,
            "skipped": self.skipped,
            "failed": [{"key": key, "error": error} for key, error in self.failed],
        }


def check_max_bytes(key: str, size: int, max_bytes: int | None) -> None:
    """Raises InvalidInput, naming both numbers, if `size` is over `max_bytes` (bytes)."""
    if max_bytes is not None and size > max_bytes:
        raise InvalidInput(
            f"{key}: {size} bytes, at most {max_bytes} are accepted.", "Use a smaller file."
        )


def check_expires(expires_s: int) -> int:
    """Returns `expires_s` (seconds) if a presigned URL may live that long, else InvalidInput."""
    if isinstance(expires_s, bool) or not 1 <= expires_s <= MAX_EXPIRES_S:
        raise InvalidInput(
            f"url_expires: {expires_s} is not between 1 and {MAX_EXPIRES_S} seconds.",
            "Presigned URLs live seven days at most.",
        )
    return expires_s


def cannot_migrate() -> ConfigError:
    """The error of a store that is not on both disk and S3."""
    return ConfigError(
        "Files can be migrated from local storage to S3 in hybrid mode only.",
        "Set STORAGE_MODE=hybrid; LOCAL_STORAGE_DIR is where the files are.",
    )


class Storage(Protocol):
    """A store of objects; see the module docstring for its promises."""

    def stores(self) -> Mapping[StorageType, Storage]:
        """The single stores this one consists of, by place; itself if it is one."""
        ...

    def put(
        self,
        key: str,
        body: Body,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredObject: ...

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes: ...

    def download(self, key: str, path: Path, *, max_bytes: int | None = None) -> ObjectInfo: ...

    def stream(
        self, key: str, *, chunk_size: int = 1 << 20, max_bytes: int | None = None
    ) -> Iterator[bytes]: ...

    def exists(self, key: str) -> bool: ...

    def info(self, key: str) -> ObjectInfo: ...

    def size(self, key: str) -> int: ...

    def total_size(self, prefix: str = "") -> int: ...

    def list(self, prefix: str = "", *, limit: int | None = None) -> Iterator[ObjectInfo]: ...

    def delete(self, key: str) -> bool: ...

    def url(self, key: str, kind: UrlKind, *, expires_s: int = DEFAULT_EXPIRES_S) -> ObjectUrl: ...

    def url_kinds(self) -> tuple[UrlKind, ...]:
        """The kinds that `url` does not refuse, the best one for results first."""
        ...

    def presign_put(
        self, key: str, *, content_type: str | None = None, expires_s: int = DEFAULT_EXPIRES_S
    ) -> ObjectUrl: ...

    def migrate(self, prefix: str = "") -> MigrationReport:
        """Copies to S3 what only the disk has below `prefix`; may be repeated.

        Raises:
            ConfigError: this store is not on both.
        """
        ...

    def ensure_bucket(self) -> None: ...

    def describe(self) -> dict[str, object]: ...
