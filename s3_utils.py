"""Storage for the worker: local disk, any S3-compatible service, or both, behind one protocol.

    from s3_utils import StorageConfig, open_storage

    store = open_storage(StorageConfig(mode="s3", bucket="my-voices",
                                       endpoint_url="https://s3.us-west-004.backblazeb2.com",
                                       access_key_id=..., secret_access_key=...))
    receipt = store.put("output/job.wav", Path("job.wav"), metadata={"voice": "Dorota"})
    link = store.url("output/job.wav", "presigned", expires_s=3600)

The public face of `storage/`, and the only way `worker/` uses it. What the verbs promise is in
`storage/base.py`; what can fail, in `errors.py`. Opening a store makes no request. In the worker
the configuration comes from `Settings.load().storage`.
"""

from __future__ import annotations

from storage.base import (
    DEFAULT_EXPIRES_S,
    MAX_EXPIRES_S,
    Body,
    Finding,
    MigrationReport,
    ObjectInfo,
    ObjectUrl,
    Storage,
    StorageMode,
    StoredObject,
    UrlKind,
)
from storage.buckets import Buckets
from storage.check import CheckStep, run_check
from storage.config import AddressingStyle, StorageConfig
from storage.examine import examine
from storage.keys import key_fault
from storage.metadata import encode_metadata
from storage.open import migrate, open_storage
from storage.patience import BRIEF_S, brief_beside_a_disk, time_limit
from storage.s3.endpoints import find_bucket
from storage.threads import side_by_side

__all__ = [
    "BRIEF_S",
    "DEFAULT_EXPIRES_S",
    "MAX_EXPIRES_S",
    "AddressingStyle",
    "Body",
    "Buckets",
    "CheckStep",
    "Finding",
    "MigrationReport",
    "ObjectInfo",
    "ObjectUrl",
    "Storage",
    "StorageConfig",
    "StorageMode",
    "StoredObject",
    "UrlKind",
    "brief_beside_a_disk",
    "encode_metadata",
    "examine",
    "find_bucket",
    "key_fault",
    "migrate",
    "open_storage",
    "run_check",
    "side_by_side",
    "time_limit",
]
