"""What the worker asks of storage: verbs on one store scoped to one bucket and prefix.

Promises every implementation keeps:
- `put` is complete or absent: never half an object under the final key; size and checksum verified.
- `download` is atomic: the target file appears whole or not at all, no temporary file is left.
- `max_bytes` is checked against the object's size before its bytes are in memory; a larger object
  raises `InvalidInput` naming both numbers.
- Every failure is one of the typed errors of `errors`; no botocore exception escapes.
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

from errors import ConfigError, InvalidInput, ObjectNotFound, StorageError

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
    `shortened`: it ends before the time asked for, with the credentials that signed it.
    """

    url: str | None
    kind: UrlKind
    expires_at: datetime | None = None
    shortened: bool = False

    @property
    def expires(self) -> str | None:
        """`expires_at` as JSON carries it, ISO 8601."""
        return self.expires_at.isoformat() if self.expires_at else None


@dataclass(frozen=True)
class MigrationReport:
    """Counts of objects and bytes. `failed` says of each `key` what went wrong, the `error`."""

    copied: int
    copied_bytes: int
    skipped: int
    failed: list[dict[str, str]]


@dataclass(frozen=True)
class Finding:
    """One thing found out about a store. Only `failed` stands in the way of jobs; `unknown`: it
    could not be found out. `detail` never holds a secret or a signed URL."""

    name: str
    level: Literal["ok", "warning", "failed", "unknown"]
    detail: str


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


class AlreadyThere(StorageError):
    """There is an object under a key that should have been free."""


class Storage(Protocol):
    """A store of objects; see the module docstring for its promises.

    Every verb raises StorageError and its kinds for what the service or the disk said, InvalidInput
    for a key that is not allowed, and ConfigError for a store that is not set up to do it.
    """

    def stores(self) -> Mapping[StorageType, Storage]:
        """The single stores this one consists of, by place; itself if it is one."""

    def put(
        self,
        key: str,
        body: Body,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
        replace: bool = True,
    ) -> StoredObject:
        """Stores `body` under `key`, in place of what was there.

        Args:
            body: bytes, a file's path, or a binary stream, read from where it stands to its end.
            content_type: None for what the key's extension means.
            metadata: text by name, 2 KB in all; names become lower case.
            replace: False: only under a free key, as far as the place can tell while it stores:
                S3 where the provider looks by itself, a disk for the threads of one process.

        Raises:
            StorageFull: the quota or the disk has no room.
            AlreadyThere: the key is not free; nothing was stored.
        """

    def check_room(self, key: str, size: int) -> None:
        """Raises StorageFull where `put` would now, for `size` bytes under `key`; before they are
        made, as far as that can be known."""
        return

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        """The object's bytes. Raises ObjectNotFound; InvalidInput if it is over `max_bytes`."""

    def download(self, key: str, path: Path, *, max_bytes: int | None = None) -> ObjectInfo:
        """Writes the object to the file `path`, whole or not at all; raises what `get` does."""

    def stream(
        self, key: str, *, chunk_size: int = 1 << 20, max_bytes: int | None = None
    ) -> Iterator[bytes]:
        """The object in pieces of up to `chunk_size` bytes; raises what `get` does, when read."""

    def exists(self, key: str) -> bool:
        """Whether there is an object under `key`."""
        try:
            self.info(key)
        except ObjectNotFound:
            return False
        return True

    def info(self, key: str) -> ObjectInfo:
        """What is known of the object without reading it. Raises ObjectNotFound."""

    def size(self, key: str) -> int:
        """The object's size in bytes. Raises ObjectNotFound."""
        return self.info(key).size

    def total_size(self, prefix: str = "") -> int:
        """Bytes of all objects whose keys begin with `prefix`; lists them all."""
        return sum(item.size for item in self.list(prefix))

    def list(self, prefix: str = "", *, limit: int | None = None) -> Iterator[ObjectInfo]:
        """The objects whose keys begin with `prefix`, by key; at most `limit`."""

    def delete(self, key: str) -> bool:
        """Deletes the object; False if there was none."""

    def keep_on_disk(self, key: str) -> None:
        """From now on the disk's file is no copy of S3's, which ends with it, but stays where S3's
        is deleted. Nothing to do for a store in one place."""
        return

    def url(self, key: str, kind: UrlKind, *, expires_s: int = DEFAULT_EXPIRES_S) -> ObjectUrl:
        """A URL to read the object with, made without a request.

        Args:
            expires_s: life of a presigned URL, seconds, 1 to MAX_EXPIRES_S.

        Raises:
            ConfigError: the provider has no URLs of this kind; see `url_kinds`.
        """

    def url_kinds(self) -> tuple[UrlKind, ...]:
        """The kinds that `url` does not refuse, the best one for results first."""

    def presign_put(
        self, key: str, *, content_type: str | None = None, expires_s: int = DEFAULT_EXPIRES_S
    ) -> ObjectUrl:
        """A URL to upload `key` with. A `content_type` given here must be sent with the upload.

        Raises:
            ConfigError: the provider does not presign.
        """

    def migrate(self, prefix: str = "") -> MigrationReport:
        """Copies to S3 what only the disk has below `prefix`; may be repeated.

        Raises:
            ConfigError: this store is not on both.
        """
        raise ConfigError(
            "Files can be migrated from local storage to S3 in hybrid mode only.",
            "Set STORAGE_MODE=hybrid; LOCAL_STORAGE_DIR is where the files are.",
        )

    def ensure_bucket(self) -> None:
        """Proves that the store can be used. A directory is made if it is missing, a bucket never.

        Raises:
            BucketNotFound, StorageDenied, ConfigError: it cannot, with the reason.
        """

    def close(self) -> None:
        """Ends waits between tries and work in the background. Requests may still be made; they
        are not tried again."""
        return

    def describe(self) -> dict[str, object]:
        """The store's settings as JSON may carry them, with `warnings`; never a secret."""
