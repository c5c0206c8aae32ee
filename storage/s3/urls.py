"""How URLs of objects look. Pure functions: no request, no credentials."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote


def encode_key(key: str) -> str:
    """Percent-encodes `key` as S3 does: everything but unreserved characters and "/"."""
    return quote(key, safe="/-_.~")


def public_url(
    key: str, *, bucket: str, region: str, endpoint_url: str | None, base_url: str | None
) -> str:
    """The unsigned URL of a full key, first rule that applies:

    1. `{base_url}/{key}`: a CDN, a B2 friendly URL (https://f004.backblazeb2.com/file/BUCKET),
       an R2 domain.
    2. `{endpoint_url}/{bucket}/{key}`: any S3-compatible endpoint.
    3. `https://{bucket}.s3.{region}.amazonaws.com/{key}`: AWS; path style for a bucket with dots,
       which the certificate does not cover.
    """
    path = encode_key(key)
    if base_url:
        return f"{base_url.rstrip('/')}/{path}"
    if endpoint_url:
        return f"{endpoint_url.rstrip('/')}/{bucket}/{path}"
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    if "." in bucket:
        return f"https://s3.{region}.{domain}/{bucket}/{path}"
    return f"https://{bucket}.s3.{region}.{domain}/{path}"


def expiry(expires_s: int) -> datetime:
    """When a URL signed now ends, in UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=expires_s)
