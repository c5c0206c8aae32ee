"""Signatures of callbacks, as Standard Webhooks 1.0 describes them.

webhook-id         the same for every try, and when a job is delivered again
webhook-timestamp  of this try, seconds since 1970
webhook-signature  "v1," and base64 of HMAC-SHA256(secret, "{id}.{timestamp}.{body}"), one for
                   each secret, separated by spaces
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence


def signed_headers(
    keys: Sequence[bytes], webhook_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The three headers of one try; without keys, the first two."""
    headers = {"webhook-id": webhook_id, "webhook-timestamp": str(timestamp)}
    if keys:
        content = f"{webhook_id}.{timestamp}.".encode() + body
        headers["webhook-signature"] = " ".join(_signature(key, content) for key in keys)
    return headers


def _signature(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
