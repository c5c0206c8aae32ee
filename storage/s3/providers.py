"""What is known of each S3 provider: how its host names look and what it cannot do.

Facts from the providers' own documentation; "unverified" marks what was not read or tried. Adding a
provider is adding a row. It is worth one where the host names the region or the bucket, or where
something does not work that usually does.
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
    `region` is what to sign with when the host does not tell; None means it must be given. `path`
    is the path of the S3 API on that host. `own_host` False means that the host follows from the
    region, so that any of its spellings will do. `conditional`: it may know `If-None-Match: *` of
    an upload (where it does not, it says so or ignores it).
    """

    name: str
    host: re.Pattern[str]
    console: str
    region: str | None = None
    addressing: Addressing = "path"
    path: str = ""
    own_host: bool = True
    virtual_only: bool = False
    upper_region: bool = False
    presigns: bool = True
    public_endpoint: bool = True
    conditional: bool = False


def _row(name: str, pattern: str, console: str = "", **facts: object) -> Provider:
    """A provider; `pattern` is its host without a bucket before it, `{region}` a label or a part of
    one."""
    region = "(?P<region>[a-z0-9]+(?:-[a-z0-9]+)*)"
    bucket = r"(?:(?P<bucket>[a-z0-9][a-z0-9._-]*?)\.)??"
    host = re.compile(bucket + pattern.replace("{region}", region) + r"\Z")
    where = console or f"the console of the provider ({name})"
    return Provider(name, host, where, **facts)  # type: ignore[arg-type]


