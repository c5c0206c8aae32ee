"""Storage settings under every name that users of earlier systems have in their env files.

Precedence follows COMPAT.md's rows: ancestor (`AWS_*`, `S3_BUCKET`), B2 artifact store
(`S3_KEY_ID`), TTS audio service (`S3_BUCKET_NAME`), media platform (`STORAGE_S3_*`), course
materials (`S3_ACCESS_KEY`), then RunPod's own `BUCKET_*`. `worker.settings.storage` gives their
meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from s3_utils import (
    DEFAULT_EXPIRES_S,
    MAX_EXPIRES_S,
    AddressingStyle,
    StorageConfig,
    StorageMode,
    UrlKind,
)
from worker.settings.env import Env, Group

KEY_PAIRS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("S3_KEY_ID", "S3_APPLICATION_KEY"),
    ("STORAGE_S3_ACCESS_KEY_ID", "STORAGE_S3_SECRET_ACCESS_KEY"),
    ("S3_ACCESS_KEY", "S3_SECRET_KEY"),
    ("BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY"),
)


def _utc(value: datetime | None) -> datetime | None:
    return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


@dataclass(frozen=True)
class UrlConfig:
    """URLs of results where a job says nothing; `expires_s` in seconds.

    `otherwise`: the kind where `kind`, a default, cannot be given; None if it was chosen.
    """

    kind: UrlKind = "public"
    otherwise: UrlKind | None = None
    expires_s: int = DEFAULT_EXPIRES_S


class StorageEnv(Group):
    """The variables of storage as they are written; `storage_config` gives their meaning."""

    mode: Annotated[
        StorageMode | None,
        BeforeValidator(str.lower),
        Env(
            "STORAGE_MODE",
            "`local`, `s3` or `hybrid` (both; S3 read first, audio is kept on disk when S3 is "
            "down). Unset: USE_S3_STORAGE, STORAGE_TYPE, else `s3` when a bucket, an endpoint or "
            "keys other than `AWS_*` are set, which then need a bucket",
            "hybrid",
        ),
    ] = None
    use_s3: Annotated[
        bool | None,
        Env("USE_S3_STORAGE", "Older form of the mode: true is `hybrid`, false is `local`", "true"),
    ] = None
    type: Annotated[
        Literal["local", "s3"] | None,
        BeforeValidator(str.lower),
        Env("STORAGE_TYPE", "Older form of the mode: `LOCAL` or `S3`", "S3"),
    ] = None
    local_dir: Annotated[
        Path,
        Env(
            "LOCAL_STORAGE_DIR", "Directory of local storage and of hybrid's spool", "/data",
            ("LOCAL_STORAGE_PATH", "STORAGE_LOCAL_PATH", "STORAGE_LOCAL_DIR"),
        ),
    ] = StorageConfig.local_dir  # fmt: skip
    local_max_gb: Annotated[
        float | None,
        Field(gt=0, allow_inf_nan=False),
        Env(
            "STORAGE_LOCAL_MAX_SIZE_GB", "Quota of local storage, GiB", "20", ("LOCAL_MAX_SIZE_GB",)
        ),
    ] = None
    bucket: Annotated[
        str | None,
        Env(
            "S3_BUCKET", "Bucket name; may be part of the endpoint instead", "my-voices",
            ("S3_BUCKET_NAME", "STORAGE_S3_BUCKET", "BUCKET_NAME"),
        ),
    ] = StorageConfig.bucket  # fmt: skip
    endpoint_url: Annotated[
        str | None,
        Env(
            "AWS_ENDPOINT_URL", "Endpoint of a provider other than AWS",
            "https://s3.us-west-004.backblazeb2.com",
            (
                "S3_ENDPOINT", "S3_ENDPOINT_URL", "STORAGE_S3_ENDPOINT_URL",
                "BUCKET_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3",
            ),
        ),
    ] = StorageConfig.endpoint_url  # fmt: skip
    region: Annotated[
        str | None,
        Env(
            "AWS_REGION", "Region; derived from the endpoint where the provider names it there",
            "eu-central-1", ("S3_REGION", "STORAGE_S3_REGION", "AWS_DEFAULT_REGION"),
        ),
    ] = StorageConfig.region  # fmt: skip
    access_key_id: Annotated[
        str | None,
        Env(
            "AWS_ACCESS_KEY_ID", "Key id. Unset: boto3's own chain (role, shared file)", "0041...",
            tuple(pair[0] for pair in KEY_PAIRS[1:]), secret=True,
        ),
    ] = None  # fmt: skip
    secret_access_key: Annotated[
        str | None,
        Env(
            "AWS_SECRET_ACCESS_KEY", "Secret of the key, from the same pair as the id", "K004...",
            tuple(pair[1] for pair in KEY_PAIRS[1:]), secret=True,
        ),
    ] = None  # fmt: skip
    session_token: Annotated[
        str | None,
        Env("AWS_SESSION_TOKEN", "Token of temporary AWS credentials", "IQoJ...", secret=True),
    ] = None
    credentials_end: Annotated[
        datetime | None,
        AfterValidator(_utc),
        Env(
            "AWS_CREDENTIAL_EXPIRATION",
            "When AWS_SESSION_TOKEN ends (`aws configure export-credentials` tells it); no "
            "presigned URL is promised for longer",
            "2030-01-31T12:00:00Z",
        ),
    ] = StorageConfig.credentials_end
    prefix: Annotated[
        str | None,
        Env(
            "S3_PREFIX", "Prefix of every key in the bucket; `storage` where the bucket is set by "
            "STORAGE_S3_BUCKET, else empty", "tts/prod", ("STORAGE_S3_PREFIX",),
        ),
    ] = None  # fmt: skip
    max_gb: Annotated[
        float | None,
        Field(gt=0, allow_inf_nan=False),
        Env("STORAGE_S3_MAX_SIZE_GB", "Quota of the bucket below the prefix, GiB", "100"),
    ] = None
    addressing_style: Annotated[
        AddressingStyle,
        BeforeValidator(str.lower),
        Env("S3_ADDRESSING_STYLE", "`path`, `virtual`, or `auto` by provider", "path"),
    ] = StorageConfig.addressing_style
    public_base_url: Annotated[
        str | None,
        Field(pattern=r"^https?://[^\s/]+"),
        Env(
            "S3_PUBLIC_BASE_URL", "Base of public URLs, before the key: CDN, B2 friendly URL, R2 "
            "domain", "https://cdn.example.com", ("S3_PUBLIC_URL", "CDN_BASE_URL"),
        ),
    ] = StorageConfig.public_base_url  # fmt: skip
    url_kind: Annotated[
        UrlKind | None,
        BeforeValidator(str.lower),
        Env(
            "S3_URL_KIND", "URLs of results: `public`, `presigned` or `none`. Unset: `presigned` "
            "where USE_S3_STORAGE or S3_PRESIGNED_URL_EXPIRY is set, else `public`; where the "
            "provider offers no such URLs, what it does (R2: `presigned`, RunPod volumes: `none`)",
            "presigned",
        ),
    ] = None  # fmt: skip
    url_expires_s: Annotated[
        int,
        Field(ge=1, le=MAX_EXPIRES_S),
        Env("S3_PRESIGNED_URL_EXPIRY", "Life of presigned URLs, seconds", "86400"),
    ] = UrlConfig.expires_s
    retry_budget_s: Annotated[
        float,
        Field(ge=0, le=3600, allow_inf_nan=False),
        Env(
            "S3_RETRY_TIME",
            "How long one request is tried while S3 is away or busy, seconds; a Retry-After of the "
            "service is waited for within it, and JOB_TIMEOUT_S may end it earlier",
            "120",
        ),
    ] = StorageConfig.retry_budget_s
    max_attempts: Annotated[
        int | None,
        Field(ge=1, le=50),
        Env(
            "S3_MAX_ATTEMPTS",
            "Most tries of one request, also while S3_RETRY_TIME has not passed; 1: none is "
            "repeated. Unset: as many as fit",
            "10",
        ),
    ] = StorageConfig.max_attempts
    connect_timeout_s: Annotated[
        float,
        Field(gt=0, allow_inf_nan=False),
        Env("S3_CONNECT_TIMEOUT", "Longest time to connect, seconds", "10"),
    ] = StorageConfig.connect_timeout_s
    read_timeout_s: Annotated[
        float,
        Field(gt=0, allow_inf_nan=False),
        Env("S3_READ_TIMEOUT", "Longest wait for the next byte, seconds", "120"),
    ] = StorageConfig.read_timeout_s
    max_connections: Annotated[
        int,
        Field(ge=1, le=1024),
        Env("S3_MAX_CONNECTIONS", "Most connections kept open to S3", "128"),
    ] = StorageConfig.max_connections
    ca_bundle: Annotated[
        Path | None,
        Env("S3_CA_BUNDLE", "CA file of a private endpoint", "/ca.pem", ("AWS_CA_BUNDLE",)),
    ] = StorageConfig.ca_bundle
