"""The server's side of Signature Version 4, from AWS's description of it, not from botocore.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

SKEW = timedelta(minutes=15)
_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Refusal(Exception):
    """An S3 error answer. `extra` are further elements of its XML body."""

    status: int
    code: str
    message: str
    extra: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Signed:
    """What a request claims: who signed it, when, for which scope, over which headers."""

    key_id: str
    date: str
    region: str
    headers: list[str]
    signature: str
    when: datetime
    payload_hash: str
    expires: int | None = None


def verify(
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Mapping[str, str],
    region: str,
    now: datetime,
) -> str:
    """The key id that signed the request. `headers` names are lower case. Raises Refusal."""
    path, _, query = target.partition("?")
    pairs = [_pair(item) for item in query.split("&") if item]
    signed = _from_query(dict(pairs)) if "X-Amz-Signature=" in query else _from_headers(headers)
    _check_scope(signed, secrets, region)
    _check_time(signed, now)
    canonical = "\n".join(
        (
            method,
            quote(unquote(path), safe="/-_.~"),
            "&".join(
                f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
                for name, value in sorted(pairs)
                if name != "X-Amz-Signature"
            ),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in signed.headers),
            "",
            ";".join(signed.headers),
            signed.payload_hash,
        )
    )
    scope = f"{signed.date}/{signed.region}/s3/aws4_request"
    to_sign = "\n".join(
        ("AWS4-HMAC-SHA256", signed.when.strftime(_FORMAT), scope, _sha256(canonical.encode()))
    )
    wanted = _signature(secrets[signed.key_id], signed, to_sign)
    if not hmac.compare_digest(wanted, signed.signature):
        raise Refusal(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided.",
        )
    if signed.payload_hash != "UNSIGNED-PAYLOAD" and signed.payload_hash != _sha256(body):
        raise Refusal(400, "XAmzContentSHA256Mismatch", "The body does not have the signed hash.")
    return signed.key_id


def _from_headers(headers: Mapping[str, str]) -> Signed:
    match = re.match(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
        r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})\Z",
        headers.get("authorization", ""),
    )
    if not match:
        raise Refusal(403, "AccessDenied", "Access Denied")
    key_id, date, region, names, signature = match.groups()
    return Signed(
        key_id,
        date,
        region,
        names.split(";"),
        signature,
        _time(headers["x-amz-date"]),
        headers["x-amz-content-sha256"],
    )


def _from_query(query: Mapping[str, str]) -> Signed:
    key_id, date, region, *_ = query["X-Amz-Credential"].split("/")
    return Signed(
        key_id,
        date,
        region,
        query["X-Amz-SignedHeaders"].split(";"),
        query["X-Amz-Signature"],
        _time(query["X-Amz-Date"]),
        "UNSIGNED-PAYLOAD",
        int(query["X-Amz-Expires"]),
    )


def _check_scope(signed: Signed, secrets: Mapping[str, str], region: str) -> None:
    if signed.key_id not in secrets:
        raise Refusal(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        )
    if signed.region != region:
        message = f"the region '{signed.region}' is wrong; expecting '{region}'"
        if signed.expires is not None:
            raise Refusal(
                400,
                "AuthorizationQueryParametersError",
                f"Error parsing the X-Amz-Credential parameter; {message}",
                {"Region": region},
            )
        raise Refusal(
            400,
            "AuthorizationHeaderMalformed",
            f"The authorization header is malformed; {message}",
            {"Region": region},
        )


def _check_time(signed: Signed, now: datetime) -> None:
    if signed.expires is None:
        if abs(now - signed.when) > SKEW:
            raise Refusal(
                403,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            )
    elif now > signed.when + timedelta(seconds=signed.expires):
        raise Refusal(403, "AccessDenied", "Request has expired")


def _signature(secret: str, signed: Signed, to_sign: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (signed.date, signed.region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def _pair(item: str) -> tuple[str, str]:
    name, _, value = item.partition("=")
    return unquote(name), unquote(value)


def _time(text: str) -> datetime:
    return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
