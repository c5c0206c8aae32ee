"""Storage settings under every name that users of earlier systems have in their env files.

Precedence, by the age of the systems: ancestor (`AWS_*`, `S3_BUCKET`), B2 artifact store
(`S3_KEY_ID`), TTS audio service (`S3_BUCKET_NAME`), media platform (`STORAGE_S3_*`), course
materials (`S3_ACCESS_KEY`), then RunPod's own `BUCKET_*`. `worker.settings.storage` gives their
meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from s3_utils import (
    DEFAULT_EXPIRES_S,
    MAX_EXPIRES_S,
    AddressingStyle,
    StorageConfig,
    StorageMode,
    UrlKind,
)
from worker.settings.env import Group, Lower, setting

KEY_PAIRS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("S3_KEY_ID", "S3_APPLICATION_KEY"),
    ("STORAGE_S3_ACCESS_KEY_ID", "STORAGE_S3_SECRET_ACCESS_KEY"),
    ("S3_ACCESS_KEY", "S3_SECRET_KEY"),
    ("BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY"),
)
_KEY_IDS, _SECRETS = (" ".join(names) for names in zip(*KEY_PAIRS, strict=True))


def _utc(value: datetime | None) -> datetime | None:
    return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


@dataclass(frozen=True)
class UrlConfig:
    """URLs of results where a job says nothing; `expires_s` in seconds. `otherwise`: the kind where
    `kind`, a default, cannot be given; None if it was chosen."""

    kind: UrlKind = "public"
    otherwise: UrlKind | None = None
    expires_s: int = DEFAULT_EXPIRES_S


class StorageEnv(Group):
    """The variables of storage as they are written; `storage_config` gives their meaning."""

    mode: Annotated[StorageMode | None, Lower] = setting("STORAGE_MODE", None, "hybrid")
    """`local`, `s3` or `hybrid` (both; S3 read first, audio is kept on disk when S3 is down).
    Unset: USE_S3_STORAGE, STORAGE_TYPE, else `s3` when a bucket, an endpoint or keys other than
    `AWS_*` are set, which then need a bucket"""
    use_s3: bool | None = setting("USE_S3_STORAGE", None, "true")
    """Older form of the mode: true is `hybrid`, false is `local`"""
    type: Annotated[Literal["local", "s3"] | None, Lower] = setting("STORAGE_TYPE", None, "S3")
    """Older form of the mode: `LOCAL` or `S3`"""
    local_dir: Path = setting(
        "LOCAL_STORAGE_DIR LOCAL_STORAGE_PATH STORAGE_LOCAL_PATH STORAGE_LOCAL_DIR",
        StorageConfig.local_dir,
        "/data",
    )
    """Directory of local storage, and of what hybrid keeps on disk; `/data` in the image"""
    local_max_gb: float | None = setting(
        "STORAGE_LOCAL_MAX_SIZE_GB LOCAL_MAX_SIZE_GB", None, "20", gt=0
    )
    """Quota of local storage, GiB"""
    bucket: str | None = setting(
        "S3_BUCKET S3_BUCKET_NAME STORAGE_S3_BUCKET BUCKET_NAME", StorageConfig.bucket, "my-voices"
    )
    """Bucket name; may be part of the endpoint instead"""
    endpoint_url: str | None = setting(
        "AWS_ENDPOINT_URL S3_ENDPOINT S3_ENDPOINT_URL STORAGE_S3_ENDPOINT_URL BUCKET_ENDPOINT_URL "
        "AWS_ENDPOINT_URL_S3",
        StorageConfig.endpoint_url,
        "https://s3.us-west-004.backblazeb2.com",
    )
    """Endpoint of a provider other than AWS"""
    region: str | None = setting(
        "AWS_REGION S3_REGION STORAGE_S3_REGION AWS_DEFAULT_REGION",
        StorageConfig.region,
        "eu-central-1",
    )
    """Region; derived from the endpoint where the provider names it there"""
    access_key_id: str | None = setting(_KEY_IDS, None, "0041...", secret=True)
    """Key id. Unset: boto3's own chain (role, shared file)"""
    secret_access_key: str | None = setting(_SECRETS, None, "K004...", secret=True)
    """Secret of the key, from the same pair as the id"""
    session_token: str | None = setting("AWS_SESSION_TOKEN", None, "IQoJ...", secret=True)
    """Token of temporary AWS credentials"""
    credentials_end: Annotated[datetime | None, AfterValidator(_utc)] = setting(
        "AWS_CREDENTIAL_EXPIRATION", StorageConfig.credentials_end, "2030-01-31T12:00:00Z"
    )
    """When AWS_SESSION_TOKEN ends (`aws configure export-credentials` tells it); no presigned URL
    is promised for longer"""
    prefix: str | None = setting("S3_PREFIX STORAGE_S3_PREFIX", None, "tts/prod")
    """Prefix of every key in the bucket; `storage` where the bucket is set by STORAGE_S3_BUCKET,
    else empty"""
    max_gb: float | None = setting("STORAGE_S3_MAX_SIZE_GB", None, "100", gt=0)
    """Quota of the bucket below the prefix, GiB"""
    addressing_style: Annotated[AddressingStyle, Lower] = setting(
        "S3_ADDRESSING_STYLE", StorageConfig.addressing_style, "path"
    )
    """`path`, `virtual`, or `auto` by provider"""
    public_base_url: str | None = setting(
        "S3_PUBLIC_BASE_URL S3_PUBLIC_URL CDN_BASE_URL",
        StorageConfig.public_base_url,
        "https://cdn.example.com",
        pattern=r"^https?://[^\s/]+",
    )
    """Base of public URLs, before the key: CDN, B2 friendly URL, R2 domain"""
    url_kind: Annotated[UrlKind | None, Lower] = setting("S3_URL_KIND", None, "presigned")
    """URLs of results: `public`, `presigned` or `none`. Unset: `presigned` where USE_S3_STORAGE or
    S3_PRESIGNED_URL_EXPIRY is set, else `public`; where the provider offers no such URLs, what it
    does (R2: `presigned`, RunPod volumes: `none`)"""
    url_expires_s: int = setting(
        "S3_PRESIGNED_URL_EXPIRY", UrlConfig.expires_s, "86400", ge=1, le=MAX_EXPIRES_S
    )
    """Life of presigned URLs, seconds"""
    retry_budget_s: float = setting(
        "S3_RETRY_TIME", StorageConfig.retry_budget_s, "120", ge=0, le=3600
    )
    """How long one request is tried while S3 is away or busy, seconds; a Retry-After of the service
    is waited for within it, and JOB_TIMEOUT_S may end it earlier"""
    max_attempts: int | None = setting(
        "S3_MAX_ATTEMPTS", StorageConfig.max_attempts, "10", ge=1, le=50
    )
    """Most tries of one request, also while S3_RETRY_TIME has not passed; 1: none is repeated.
    Unset: as many as fit"""
    connect_timeout_s: float = setting(
        "S3_CONNECT_TIMEOUT", StorageConfig.connect_timeout_s, "10", gt=0
    )
    """Longest time to connect, seconds"""
    read_timeout_s: float = setting("S3_READ_TIMEOUT", StorageConfig.read_timeout_s, "120", gt=0)
    """Longest wait for the next byte, seconds"""
    max_connections: int = setting(
        "S3_MAX_CONNECTIONS", StorageConfig.max_connections, "128", ge=1, le=1024
    )
    """Most connections kept open to S3"""
    ca_bundle: Path | None = setting(
        "S3_CA_BUNDLE AWS_CA_BUNDLE", StorageConfig.ca_bundle, "/ca.pem"
    )
    """CA file of a private endpoint"""
