"""The endpoints people bring along, and what becomes of them. No request is made here."""

from __future__ import annotations

import pytest

from errors import ConfigError
from storage.config import StorageConfig
from storage.s3.endpoints import Endpoint, resolve_endpoint
from storage.s3.providers import PROVIDERS, find_provider

B2 = "https://s3.us-west-004.backblazeb2.com"


def resolve(url: str | None, bucket: str | None = "voices", **more: object) -> Endpoint:
    return resolve_endpoint(StorageConfig(mode="s3", endpoint_url=url, bucket=bucket, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "typed",
    [
        "https://s3.us-west-004.backblazeb2.com/",
        "s3.us-west-004.backblazeb2.com",
        "http://s3.us-west-004.backblazeb2.com",
        "https://us-west-004.backblazeb2.com",
        "https://s3.us-west-004.backblaze-b2.com",
        "https://voices.s3.us-west-004.backblazeb2.com",
        "https://s3.us-west-004.backblazeb2.com/voices",
        "HTTPS://S3.US-WEST-004.BackblazeB2.com",
        "  https://s3.us-west-004.backblazeb2.com \n",
    ],
)
def test_every_way_to_write_b2(typed: str) -> None:
    found = resolve(typed)
    assert (found.url, found.region, found.bucket) == (B2, "us-west-004", "voices")
    assert found.addressing == "path"


@pytest.mark.parametrize("typed", ["https://s3.backblazeb2.com", "https://backblazeb2.com"])
def test_b2_without_region_takes_the_configured_one_or_asks(typed: str) -> None:
    assert resolve(typed, region="us-west-004").url == B2
    with pytest.raises(ConfigError, match="region"):
        resolve(typed)
    with pytest.raises(ConfigError, match="region"):
        resolve(typed, region="us-east-1")


def test_b2_download_host_is_told_apart() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve("https://f004.backblazeb2.com")
    assert "S3_PUBLIC_BASE_URL" in caught.value.hint


def test_the_region_of_the_host_wins_with_a_warning() -> None:
    found = resolve(B2, region="us-east-1")
    assert found.region == "us-west-004"
    assert any("us-east-1" in warning for warning in found.warnings)
    assert resolve(B2, region="us-west-004").warnings == ()


@pytest.mark.parametrize(
    ("url", "name", "region", "addressing"),
    [
        ("https://s3.eu-central-1.amazonaws.com", "aws", "eu-central-1", "virtual"),
        ("https://voices.s3.eu-west-1.amazonaws.com", "aws", "eu-west-1", "virtual"),
        ("https://0a1b.r2.cloudflarestorage.com", "r2", "auto", "path"),
        ("https://s3.eu-central-2.wasabisys.com", "wasabi", "eu-central-2", "path"),
        ("https://fra1.digitaloceanspaces.com", "spaces", "fra1", "path"),
        ("https://fra1.cdn.digitaloceanspaces.com", "spaces", "fra1", "path"),
        ("https://s3.fr-par.scw.cloud", "scaleway", "fr-par", "path"),
        ("https://s3api-eur-is-1.runpod.io", "runpod", "EUR-IS-1", "path"),
        ("https://storage.googleapis.com", "gcs", "auto", "path"),
        ("https://fsn1.your-objectstorage.com", "hetzner", "fsn1", "path"),
        ("http://minio:9000", "custom", "us-east-1", "path"),
        ("http://127.0.0.1:9000", "custom", "us-east-1", "path"),
        ("http://[::1]:9000", "custom", "us-east-1", "path"),
    ],
)
def test_providers(url: str, name: str, region: str, addressing: str) -> None:
    found = resolve(url)
    assert (found.provider.name, found.region, found.addressing) == (name, region, addressing)
    assert found.bucket == "voices"


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("localhost:9000", "http://localhost:9000"),
        ("10.0.0.5:9000", "http://10.0.0.5:9000"),
        ("minio.example.org", "https://minio.example.org"),
        ("http://localhost:9000/voices", "http://localhost:9000"),
        ("http://localhost:9000/s3", "http://localhost:9000/s3"),
    ],
)
def test_custom_endpoints(typed: str, url: str) -> None:
    assert resolve(typed).url == url


def test_the_bucket_may_come_from_the_endpoint_alone() -> None:
    assert resolve("https://voices.s3.us-west-004.backblazeb2.com", bucket=None).bucket == "voices"
    assert resolve("http://localhost:9000/voices", bucket=None).bucket == "voices"


def test_two_buckets_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="S3_BUCKET=voices"):
        resolve("https://other.s3.us-west-004.backblazeb2.com")


@pytest.mark.parametrize(
    "typed",
    ["ftp://s3.example.org", "https://", "https://u:p@s3.example.org", "https://s3.example.org?x=1",
     "https://s3.example.org:99999"],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused_without_repeating_secrets(typed: str) -> None:
    with pytest.raises(ConfigError, match="AWS_ENDPOINT_URL") as caught:
        resolve(typed)
    assert "u:p" not in str(caught.value.as_output())


@pytest.mark.parametrize("bucket", [None, "", "s3://voices", "voices/folder", "a b"])
def test_bucket_names(bucket: str | None) -> None:
    with pytest.raises(ConfigError):
        resolve(B2, bucket=bucket)


def test_a_bucket_with_dots_is_addressed_by_path() -> None:
    assert resolve(None, bucket="my.voices", region="eu-west-1").addressing == "path"


def test_the_addressing_style_can_be_forced() -> None:
    assert resolve(B2, addressing_style="virtual").addressing == "virtual"


def test_no_two_providers_share_a_host() -> None:
    hosts = [
        "s3.eu-central-1.amazonaws.com", "s3.us-west-004.backblazeb2.com",
        "0a1b.r2.cloudflarestorage.com", "s3.wasabisys.com", "fra1.digitaloceanspaces.com",
        "s3.fr-par.scw.cloud", "s3api-eur-is-1.runpod.io", "storage.googleapis.com",
        "fsn1.your-objectstorage.com", "eu-central-1.linodeobjects.com",
        "s3.gra.io.cloud.ovh.net", "t3.storage.dev",
    ]  # fmt: skip
    for host in hosts:
        assert sum(bool(provider.host.match(host)) for provider in PROVIDERS) == 1, host
    assert find_provider("evil-amazonaws.com.example.org")[0].name == "custom"
