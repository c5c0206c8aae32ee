"""From the variables of storage to the store they describe.

Endpoint and region are passed on as they are; `storage.s3.endpoints` makes sense of them, also of a
bucket inside the endpoint.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from errors import ConfigError
from s3_utils import StorageConfig, StorageMode, UrlKind, find_bucket, open_storage
from worker.settings.env import Reader, fill, variables
from worker.settings.groups import ModelConfig
from worker.settings.storage_env import KEY_PAIRS, StorageEnv, UrlConfig

_GIB = 1 << 30
_MEDIA_PLATFORM_PREFIX = "storage"
# Switches of AWS's own tools, which the client does not read: what to write instead.
_UNREAD = {
    "AWS_USE_FIPS_ENDPOINT": "https://s3-fips.REGION.amazonaws.com",
    "AWS_USE_DUALSTACK_ENDPOINT": "https://s3.dualstack.REGION.amazonaws.com",
}


def storage_config(reader: Reader, env: StorageEnv) -> StorageConfig:
    """The store `env` describes; contradictions are noted on `reader.problems`."""
    asks = _asks_for_s3(reader)
    mode = _mode(env, asks)
    key_id, secret = _credentials(reader) if mode != "local" else (None, None)
    # They belong to AWS_ACCESS_KEY_ID; a token beside another pair would break every request.
    temporary = key_id is not None and reader.value("AWS_ACCESS_KEY_ID") == key_id
    config = fill(
        StorageConfig,
        env,
        mode=mode,
        local_max_bytes=_bytes(env.local_max_gb),
        access_key_id=key_id,
        secret_access_key=secret,
        session_token=env.session_token if temporary else None,
        credentials_end=env.credentials_end if temporary and env.session_token else None,
        prefix=_prefix(reader, env),
        max_bytes=_bytes(env.max_gb),
    )
    if mode != "local":
        return _with_bucket(reader, config, asks)
    if _mode_asked(reader) is None:
        reader.warnings += _of_this_disk(reader, config)
    return config


def _of_this_disk(reader: Reader, config: StorageConfig) -> list[str]:
    """A warning where files go to a disk that perhaps nobody meant."""
    meant = "STORAGE_MODE=local says that this is meant."
    if keys := reader.get(*KEY_PAIRS[0]):
        bucket = ", ".join(_names("bucket"))
        return [
            f"{keys[0]} is set, but no bucket is ({bucket}): results stay on this machine's disk. "
            + meant
        ]
    volume = Path(reader.value("F5_VOLUME_DIR") or ModelConfig().volume_dir)
    if reader.value("RUNPOD_WEBHOOK_GET_JOB") and not config.local_dir.is_relative_to(volume):
        return [
            f"No bucket is set: voices and results are in {config.local_dir} on this worker's own "
            "disk, where no client reaches them, and go with it. Set a bucket (CONFIG.md, "
            f"Recipes), or LOCAL_STORAGE_DIR to a folder of a network volume. {meant}"
        ]
    return []


def url_config(reader: Reader, env: StorageEnv, storage: StorageConfig) -> UrlConfig:
    """Kind and life of URLs; env files of the presigned-URL service keep getting presigned ones.

    A kind that `storage` cannot give is noted on `reader.problems`; a default is replaced by the
    best it can give, with a warning.
    """
    presigned = env.use_s3 or reader.get("S3_PRESIGNED_URL_EXPIRY")
    kind: UrlKind = env.url_kind or ("presigned" if presigned else "public")
    otherwise: UrlKind | None = None
    try:
        store = open_storage(storage)
    except ConfigError as exc:
        reader.problems.append(f"{exc.message} {exc.hint}".strip().rstrip("."))
    else:
        reader.warnings += store.describe().get("warnings", ())  # type: ignore[arg-type]
        possible = store.url_kinds()
        fault = f"{kind} URLs are not possible with this S3 provider"
        if kind not in possible and env.url_kind is None:
            otherwise = possible[0]
            reader.warnings.append(f"S3_URL_KIND is not set and {fault}: {otherwise} is used.")
        elif kind not in possible:
            reader.problems.append(f"S3_URL_KIND={kind}: {fault}, only {' and '.join(possible)}")
    return UrlConfig(kind, otherwise, env.url_expires_s)


def _with_bucket(reader: Reader, config: StorageConfig, asks: str | None) -> StorageConfig:
    """`config` with the bucket that it names anywhere. There must be one: results that were meant
    for S3 are never kept on a disk that goes with the worker."""
    try:
        bucket = find_bucket(config)
    except ConfigError:
        return config  # what is wrong is said where the store is opened
    if not bucket:
        reader.problems.append(
            f"{_mode_asked(reader) or asks} asks for S3, but no bucket is set "
            f"({', '.join(_names('bucket'))}); STORAGE_MODE=local keeps results on this machine"
        )
        return replace(config, mode="local")  # nothing more to say of a store that cannot be
    for name, endpoint in _UNREAD.items():
        if (reader.value(name) or "").lower() == "true":
            reader.warnings.append(f"{name} is not read. Set AWS_ENDPOINT_URL={endpoint} instead.")
    return replace(config, bucket=bucket)


def _asks_for_s3(reader: Reader) -> str | None:
    """The variable that only makes sense with S3, if one is set. AWS_* keys may be for others."""
    keys = (name for pair in KEY_PAIRS[1:] for name in pair)
    found = reader.get(*_names("bucket"), *_names("endpoint_url"), *keys)
    return found[0] if found else None


def _mode(env: StorageEnv, asks: str | None) -> StorageMode:
    if env.mode is not None:
        return env.mode
    if env.use_s3 is not None:
        return "hybrid" if env.use_s3 else "local"
    if env.type is not None:
        return env.type
    return "s3" if asks else "local"


def _mode_asked(reader: Reader) -> str | None:
    """The variable that sets the mode, as it is written."""
    found = reader.get("STORAGE_MODE", "USE_S3_STORAGE", "STORAGE_TYPE")
    return "=".join(found) if found else None


def _credentials(reader: Reader) -> tuple[str | None, str | None]:
    """The first complete pair; halves of different pairs are never mixed."""
    complete = [
        (key, secret)
        for key_name, secret_name in KEY_PAIRS
        if (key := reader.get(key_name)) and (secret := reader.get(secret_name))
    ]
    if complete:
        (used, key_id), (_, secret_key) = complete[0]
        for (other, other_id), _ in complete[1:]:
            if other_id != key_id:
                reader.warnings.append(f"{used} and {other} differ; the pair of {used} is used.")
        return key_id, secret_key
    for pair in KEY_PAIRS:
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
    return variables(StorageEnv)[field_name].names


def _bytes(gib: float | None) -> int | None:
    return None if gib is None else int(gib * _GIB)
