"""`s3://bucket/key` locations outside the worker's own prefix: voices and models of other buckets.

The same endpoint and credentials are used, only the bucket changes; stores are opened on first use
and kept.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from weakref import WeakSet

from errors import ConfigError, InvalidInput
from storage.base import Storage
from storage.config import StorageConfig
from storage.open import open_storage
from storage.s3.endpoints import at_same_endpoint


def split_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/key` to (bucket, key). Raises InvalidInput: not of that form."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        raise InvalidInput(f"{uri} is not an S3 location.", "Write s3://bucket/key.")
    return bucket, key


class Buckets:
    """Opens stores of other buckets with the worker's own credentials."""

    def __init__(self, config: StorageConfig) -> None:
        self._config = config
        self.open = lru_cache(maxsize=16)(self._open)
        self._opened: WeakSet[Storage] = WeakSet()

    def _open(self, bucket: str) -> Storage:
        try:
            there = at_same_endpoint(self._config, bucket)
            store = open_storage(replace(there, mode="s3", prefix=""))
        except ConfigError as error:
            raise InvalidInput(
                f"s3://{bucket}/ cannot be opened: {error.message}",
                error.hint or "Check the bucket's name.",
            ) from error
        self._opened.add(store)
        return store

    def close(self) -> None:
        """As `Storage.close`, for all that were opened."""
        for store in list(self._opened):
            store.close()

    def at(self, uri: str) -> tuple[Storage, str]:
        """The store and key of `s3://bucket/key`."""
        bucket, key = split_uri(uri)
        return self.open(bucket), key

    def list(self, uri: str) -> list[str]:
        """URIs of the objects below `uri` (engine.weights.locate.Remote)."""
        bucket, prefix = split_uri(uri)
        return [f"s3://{bucket}/{item.key}" for item in self.open(bucket).list(prefix)]

    def download(self, uri: str, path: Path) -> None:
        """Writes the object to `path`, whole or not at all (engine.weights.locate.Remote)."""
        storage, key = self.at(uri)
        storage.download(key, path)
