"""What a store needs to know; `worker.settings.load` fills it from the environment, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from storage.base import StorageMode

AddressingStyle = Literal["auto", "path", "virtual"]


@dataclass(frozen=True)
class StorageConfig:
    """Where objects live and how URLs to them look.

    Sizes in bytes, times in seconds. `access_key_id`/`secret_access_key` None means boto3's own
    credential chain (instance role, shared file); where they are set, none of it is read. Secrets
    never show in `repr`.
    """

    mode: StorageMode = "local"
    local_dir: Path = Path("data")
    local_max_bytes: int | None = None
    bucket: str | None = None
    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    credentials_end: datetime | None = None  # of keys that end, as those with a session token do
    prefix: str = ""
    max_bytes: int | None = None
    addressing_style: AddressingStyle = "auto"
    public_base_url: str | None = None
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 60.0
    max_attempts: int | None = None  # of one request; None: as many as fit `retry_budget_s`
    max_connections: int = 64
    retry_base_s: float = 0.2  # doubled for each further try; the wait is random below it
    retry_budget_s: float = 60.0  # all attempts of one request together, waits included
    multipart_threshold_bytes: int = 16 << 20
    multipart_part_bytes: int = 8 << 20  # S3 refuses parts below 5 MiB, the last one excepted
    ca_bundle: Path | None = None
