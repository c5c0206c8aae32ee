"""An endpoint as people type it, taken apart, and the common mistakes in its host."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from errors import ConfigError
from storage.s3.providers import CUSTOM, NOT_ENDPOINTS, find_provider

Warn = Callable[[str], None]
_B2_REGION = re.compile(r"[a-z]{2}-[a-z]+-\d{3}\Z")
_PORTS = {"http": 80, "https": 443}


def split_endpoint(text: str, warn: Warn) -> tuple[str, str, str, str]:
    """Scheme, host, `:port` if it is not the scheme's own, and path without a trailing slash.
    Raises ConfigError: it is not a URL, or it holds more than that."""
    if "://" not in text:
        scheme = "http" if _is_private(text.split("/")[0]) else "https"
        warn(f"The endpoint has no scheme; {scheme}:// is used.")
        text = f"{scheme}://{text}"
    try:
        parts = urlsplit(text)
    except ValueError as exc:
        raise ConfigError(
            "AWS_ENDPOINT_URL has no valid host.", "Write an IPv6 address as https://[::1]:9000."
        ) from exc
    try:
        port = parts.port
    except ValueError as exc:
        raise ConfigError("AWS_ENDPOINT_URL has no valid port.", "Use 1 to 65535.") from exc
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigError(
            "AWS_ENDPOINT_URL is not a URL of an S3 service.",
            "Use a form such as https://s3.us-west-004.backblazeb2.com.",
        )
    if parts.username or parts.query or parts.fragment:
        raise ConfigError(
            "AWS_ENDPOINT_URL holds more than a host and a path.",
            "Put the credentials into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    own = port in {None, _PORTS[parts.scheme]}
    host, path = parts.hostname.rstrip("."), parts.path.rstrip("/")
    return parts.scheme, host, "" if own else f":{port}", path


def is_address(host: str) -> bool:
    """True for an IP address, in brackets or not."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_private(netloc: str) -> bool:
    """True for hosts that rarely speak TLS: a single label, or a private or loopback address."""
    host = netloc.rsplit(":", 1)[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


def fix_host(host: str, region: str | None, warn: Warn) -> str:
    """`host` with the common mistakes corrected, each with a warning. Raises ConfigError: never an
    endpoint, or a host of B2 without a region, as is `region`."""
    fixed = host.replace("backblaze-b2.com", "backblazeb2.com").replace(
        ".cdn.digitaloceanspaces.com", ".digitaloceanspaces.com"
    )
    for pattern, hint in NOT_ENDPOINTS:
        if pattern.fullmatch(fixed):
            raise ConfigError(f"AWS_ENDPOINT_URL: {host} is not an S3 endpoint.", hint)
    if fixed.endswith("backblazeb2.com") and find_provider(fixed)[0] is CUSTOM:
        fixed = _complete_b2(fixed, region or "")
    if fixed != host:
        warn(f"The endpoint {host} was corrected to {fixed}.")
    return fixed


def _complete_b2(host: str, region: str) -> str:
    """The S3 host of B2 for one without `s3.` or without region."""
    label = host.removesuffix("backblazeb2.com").rstrip(".").removeprefix("s3.")
    if _B2_REGION.match(label):
        return f"s3.{label}.backblazeb2.com"
    if label in {"", "s3", "api"} and _B2_REGION.match(region):
        return f"s3.{region}.backblazeb2.com"
    raise ConfigError(
        f"AWS_ENDPOINT_URL: {host} does not name B2's region.",
        "Use https://s3.REGION.backblazeb2.com as shown beside the bucket (e.g. us-west-004).",
    )
