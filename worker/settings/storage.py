"""Storage settings under every name that users of earlier systems have in their env files.

Precedence follows COMPAT.md's rows: ancestor (`AWS_*`, `S3_BUCKET`), B2 artifact store
(`S3_KEY_ID`), TTS audio service (`S3_BUCKET_NAME`), media platform (`STORAGE_S3_*`), course
materials (`S3_ACCESS_KEY`), then RunPod's own `BUCKET_*`. Endpoint and region are passed on as
they are; `storage.s3.endpoints` makes sense of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from errors import ConfigError
from s3_utils import (
    DEFAULT_EXPIRES_S,
    MAX_EXPIRES_S,
    AddressingStyle,
    StorageConfig,
    StorageMode,
    UrlKind,
    open_storage,
)
from worker.settings.env import Env, Group, Reader, fill

_GIB = 1 << 30
_MEDIA_PLATFORM_PREFIX = "storage"
_KEY_PAIRS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("S3_KEY_ID", "S3_APPLICATION_KEY"),
    ("STORAGE_S3_ACCESS_KEY_ID", "STORAGE_S3_SECRET_ACCESS_KEY"),
    ("S3_ACCESS_KEY", "S3_SECRET_KEY"),
    ("BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY"),
)


@dataclass(frozen=True)
class UrlConfig:
    """URLs of results where a job says nothing; `expires_s` in seconds."""

    kind: UrlKind = "public"
    expires_s: int = DEFAULT_EXPIRES_S


class StorageEnv(Group):
    """The variables of storage as they are written; `storage_config` gives their meaning."""

    mode: Annotated[
        StorageMode | None,
        BeforeValidator(str.lower),
        Env(
            "STORAGE_MODE",
            "`local`, `s3` or `hybrid` (both; S3 read first, audio is kept on disk when S3 is "
            "down). Unset: STORAGE_TYPE, USE_S3_STORAGE, else `s3` when a bucket is set",
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
            "S3_BUCKET", "Bucket name", "my-voices",
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
            tuple(pair[0] for pair in _KEY_PAIRS[1:]), secret=True,
        ),
    ] = None  # fmt: skip
    secret_access_key: Annotated[
        str | None,
        Env(
            "AWS_SECRET_ACCESS_KEY", "Secret of the key, from the same pair as the id", "K004...",
            tuple(pair[1] for pair in _KEY_PAIRS[1:]), secret=True,
        ),
    ] = None  # fmt: skip
    session_token: Annotated[
        str | None,
        Env("AWS_SESSION_TOKEN", "Token of temporary AWS credentials", "IQoJ...", secret=True),
    ] = None
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
    max_attempts: Annotated[
        int, Field(ge=1, le=50), Env("S3_MAX_ATTEMPTS", "Attempts of one request", "10")
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


def storage_config(reader: Reader, env: StorageEnv) -> StorageConfig:
    """The store `env` describes; contradictions are noted on `reader.problems`."""
    bucket = env.bucket or bucket_in_endpoint(env.endpoint_url)
    mode = _mode(env, bucket)
    key_id, secret = _credentials(reader) if mode != "local" else (None, None)
    if mode != "local" and bucket is None and not reader.problems:
        names = ", ".join(_names("bucket"))
        reader.problems.append(f"{_mode_name(reader)} asks for S3, but no bucket is set ({names})")
    return fill(
        StorageConfig,
        env,
        mode=mode,
        local_max_bytes=_bytes(env.local_max_gb),
        bucket=bucket,
        access_key_id=key_id,
        secret_access_key=secret,
        # The token belongs to AWS_ACCESS_KEY_ID; beside another pair it would break every request.
        session_token=env.session_token if reader.value("AWS_ACCESS_KEY_ID") == key_id else None,
        prefix=_prefix(reader, env),
        max_bytes=_bytes(env.max_gb),
    )


def url_config(reader: Reader, env: StorageEnv, storage: StorageConfig) -> UrlConfig:
    """Kind and life of URLs; env files of the presigned-URL service keep getting presigned ones.

    A kind that `storage` cannot give is noted on `reader.problems`; a default is replaced by the
    best it can give, with a warning.
    """
    presigned = env.use_s3 or reader.get("S3_PRESIGNED_URL_EXPIRY")
    kind: UrlKind = env.url_kind or ("presigned" if presigned else "public")
    try:
        possible = open_storage(storage).url_kinds()
    except ConfigError:  # raised again, with its hint, when the worker opens its store
        possible = (kind,)
    if kind not in possible:
        fault = f"{kind} URLs are not possible with this S3 provider"
        if env.url_kind is None:
            kind = possible[0]
            reader.warnings.append(f"S3_URL_KIND is not set and {fault}: {kind} is used.")
        else:
            reader.problems.append(f"S3_URL_KIND={kind}: {fault}, only {' and '.join(possible)}")
    return UrlConfig(kind=kind, expires_s=env.url_expires_s)


def bucket_in_endpoint(url: str | None) -> str | None:
    """The bucket of `https://BUCKET.s3.region...` or `https://host/BUCKET`, a RunPod habit."""
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"https://{url}")
    path = parts.path.strip("/")
    if path:
        return path.split("/")[0]
    host, found, _ = (parts.hostname or "").partition(".s3")
    return host if found else None


def _mode(env: StorageEnv, bucket: str | None) -> StorageMode:
    if env.mode is not None:
        return env.mode
    if env.use_s3 is not None:
        return "hybrid" if env.use_s3 else "local"
    if env.type is not None:
        return env.type
    return "s3" if bucket else "local"


def _mode_name(reader: Reader) -> str:
    found = reader.get("STORAGE_MODE", "USE_S3_STORAGE", "STORAGE_TYPE")
    return "=".join(found) if found else "the environment"


def _credentials(reader: Reader) -> tuple[str | None, str | None]:
    """The first complete pair; halves of different pairs are never mixed."""
    complete = [
        (key, secret)
        for key_name, secret_name in _KEY_PAIRS
        if (key := reader.get(key_name)) and (secret := reader.get(secret_name))
    ]
    if complete:
        (used, key_id), (_, secret_key) = complete[0]
        for (other, other_id), _ in complete[1:]:
            if other_id != key_id:
                reader.warnings.append(f"{used} and {other} differ; the pair of {used} is used.")
        return key_id, secret_key
    for pair in _KEY_PAIRS:
        for name, other in (pair, pair[::-1]):
            if reader.get(name):
                reader.problems.append(f"{name} is set, but {other}, which belongs to it, is not")
    return None, None


def _prefix(reader: Reader, env: StorageEnv) -> str:
    if env.prefix is not None:
        return env.prefix.strip("/")
    used = reader.get(*_names("bucket"))
    return _MEDIA_PLATFORM_PREFIX if used and used[0] == "STORAGE_S3_BUCKET" else ""


def _names(field_name: str) -> tuple[str, ...]:
    metadata = StorageEnv.model_fields[field_name].metadata
    return next(item for item in metadata if isinstance(item, Env)).names


def _bytes(gib: float | None) -> int | None:
    return None if gib is None else int(gib * _GIB)
