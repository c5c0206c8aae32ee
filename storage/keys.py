"""Object keys: what is allowed, and how a key stays inside its prefix.

Allowed: relative paths of non-empty segments joined by "/", in UTF-8, at most 1024 bytes with the
store's prefix (S3's limit). Refused: "..", ".", control characters, backslashes, a leading slash,
empty segments, and the names local stores keep for themselves (`.meta`, `.tmp-*`), so that a job
means the same object in every mode.
"""

from __future__ import annotations

import unicodedata

from errors import ConfigError, InvalidInput, show

MAX_KEY_BYTES = 1024
META_DIR = ".meta"
TEMP_PREFIX = ".tmp-"


def key_fault(key: str) -> str | None:
    """What is wrong with `key` as the name of an object, or None."""
    if not key:
        return "is empty"
    if key.startswith("/"):
        return "starts with a slash"
    if "\\" in key:
        return "has a backslash"
    # Cc: control characters; Cs: lone surrogates, which UTF-8 cannot hold.
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in key):
        return "has a control character"
    for segment in key.split("/"):
        if not segment:
            return "has an empty segment"
        if segment in {".", ".."}:
            return f"has the segment {segment!r}"
        if segment == META_DIR or segment.startswith(TEMP_PREFIX):
            return f"uses the reserved name {segment!r}"
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"is longer than {MAX_KEY_BYTES} bytes"
    return None


def check_key(key: str, *, field: str = "key") -> str:
    """Returns `key` unchanged if it is allowed. Raises InvalidInput: it is not; the message names
    `field` and the fault."""
    fault = key_fault(key)
    if fault is not None:
        raise InvalidInput(
            f"{field}: {show(key)} {fault}.", "Use a relative path such as output/my-job.wav."
        )
    return key


def check_list_prefix(prefix: str) -> str:
    """Returns `prefix` if `list` may use it: empty, or the beginning of an allowed key."""
    if prefix:
        check_key(prefix.removesuffix("/") or "/", field="prefix")
    return prefix


def normalise_prefix(prefix: str) -> str:
    """The store's own prefix as "a/b/" or "". Raises ConfigError for one that is not a path."""
    stripped = prefix.strip("/")
    if not stripped:
        return ""
    fault = key_fault(stripped)
    if fault is not None:
        raise ConfigError(
            f"The storage prefix {show(stripped)} {fault}.",
            "Set S3_PREFIX to a plain path such as tts/production.",
        )
    return stripped + "/"


def full_key(prefix: str, key: str) -> str:
    """The bucket's key for the store's `key`; `prefix` comes from `normalise_prefix`."""
    full = prefix + check_key(key)
    if len(full.encode()) > MAX_KEY_BYTES:
        raise InvalidInput(
            f"key: {show(key)} is longer than {MAX_KEY_BYTES} bytes with the store's prefix.",
            "Use a shorter output_key or user_id.",
        )
    return full
