"""From what people type as an endpoint to what the client needs.

Accepted: with or without scheme, the bucket inside the host or the path, `backblaze-b2.com`, a B2
host without `s3.`, the Spaces CDN host, AWS endpoints. The region in the host wins over a
configured one (a left-over AWS_REGION=us-east-1 would break every signature); each correction is a
warning. What cannot be corrected is a ConfigError naming the setting.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from errors import ConfigError
from storage.config import StorageConfig
from storage.s3.providers import AWS, CUSTOM, Addressing, Provider, find_provider

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}\Z")
_B2_REGION = re.compile(r"[a-z]{2}-[a-z]+-\d{3}\Z")


@dataclass(frozen=True)
class Endpoint:
    """A checked endpoint. `url` is None for AWS, whose host follows from bucket and region."""

    provider: Provider
    url: str | None
    region: str
    bucket: str
    addressing: Addressing
    warnings: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The endpoint for messages."""
        return self.url or f"AWS S3 {self.region}"


def resolve_endpoint(config: StorageConfig) -> Endpoint:
    """Checks and completes bucket, endpoint, region and addressing of `config`.

    Raises:
        ConfigError: no bucket, an endpoint that is not one, or one that contradicts the bucket.
    """
    warnings: list[str] = []
    if config.endpoint_url and config.endpoint_url.strip():
        provider, url, region, bucket = _parse(config, warnings.append)
    else:
        provider, url, region, bucket = AWS, None, None, config.bucket
    region = _choose_region(provider, region, config, warnings.append)
    addressing = provider.addressing
    if config.addressing_style != "auto":
        addressing = config.addressing_style
    name = _check_bucket(bucket)
    if addressing == "virtual" and "." in name:
        addressing = "path"  # a wildcard certificate covers one label only
    return Endpoint(provider, url, region, name, addressing, tuple(warnings))


def _check_bucket(bucket: str | None) -> str:
    if not bucket:
        raise ConfigError("No bucket is configured.", "Set S3_BUCKET, or STORAGE_MODE=local.")
    if not _BUCKET.match(bucket):
        raise ConfigError(
            f"S3_BUCKET={bucket!a} is not a bucket name.",
            "Give the plain name, without s3:// and without a path.",
        )
    return bucket


def _parse(
    config: StorageConfig, warn: Callable[[str], None]
) -> tuple[Provider, str | None, str | None, str | None]:
    """Provider, URL, region in the host, and bucket of a configured endpoint."""
    scheme, netloc, host, path = _split(str(config.endpoint_url).strip(), warn)
    fixed = _fix_host(host, config, warn)
    provider, region, host_bucket = find_provider(fixed)
    bucket = _agree(config.bucket, host_bucket, "host")
    if host_bucket:
        fixed = fixed.removeprefix(host_bucket + ".")
        warn(f"The bucket {host_bucket} was taken out of the endpoint's host.")
    bucket, path = _bucket_in_path(provider, bucket, path, warn)
    if provider is CUSTOM:
        return provider, f"{scheme}://{netloc}{path}", region, bucket
    if provider is AWS:
        return provider, None, region, bucket
    if scheme == "http":
        warn(f"https is used for {fixed} instead of http.")
    return provider, f"https://{fixed}", region, bucket


def _split(text: str, warn: Callable[[str], None]) -> tuple[str, str, str, str]:
    """Scheme, host with port, host, and path without a trailing slash."""
    if "://" not in text:
        scheme = "http" if _is_private(text.split("/")[0]) else "https"
        warn(f"The endpoint has no scheme; {scheme}:// is used.")
        text = f"{scheme}://{text}"
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError as exc:
        raise ConfigError("AWS_ENDPOINT_URL has no valid port.", "Use 1 to 65535.") from exc
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(
            "AWS_ENDPOINT_URL is not a URL of an S3 service.",
            "Use a form such as https://s3.us-west-004.backblazeb2.com.",
        )
    if parts.username or parts.query or parts.fragment:
        raise ConfigError(
            "AWS_ENDPOINT_URL holds more than a host and a path.",
            "Put the credentials into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    host = parts.hostname.rstrip(".")
    literal = f"[{host}]" if ":" in host else host
    return parts.scheme, f"{literal}:{port}" if port else literal, host, parts.path.rstrip("/")


def _is_private(netloc: str) -> bool:
    """True for hosts that rarely speak TLS: a single label, or a private or loopback address."""
    host = netloc.rsplit(":", 1)[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


def _fix_host(host: str, config: StorageConfig, warn: Callable[[str], None]) -> str:
    """`host` with the common mistakes corrected, each with a warning."""
    fixed = host.replace("backblaze-b2.com", "backblazeb2.com").replace(
        ".cdn.digitaloceanspaces.com", ".digitaloceanspaces.com"
    )
    if fixed.endswith("backblazeb2.com") and find_provider(fixed)[0] is CUSTOM:
        fixed = _complete_b2(fixed, config.region or "")
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
    hint = "Use https://s3.REGION.backblazeb2.com as shown beside the bucket (e.g. us-west-004)."
    if re.match(r"f\d{3}\Z", label):
        hint += f" {host} is the download host: it belongs into S3_PUBLIC_BASE_URL."
    raise ConfigError(f"AWS_ENDPOINT_URL: {host} does not name B2's region.", hint)


def _agree(configured: str | None, found: str | None, place: str) -> str | None:
    if configured and found and configured != found:
        raise ConfigError(
            f"S3_BUCKET={configured}, but the endpoint's {place} names the bucket {found}.",
            "Remove the bucket from AWS_ENDPOINT_URL.",
        )
    return configured or found


def _bucket_in_path(
    provider: Provider, bucket: str | None, path: str, warn: Callable[[str], None]
) -> tuple[str | None, str]:
    """Takes the bucket out of the endpoint's path; a custom endpoint may keep a path of its own."""
    if not path:
        return bucket, ""
    found = path.rsplit("/", 1)[1]
    if provider is CUSTOM and bucket and bucket != found:
        return bucket, path
    if provider is not CUSTOM and path.count("/") > 1:
        raise ConfigError(
            "AWS_ENDPOINT_URL has a path with several segments.",
            "Give the host alone; use S3_PREFIX for a folder inside the bucket.",
        )
    warn(f"The bucket {found} was taken out of the endpoint's path.")
    return _agree(bucket, found, "path"), path.rsplit("/", 1)[0]


def _choose_region(
    provider: Provider, found: str | None, config: StorageConfig, warn: Callable[[str], None]
) -> str:
    """The region to sign with: the host's, else the provider's fixed one, else the configured."""
    given = (config.region or "").strip()
    if provider.region == "auto":
        found = "auto"
    if found:
        if given and given.lower() != found.lower():
            warn(f"The region {found} of the endpoint is used, not the configured {given}.")
        return found
    region = given or provider.region
    if not region:
        raise ConfigError(
            f"The region of the {provider.name} endpoint is not known.", "Set S3_REGION."
        )
    return region
