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

from storage.base import DEFAULT_EXPIRES_S as DEFAULT_EXPIRES_S
from storage.base import MAX_EXPIRES_S as MAX_EXPIRES_S
from storage.base import AlreadyThere as AlreadyThere
from storage.base import ObjectInfo as ObjectInfo
from storage.base import ObjectUrl as ObjectUrl
from storage.base import Storage as Storage
from storage.base import StorageMode as StorageMode
from storage.base import StoredObject as StoredObject
from storage.base import UrlKind as UrlKind
from storage.buckets import Buckets as Buckets
from storage.check import run_check as run_check
from storage.config import AddressingStyle as AddressingStyle
from storage.config import StorageConfig as StorageConfig
from storage.examine import examine as examine
from storage.keys import key_fault as key_fault
from storage.metadata import encode_metadata as encode_metadata
from storage.open import open_storage as open_storage
from storage.patience import BRIEF_S as BRIEF_S
from storage.patience import brief_beside_a_disk as brief_beside_a_disk
from storage.patience import time_limit as time_limit
from storage.s3.endpoints import find_bucket as find_bucket
from storage.threads import side_by_side as side_by_side
