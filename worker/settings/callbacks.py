"""Settings of callbacks: how an answer is posted to the address that a job names."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated

from pydantic import AfterValidator

from worker.settings.env import Group, setting

_BETWEEN = re.compile(r"[\s,]+")
_MARK = "whsec_"
_LEAST, _MOST = 24, 64  # bytes of a secret, by Standard Webhooks


def _pieces(secrets: str) -> list[str]:
    return [piece for piece in _BETWEEN.split(secrets) if piece]


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_MARK), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError("must be base64 behind `whsec_`") from exc
    if not _LEAST <= len(key) <= _MOST:
        raise ValueError(f"must have {_LEAST} to {_MOST} bytes each, in base64 behind `whsec_`")
    return key


def _valid(secrets: str) -> str:
    for secret in _pieces(secrets):
        _key(secret)
    return secrets


class CallbackConfig(Group):
    """Callbacks: how an answer is posted to the `callback_url` of a job."""

    secrets: Annotated[str, AfterValidator(_valid)] = setting(
        "CALLBACK_SECRETS", "", "whsec_cmVwbGFjZSB0aGlzIGJ5IHlvdXIgb3duLi4u", secret=True
    )
    """Secret that callbacks are signed with, as Standard Webhooks write it: 24 to 64 random bytes
    in base64 behind `whsec_`. While one replaces another give both, separated by a space: each
    callback is signed with each. Unset: callbacks are not signed, and the answer says so"""
    timeout_s: float = setting("CALLBACK_TIMEOUT_S", 15.0, "30", gt=0, le=60)
    """Longest time of one try to post a callback, seconds"""
    retry_s: float = setting("CALLBACK_RETRY_S", 300.0, "3600", ge=0, le=86_400)
    """Time for which a callback is tried again while the worker lives, seconds; 0: one try. What
    was not taken is kept in the bucket"""
    allow_http: bool = setting("CALLBACK_ALLOW_HTTP", False, "true")
    """Accept callback URLs without TLS"""
    allow_private: bool = setting("CALLBACK_ALLOW_PRIVATE", False, "true")
    """Accept callback URLs of private networks: whoever sends jobs can then have this worker post
    there"""

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The secrets as HMAC takes them."""
        return tuple(_key(secret) for secret in _pieces(self.secrets))

    @property
    def hidden(self) -> tuple[str, ...]:
        """What of them must not be logged."""
        return tuple(piece.removeprefix(_MARK) for piece in _pieces(self.secrets))
