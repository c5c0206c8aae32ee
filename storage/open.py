"""From a configuration to its store."""

from __future__ import annotations

from storage.base import Storage
from storage.config import StorageConfig
from storage.disk.store import LocalStorage
from storage.hybrid.store import HybridStorage
from storage.s3.store import S3Storage


def open_storage(config: StorageConfig) -> Storage:
    """The store `config` describes. No request is made and nothing is written. Raises ConfigError:
    a setting is missing or wrong; the message names it."""
    if config.mode == "local":
        return LocalStorage(config)
    if config.mode == "s3":
        return S3Storage(config)
    return HybridStorage(S3Storage(config), LocalStorage(config))