_AWS_REGION = r"(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d)"
_AWS_DOMAIN = r"\.amazonaws\.(?:com(?:\.cn)?|eu)"
_AWS_CONSOLE = "aws s3api create-bucket, or the S3 console (https://console.aws.amazon.com/s3)"
AWS = _row(
    "aws",
    rf"s3(?:-external-1|[.-]{_AWS_REGION})?{_AWS_DOMAIN}",
    _AWS_CONSOLE,
    region="us-east-1",
    addressing="virtual",
    own_host=False,
    conditional=True,
)
PROVIDERS: tuple[Provider, ...] = (
    AWS,
    _row(
        "aws",  # dual-stack (IPv6), FIPS and private hosts: chosen on purpose, so they are kept
        r"(?:(?:s3|s3-fips)\.dualstack\.|s3-fips[.-]|(?:bucket\.)?vpce-[a-z0-9-]+\.s3\.)"
        rf"{_AWS_REGION}(?:\.vpce)?{_AWS_DOMAIN}",
        _AWS_CONSOLE,
        addressing="virtual",
        conditional=True,
    ),
    _row(
        "aws",  # Transfer Acceleration: the bucket is always in the host, the region never
        rf"s3-accelerate(?:\.dualstack)?{_AWS_DOMAIN}",
        _AWS_CONSOLE,
        addressing="virtual",
        virtual_only=True,
        conditional=True,
    ),
    _row(
        "b2",
        r"s3\.(?P<region>[a-z]{2}-[a-z]+-\d{3})\.backblazeb2\.com",
        "Backblaze console, Buckets, Create a Bucket (https://secure.backblaze.com/b2_buckets.htm)",
    ),
    _row(
        "r2",  # https://developers.cloudflare.com/r2/api/s3/api: the region is "auto"
        r"[0-9a-z]+(?:\.(?:eu|us|fedramp))?\.r2\.cloudflarestorage\.com",
        "Cloudflare dashboard, R2 Object Storage, Create bucket",
        region="auto",
        public_endpoint=False,
        conditional=True,
    ),
    _row(
        "wasabi",
        r"s3(?:\.{region})?\.wasabisys\.com",
        "Wasabi console, Buckets, Create Bucket (https://console.wasabisys.com)",
        region="us-east-1",
    ),
    _row(
        "spaces",  # DigitalOcean; signs with the datacentre's slug
        r"(?P<region>[a-z]{3}\d)\.digitaloceanspaces\.com",
        "DigitalOcean control panel, Spaces Object Storage, Create Bucket",
    ),
    _row(
        "scaleway", r"s3\.{region}\.scw\.cloud", "Scaleway console, Object Storage, Create bucket"
    ),
    _row(
        "runpod",  # https://docs.runpod.io/storage/s3-api: no presigned URLs; a bucket is a volume
        r"s3api-{region}\.runpod\.io",
        "RunPod console, Storage, New Network Volume; its id is the bucket's name",
        upper_region=True,
        presigns=False,
        public_endpoint=False,
    ),
    _row(
        "gcs",  # unverified beyond its interoperability documentation
        r"storage\.googleapis\.com",
        "Google Cloud console, Cloud Storage, Create bucket",
        region="auto",
    ),
    _row(
        "contabo",  # no virtual hosts; public URLs need the tenant's id before the bucket
        r"(?P<region>[a-z]{2,3}\d)\.contabostorage\.com",
        "Contabo customer panel, Object Storage, Create bucket",
        public_endpoint=False,
    ),
    _row(
        "supabase",  # its S3 API answers signed requests only
        r"[a-z0-9]{20}(?:\.storage)?\.supabase\.co",
        "Supabase dashboard, Storage, New bucket",
        path="/storage/v1/s3",
        public_endpoint=False,
    ),
    _row(
        "storj",  # its S3 gateway answers signed requests only; public links are on another host
        r"gateway(?:\.[a-z0-9]+)?\.storjshare\.io",
        "Storj console, Buckets, New Bucket",
        region="us-east-1",
        public_endpoint=False,
    ),
    _row(
        "oss",  # Alibaba; refuses path style; read in its documentation on AWS SDKs
        r"(?:s3\.)?oss-(?:accelerate(?:-overseas)?|(?P<region>[a-z0-9-]+?)(?:-internal)?)"
        r"\.aliyuncs\.com",
        "Alibaba Cloud console, Object Storage Service, Create Bucket",
        addressing="virtual",
    ),
    # What follows is unverified: hosts as the providers list them.
    _row(
        "hetzner",
        r"(?P<region>[a-z]{3}\d)\.your-objectstorage\.com",
        "Hetzner console, Object Storage, Create bucket",
    ),
    _row(
        "linode",
        r"(?P<region>[a-z]{2}-[a-z]+-\d+)\.linodeobjects\.com",
        "Akamai Cloud Manager, Object Storage, Create Bucket",
    ),
    _row(
        "ovh",
        r"s3\.{region}\.(?:(?:io|perf)\.)?cloud\.ovh\.(?:net|us)",
        "OVHcloud control panel, Object Storage, Create a container",
    ),
    _row(
        "tigris",
        r"(?:t3\.storage\.dev|t3\.storageapi\.dev|fly\.storage\.tigris\.dev)",
        "Tigris dashboard, Create Bucket (https://console.tigris.dev)",
        region="auto",
    ),
    _row("cos", r"cos\.(?:accelerate|{region})\.myqcloud\.com", addressing="virtual"),
    _row("coreweave", r"cwobject\.com", addressing="virtual"),
    _row("cubbit", r"s3\.cubbit\.eu", region="eu-west-1"),
    _row("dreamhost", r"(?:objects-|s3\.){region}\.dream\.io"),
    _row("exoscale", r"sos-{region}\.exo\.io"),
    _row("fastly", r"{region}\.object\.fastlystorage\.app"),
    _row("filebase", r"s3\.filebase\.(?:com|io)", region="us-east-1"),
    _row("gcore", r"{region}\.cloud\.gcore\.lu"),
    _row(
        "ibm",
        r"s3\.(?:(?:private|direct)\.)?(?:[a-z]{3}\.)?{region}\.cloud-object-storage"
        r"\.appdomain\.cloud",
    ),
    _row("idrive", r"[a-z0-9]{4}\.[a-z]{2,4}\d*\.idrivee2-\d+\.com", region="us-east-1"),
    _row("impossible", r"{region}\.storage\.impossibleapi\.net"),
    _row("ionos", r"s3[.-]{region}\.ionoscloud\.com"),
    _row("lyve", r"s3\.{region}\.(?:[a-z0-9-]+\.lyve|lyvecloud)\.seagate\.com"),
    _row("magalu", r"{region}\.magaluobjects\.com"),
    _row("mega", r"s3\.{region}\.(?:megas4\.com|s4\.mega\.io)"),
    _row("nebius", r"storage\.{region}\.nebius\.cloud"),
    _row("obs", r"obs\.{region}\.myhuaweicloud\.com", addressing="virtual"),
    _row(
        "oracle",
        r"[a-z0-9]+\.compat\.objectstorage\.{region}\.(?:oraclecloud|oci\.customer-oci)\.com",
    ),
    _row("outscale", r"oos\.{region}\.outscale\.com"),
    _row("selectel", r"s3\.{region}\.storage\.selcloud\.ru"),
    _row("synology", r"{region}\.s3\.synologyc2\.net"),
    _row(
        "upcloud",
        r"(?:[a-z0-9-]+\.[a-z]{2}-[a-z]{3}\d|[a-z0-9]{5})\.upcloudobjects\.com",
        region="us-east-1",
    ),
    _row("vultr", r"(?P<region>[a-z]{3}\d+)\.vultrobjects\.com"),
    _row("yandex", r"storage\.yandexcloud\.net", region="ru-central1"),
)
CUSTOM = Provider(
    "custom",  # MinIO, Ceph, SeaweedFS, a proxy ...
    re.compile(r"(?!)"),
    "the service's console, or `mc mb` for MinIO",
    region="us-east-1",
    conditional=True,
)
# Hosts that look like an endpoint and never are: what they are, and what to do instead.
NOT_ENDPOINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?:.*\.)?(?:r2\.dev|cloudfront\.net|b-cdn\.net)|f\d{3}\.backblazeb2\.com"),
        "It serves files to everybody: it belongs into S3_PUBLIC_BASE_URL.",
    ),
    (
        re.compile(
            r"(?:.*\.)?s3(?:express|-(?:website|accesspoint|object-lambda|outposts|control))"
            rf"(?:-[a-z0-9-]+)?(?:\.[a-z0-9-]+)*{_AWS_DOMAIN}"
        ),
        "Websites, access points and directory buckets of AWS are not supported: leave "
        "AWS_ENDPOINT_URL unset and set AWS_REGION.",
    ),
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
