"""What is known of each S3 provider: how its host names look and what it cannot do.

Facts from the providers' own documentation; "unverified" marks what was not read or tried.
Adding a provider is adding a row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Addressing = Literal["path", "virtual"]


@dataclass(frozen=True)
class Provider:
    """One provider. `host` matches an endpoint's host, lower case, without port.

    Groups of `host`: `bucket` if the bucket is part of the host, `region` if the region is.
    `region` is what to sign with when the host does not tell; None means it must be given.
    """

    name: str
    host: re.Pattern[str]
    console: str
    region: str | None = None
    addressing: Addressing = "path"
    upper_region: bool = False
    presigns: bool = True
    public_endpoint: bool = True


def _host(pattern: str) -> re.Pattern[str]:
    return re.compile(r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]*?)\.)?" + pattern + r"\Z")


AWS = Provider(
    "aws",
    _host(
        r"s3(?:-fips)?(?:[.-](?:dualstack\.)?(?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?"
    ),
    "aws s3api create-bucket, or the S3 console (https://console.aws.amazon.com/s3)",
    region="us-east-1",
    addressing="virtual",
)
B2 = Provider(
    "b2",
    _host(r"s3\.(?P<region>[a-z]{2}-[a-z]+-\d{3})\.backblazeb2\.com"),
    "Backblaze console, Buckets, Create a Bucket (https://secure.backblaze.com/b2_buckets.htm)",
)
PROVIDERS: tuple[Provider, ...] = (
    AWS,
    B2,
    Provider(
        "r2",  # https://developers.cloudflare.com/r2/api/s3/api: the region is "auto"
        _host(r"[0-9a-z]+(?:\.(?:eu|fedramp))?\.r2\.cloudflarestorage\.com"),
        "Cloudflare dashboard, R2 Object Storage, Create bucket",
        region="auto",
        public_endpoint=False,
    ),
    Provider(
        "wasabi",
        _host(r"s3(?:\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.wasabisys\.com"),
        "Wasabi console, Buckets, Create Bucket (https://console.wasabisys.com)",
        region="us-east-1",
    ),
    Provider(
        "spaces",  # DigitalOcean; signs with the datacentre's slug
        _host(r"(?P<region>[a-z]{3}\d)\.digitaloceanspaces\.com"),
        "DigitalOcean control panel, Spaces Object Storage, Create Bucket",
    ),
    Provider(
        "scaleway",
        _host(r"s3\.(?P<region>[a-z]{2}-[a-z]{3})\.scw\.cloud"),
        "Scaleway console, Object Storage, Create bucket",
    ),
    Provider(
        "runpod",  # https://docs.runpod.io/storage/s3-api: no presigned URLs; a bucket is a volume
        _host(r"s3api-(?P<region>[a-z0-9-]+)\.runpod\.io"),
        "RunPod console, Storage, New Network Volume; its id is the bucket's name",
        upper_region=True,
        presigns=False,
        public_endpoint=False,
    ),
    Provider(
        "gcs",  # unverified beyond its interoperability documentation
        _host(r"storage\.googleapis\.com"),
        "Google Cloud console, Cloud Storage, Create bucket",
        region="auto",
    ),
    Provider(
        "hetzner",  # unverified
        _host(r"(?P<region>[a-z]{3}\d)\.your-objectstorage\.com"),
        "Hetzner console, Object Storage, Create bucket",
    ),
    Provider(
        "linode",  # unverified
        _host(r"(?P<region>[a-z]{2}-[a-z]+-\d)\.linodeobjects\.com"),
        "Akamai Cloud Manager, Object Storage, Create Bucket",
    ),
    Provider(
        "ovh",  # unverified
        _host(r"s3\.(?P<region>[a-z]{2,3}(?:-[a-z]+)*)\.(?:io\.)?cloud\.ovh\.(?:net|us)"),
        "OVHcloud control panel, Object Storage, Create a container",
    ),
    Provider(
        "tigris",  # unverified
        _host(r"(?:t3\.storage\.dev|fly\.storage\.tigris\.dev)"),
        "Tigris dashboard, Create Bucket (https://console.tigris.dev)",
        region="auto",
    ),
)
CUSTOM = Provider(
    "custom",  # MinIO, Ceph, SeaweedFS, a proxy ...
    re.compile(r"(?!)"),
    "the service's console, or `mc mb` for MinIO",
    region="us-east-1",
)


def find_provider(host: str) -> tuple[Provider, str | None, str | None]:
    """The provider of `host`, the region and the bucket the host names (None if it does not)."""
    for provider in PROVIDERS:
        if match := provider.host.match(host):
            groups = match.groupdict()
            region = groups.get("region")
            if region and provider.upper_region:
                region = region.upper()
            return provider, region, groups.get("bucket")
    return CUSTOM, None, None
