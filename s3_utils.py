"""Storage for the worker: local disk, any S3-compatible service, or both, behind one protocol.

    from s3_utils import StorageConfig, open_storage

    store = open_storage(StorageConfig(mode="s3", bucket="my-voices",
                                       endpoint_url="https://s3.us-west-004.backblazeb2.com",
                                       access_key_id=..., secret_access_key=...))
    receipt = store.put("output/job.wav", Path("job.wav"), metadata={"voice": "Dorota"})
    link = store.url("output/job.wav", "presigned", expires_s=3600)

What the verbs promise is in `storage/base.py`; what can fail, in `errors.py`. Opening a
store makes no request. In the worker the configuration comes from `Settings.load().storage`.
"""

from __future__ import annotations

from dataclasses import replace

from storage.base import (
    Body,
    MigrationReport,
    ObjectInfo,
    ObjectUrl,
    Storage,
    StorageMode,
    StoredObject,
    UrlKind,
)
from storage.check import CheckStep
from storage.check import run_check as _run_check
from storage.config import StorageConfig
from storage.disk.store import LocalStorage
from storage.hybrid.store import HybridStorage
from storage.s3.store import S3Storage

__all__ = [
    "Body",
    "CheckStep",
    "HybridStorage",
    "MigrationReport",
    "ObjectInfo",
    "ObjectUrl",
    "Storage",
    "StorageConfig",
    "StorageMode",
    "StoredObject",
    "UrlKind",
    "migrate",
    "open_storage",
    "run_check",
]


def open_storage(config: StorageConfig) -> Storage:
    """The store `config` describes. No request is made and nothing is written.

    Raises:
        ConfigError: a setting is missing or wrong; the message names it.
    """
    if config.mode == "local":
        return LocalStorage(config)
    if config.mode == "s3":
        return S3Storage(config)
    return HybridStorage(S3Storage(config), LocalStorage(config))


def run_check(target: Storage | StorageConfig) -> list[CheckStep]:
    """The nine-step integration check: configuration, client, upload, exists, size, download,
    signed URL, list, delete. Raises nothing of storage's: failures are in the steps."""
    return _run_check(target, open_storage)


def migrate(config: StorageConfig, prefix: str = "") -> MigrationReport:
    """Copies what lies in `config.local_dir` to `config.bucket`; may be repeated.

    Raises:
        ConfigError, StorageError: the bucket cannot be used at all.
    """
    config = replace(config, mode="hybrid")
    return HybridStorage(S3Storage(config), LocalStorage(config)).migrate(prefix)
