"""From what people type as an endpoint to what the client needs.

Accepted: with or without scheme, the bucket inside the host or the path, `backblaze-b2.com`, a B2
host without `s3.`, the Spaces CDN host, AWS endpoints. The region in the host wins over a
configured one (a left-over AWS_REGION=us-east-1 would break every signature); each correction is a
warning. What cannot be corrected is a ConfigError naming the setting.

This is the only place that decides where the bucket goes: requests, presigned URLs and public URLs
follow `Endpoint.addressing`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from errors import ConfigError
from storage.config import StorageConfig
from storage.s3.hosts import Warn, fix_host, is_address, split_endpoint
from storage.s3.providers import AWS, CUSTOM, Addressing, Provider, find_provider

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
# A wildcard certificate covers one label, and a host has neither capitals nor underscores.
_BUCKET_IN_HOST = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\Z")


@dataclass(frozen=True)
class Endpoint:
    """A checked endpoint. `url` is None for AWS, whose host follows from the region."""

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


@dataclass(frozen=True)
class _Typed:
    """What an endpoint says by itself. `virtual`: the bucket stood in a host nobody knows."""

    provider: Provider = AWS
    url: str | None = None
    region: str | None = None
    bucket: str | None = None
    virtual: bool = False


def resolve_endpoint(config: StorageConfig) -> Endpoint:
    """Checks and completes bucket, endpoint, region and addressing of `config`. Raises ConfigError:
    no bucket, an endpoint that is not one, or one that contradicts the bucket."""
    warnings: list[str] = []
    typed = _parse(config, warnings.append)
    region = _choose_region(typed.provider, typed.region, config, warnings.append)
    bucket = _check_bucket(typed.bucket)
    addressing = _choose_addressing(typed, bucket, config, warnings.append)
    return Endpoint(typed.provider, typed.url, region, bucket, addressing, tuple(warnings))


def find_bucket(config: StorageConfig) -> str | None:
    """The bucket that `config` names, by itself or in its endpoint. Raises ConfigError: an endpoint
    that is not one, or one that contradicts the bucket."""
    return _parse(config, lambda _: None).bucket


def at_same_endpoint(config: StorageConfig, bucket: str) -> StorageConfig:
    """`config` for another bucket. The first one may be part of its endpoint: it is taken out.
    Raises ConfigError: `config` itself cannot be used."""
    if not find_bucket(config):
        return replace(config, bucket=bucket)
    first = resolve_endpoint(config)
    style = config.addressing_style
    if style == "auto" and first.addressing == "virtual":
        style = "virtual"
    return replace(
        config, bucket=bucket, endpoint_url=first.url, region=first.region, addressing_style=style
    )


def _check_bucket(bucket: str | None) -> str:
    if not bucket:
        raise ConfigError("No bucket is configured.", "Set S3_BUCKET, or STORAGE_MODE=local.")
    if not _BUCKET.match(bucket):
        raise ConfigError(
            f"S3_BUCKET={bucket!a} is not a bucket name.",
            "Give the plain name, without s3:// and without a path.",
        )
    return bucket


def _parse(config: StorageConfig, warn: Warn) -> _Typed:
    """What the configured endpoint says, if there is one, and the configured bucket."""
    text = (config.endpoint_url or "").strip()
    if not text:
        return _Typed(bucket=config.bucket)
    scheme, host, port, path = split_endpoint(text, warn)
    host = fix_host(host, config.region, warn)
    provider, region, found = find_provider(host)
    if provider is CUSTOM:
        return _parse_custom(scheme, host, port, path, config, warn)
    bucket = config.bucket
    if found:
        bucket = _agree(bucket, found, "host")
        host = host.removeprefix(found + ".")
        warn(f"The bucket {bucket} was taken out of the endpoint's host.")
    inside = path.removeprefix(provider.path).strip("/")
    if "/" in inside:
        raise ConfigError(
            "AWS_ENDPOINT_URL has a path with several segments.",
            "Give the host alone; use S3_PREFIX for a folder inside the bucket.",
        )
    if inside:
        bucket = _agree(bucket, inside, "path")
        warn(f"The bucket {bucket} was taken out of the endpoint's path.")
    if not path.startswith(provider.path):
        warn(f"{provider.path} was added to the endpoint: {provider.name} has its S3 API there.")
    if scheme == "http":
        warn(f"https is used for {host} instead of http.")
    url = f"https://{host}{port}{provider.path}" if provider.own_host or port else None
    return _Typed(provider, url, region, bucket)


def _parse_custom(
    scheme: str, host: str, port: str, path: str, config: StorageConfig, warn: Warn
) -> _Typed:
    """The same for a host that is not in the table; it may have a path of its own."""
    bucket = config.bucket
    before, _, last = path.rpartition("/")
    if last and bucket in {None, "", last}:
        bucket, path = last, before
        warn(f"The bucket {bucket} was taken out of the endpoint's path.")
    rest = host.removeprefix(f"{(bucket or '').lower()}.")
    # https://example.com with a bucket named example is the server's own name.
    in_host = rest != host and not is_address(host) and ("." in rest or port or scheme == "http")
    if in_host and config.addressing_style == "path":
        warn(f"{host} begins with the bucket's name, and is used as it is: path style is set.")
    elif in_host:
        warn(
            f"The bucket {bucket} was taken out of the endpoint's host, where requests will put it "
            f"again. If {host} is the server's own name, set S3_ADDRESSING_STYLE=path."
        )
        return _Typed(CUSTOM, f"{scheme}://{rest}{port}{path}", None, bucket, virtual=True)
    shown = f"[{host}]" if ":" in host else host
    return _Typed(CUSTOM, f"{scheme}://{shown}{port}{path}", None, bucket)


def _agree(configured: str | None, found: str, place: str) -> str:
    """The configured bucket, which a host names in lower case, or else the one found."""
    if configured and configured != found:
        if place == "host" and configured.lower() == found:
            return configured
        raise ConfigError(
            f"S3_BUCKET={configured}, but the endpoint's {place} names the bucket {found}.",
            "Remove the bucket from AWS_ENDPOINT_URL.",
        )
    return found


def _choose_addressing(typed: _Typed, bucket: str, config: StorageConfig, warn: Warn) -> Addressing:
    """Whether the bucket goes into the host or the path of every request and URL."""
    style = config.addressing_style
    asked = style if style != "auto" else "virtual" if typed.virtual else typed.provider.addressing
    host = urlsplit(typed.url).hostname if typed.url else None
    possible = bool(_BUCKET_IN_HOST.match(bucket)) and not (host and is_address(host))
    if typed.provider.virtual_only and (asked == "path" or not possible):
        raise ConfigError(
            f"{typed.url} needs the bucket in the host, which {bucket} or S3_ADDRESSING_STYLE "
            "does not allow.",
            "Use the provider's other endpoint.",
        )
    if asked == "virtual" and not possible:
        if style == "virtual" or typed.virtual:
            warn(f"{bucket} cannot be part of the endpoint's host: it goes into the path.")
        return "path"
    return asked


def _choose_region(provider: Provider, found: str | None, config: StorageConfig, warn: Warn) -> str:
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
