"""How keys look in a URL."""

from __future__ import annotations

from urllib.parse import quote


def encode_key(key: str) -> str:
    """Percent-encodes `key` as S3 does: everything but unreserved characters and "/"."""
    return quote(key, safe="/-_.~")
