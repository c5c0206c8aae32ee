"""The endpoints people bring along, and what becomes of them. No request is made here."""

from __future__ import annotations

import pytest

from errors import ConfigError
from s3_utils import Buckets
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
    [
        "ftp://s3.example.org",
        "https://",
        "https://u:p@s3.example.org",
        "https://s3.example.org?x=1",
        "https://s3.example.org:99999",
        "https://[::1",
        "[]",
        "http://[s3]/bucket",
    ],
)
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


# Host, provider and region, as the providers list them.
HOSTS = [
    ("s3.amazonaws.com", "aws", "us-east-1"),
    ("s3.eu-central-1.amazonaws.com", "aws", "eu-central-1"),
    ("s3-eu-west-1.amazonaws.com", "aws", "eu-west-1"),
    ("s3-external-1.amazonaws.com", "aws", "us-east-1"),
    ("s3.cn-north-1.amazonaws.com.cn", "aws", "cn-north-1"),
    ("s3.us-gov-west-1.amazonaws.com", "aws", "us-gov-west-1"),
    ("s3.eusc-de-east-1.amazonaws.eu", "aws", "eusc-de-east-1"),
    ("s3-fips.us-east-2.amazonaws.com", "aws", "us-east-2"),
    ("s3.dualstack.eu-west-1.amazonaws.com", "aws", "eu-west-1"),
    ("s3-fips.dualstack.us-east-1.amazonaws.com", "aws", "us-east-1"),
    ("bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com", "aws", "us-east-1"),
    ("s3.us-west-004.backblazeb2.com", "b2", "us-west-004"),
    ("0a1b.r2.cloudflarestorage.com", "r2", "auto"),
    ("0a1b.eu.r2.cloudflarestorage.com", "r2", "auto"),
    ("s3.wasabisys.com", "wasabi", "us-east-1"),
    ("s3.eu-central-2.wasabisys.com", "wasabi", "eu-central-2"),
    ("fra1.digitaloceanspaces.com", "spaces", "fra1"),
    ("s3.fr-par.scw.cloud", "scaleway", "fr-par"),
    ("s3api-eur-is-1.runpod.io", "runpod", "EUR-IS-1"),
    ("storage.googleapis.com", "gcs", "auto"),
    ("fsn1.your-objectstorage.com", "hetzner", "fsn1"),
    ("eu-central-1.linodeobjects.com", "linode", "eu-central-1"),
    ("us-iad-10.linodeobjects.com", "linode", "us-iad-10"),
    ("s3.gra.io.cloud.ovh.net", "ovh", "gra"),
    ("s3.eu-west-par.io.cloud.ovh.net", "ovh", "eu-west-par"),
    ("t3.storage.dev", "tigris", "auto"),
    ("fly.storage.tigris.dev", "tigris", "auto"),
    ("eu2.contabostorage.com", "contabo", "eu2"),
    ("gateway.storjshare.io", "storj", "us-east-1"),
    ("gateway.eu1.storjshare.io", "storj", "us-east-1"),
    ("oss-eu-central-1.aliyuncs.com", "oss", "eu-central-1"),
    ("s3.oss-cn-hangzhou-internal.aliyuncs.com", "oss", "cn-hangzhou"),
    ("cos.eu-frankfurt.myqcloud.com", "cos", "eu-frankfurt"),
    ("s3.cubbit.eu", "cubbit", "eu-west-1"),
    ("objects-us-east-1.dream.io", "dreamhost", "us-east-1"),
    ("sos-ch-gva-2.exo.io", "exoscale", "ch-gva-2"),
    ("us-east.object.fastlystorage.app", "fastly", "us-east"),
    ("s3.filebase.com", "filebase", "us-east-1"),
    ("s-ed1.cloud.gcore.lu", "gcore", "s-ed1"),
    ("s3.private.us-south.cloud-object-storage.appdomain.cloud", "ibm", "us-south"),
    ("s3.fra.eu.cloud-object-storage.appdomain.cloud", "ibm", "eu"),
    ("c8q1.va03.idrivee2-84.com", "idrive", "us-east-1"),
    ("eu-central-2.storage.impossibleapi.net", "impossible", "eu-central-2"),
    ("s3.eu-central-3.ionoscloud.com", "ionos", "eu-central-3"),
    ("s3.us-west-1.me.lyve.seagate.com", "lyve", "us-west-1"),
    ("br-se1.magaluobjects.com", "magalu", "br-se1"),
    ("s3.eu-paris-1.megas4.com", "mega", "eu-paris-1"),
    ("storage.eu-north1.nebius.cloud", "nebius", "eu-north1"),
    ("obs.eu-west-101.myhuaweicloud.com", "obs", "eu-west-101"),
    ("axn3.compat.objectstorage.eu-zurich-1.oraclecloud.com", "oracle", "eu-zurich-1"),
    ("oos.eu-west-2.outscale.com", "outscale", "eu-west-2"),
    ("s3.ru-7.storage.selcloud.ru", "selectel", "ru-7"),
    ("eu-002.s3.synologyc2.net", "synology", "eu-002"),
    ("abc12.upcloudobjects.com", "upcloud", "us-east-1"),
    ("me.uk-lon1.upcloudobjects.com", "upcloud", "us-east-1"),
    ("ewr1.vultrobjects.com", "vultr", "ewr1"),
    ("storage.yandexcloud.net", "yandex", "ru-central1"),
]
# Hosts that do not name their region, and providers that want none of another.
ASK_FOR_REGION = [
    ("s3-accelerate.amazonaws.com", "aws"),
    ("s3-accelerate.dualstack.amazonaws.com", "aws"),
    ("oss-accelerate.aliyuncs.com", "oss"),
    ("cos.accelerate.myqcloud.com", "cos"),
    ("cwobject.com", "coreweave"),
    ("abcdefghijklmnopqrst.supabase.co", "supabase"),
    ("abcdefghijklmnopqrst.storage.supabase.co", "supabase"),
]


def test_the_hosts_below_are_of_every_provider() -> None:
    listed = {name for _, name, _ in HOSTS} | {name for _, name in ASK_FOR_REGION}
    assert listed == {provider.name for provider in PROVIDERS}


@pytest.mark.parametrize(("host", "name", "region"), HOSTS, ids=[host for host, *_ in HOSTS])
def test_provider_region_and_bucket_are_found_in_every_host(
    host: str, name: str, region: str
) -> None:
    plain = resolve(f"https://{host}")
    assert (plain.provider.name, plain.region, plain.warnings) == (name, region, ())
    assert plain.url in {f"https://{host}", None}  # AWS's plain host follows from the region
    for bucket in ("voices", "my.voices"):
        for typed in (f"https://{bucket}.{host}", f"https://{host}/{bucket}"):
            for configured in (None, bucket):
                found = resolve(typed, bucket=configured)
                assert (found.bucket, found.url, found.region) == (bucket, plain.url, region)
                assert any(bucket in warning for warning in found.warnings)
    with pytest.raises(ConfigError, match="S3_BUCKET=other"):
        resolve(f"https://voices.{host}", bucket="other")


@pytest.mark.parametrize(("host", "name"), ASK_FOR_REGION)
def test_a_host_without_a_region_needs_the_configured_one(host: str, name: str) -> None:
    found = resolve(f"https://voices.{host}", bucket=None, region="eu-west-1")
    assert (found.provider.name, found.bucket, found.region) == (name, "voices", "eu-west-1")
    with pytest.raises(ConfigError, match="region"):
        resolve(f"https://{host}")


def test_no_two_providers_share_a_host() -> None:
    for host in [host for host, *_ in (*HOSTS, *ASK_FOR_REGION)]:
        for full in (host, f"voices.{host}"):
            assert sum(bool(row.host.match(full)) for row in PROVIDERS) == 1, full
    assert find_provider("evil-amazonaws.com.example.org")[0].name == "custom"
    assert find_provider("s3.us-west-004.backblazeb2.com.example.org")[0].name == "custom"


@pytest.mark.parametrize(
    "host",
    [
        "s3-fips.us-east-1.amazonaws.com",
        "s3.dualstack.eu-west-1.amazonaws.com",
        "s3-fips.dualstack.us-east-1.amazonaws.com",
        "s3-accelerate.amazonaws.com",
        "s3-accelerate.dualstack.amazonaws.com",
        "vpce-1a-2b.s3.us-east-1.vpce.amazonaws.com",
    ],
)
def test_a_host_of_aws_that_was_chosen_on_purpose_is_kept(host: str) -> None:
    for typed in (f"https://{host}", f"https://voices.{host}", f"https://{host}/voices"):
        found = resolve(typed, region="eu-west-1")
        assert (found.url, found.addressing) == (f"https://{host}", "virtual")


def test_acceleration_needs_the_bucket_in_the_host() -> None:
    for more in ({"bucket": "my.voices"}, {"addressing_style": "path"}):
        with pytest.raises(ConfigError, match="s3-accelerate"):
            resolve("https://s3-accelerate.amazonaws.com", region="eu-west-1", **more)


@pytest.mark.parametrize(
    "host",
    [
        "f004.backblazeb2.com",
        "pub-0a1b.r2.dev",
        "d111.cloudfront.net",
        "voices.s3-website-eu-west-1.amazonaws.com",
        "voices.s3-website.eu-central-1.amazonaws.com",
        "point-123.s3-accesspoint.eu-west-1.amazonaws.com",
        "s3express-use1-az4.us-east-1.amazonaws.com",
        "123.s3-control.us-east-1.amazonaws.com",
    ],
)
def test_what_is_never_an_endpoint_is_refused_by_name(host: str) -> None:
    with pytest.raises(ConfigError, match="is not an S3 endpoint") as caught:
        resolve(f"https://{host}")
    assert host in caught.value.message and caught.value.hint


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://voices.s3.local:19113", "http://s3.local:19113"),
        ("https://voices.s3.example.com", "https://s3.example.com"),
        ("https://VOICES.minio.example.com/", "https://minio.example.com"),
        ("http://voices.localhost:9000", "http://localhost:9000"),
        ("http://voices.minio:9000/voices", "http://minio:9000"),
        ("https://voices.s3.example.com/gateway", "https://s3.example.com/gateway"),
    ],
)
def test_the_bucket_is_found_in_the_host_of_a_service_nobody_knows(typed: str, url: str) -> None:
    found = resolve(typed)
    assert (found.url, found.bucket, found.addressing) == (url, "voices", "virtual")
    assert any("S3_ADDRESSING_STYLE=path" in warning for warning in found.warnings)


@pytest.mark.parametrize("bucket", ["my.voices", "my_voices", "MyVoices"])
def test_a_bucket_that_fits_no_host_is_taken_out_of_it_for_good(bucket: str) -> None:
    found = resolve(f"https://{bucket}.s3.example.com", bucket=bucket)
    assert (found.url, found.bucket) == ("https://s3.example.com", bucket)
    assert found.addressing == "path"


@pytest.mark.parametrize(
    ("typed", "more"),
    [
        ("https://voices.example.com", {"addressing_style": "path"}),
        ("https://voices.com", {}),
        ("https://voices2.example.com", {}),
        ("http://10.0.0.5:9000", {"bucket": "10"}),
    ],
)
def test_a_server_whose_own_name_begins_with_the_bucket_is_left_alone(
    typed: str, more: dict[str, str]
) -> None:
    found = resolve(typed, **more)
    assert (found.url, found.addressing) == (typed, "path")


def test_a_port_is_kept_unless_it_says_nothing() -> None:
    assert resolve(f"{B2}:8443").url == f"{B2}:8443"
    assert resolve(f"{B2}:443").url == B2
    assert resolve("http://minio:80").url == "http://minio"


def test_the_path_of_a_services_api_is_not_a_bucket() -> None:
    host = "https://abcdefghijklmnopqrst.storage.supabase.co"
    for typed in (f"{host}/storage/v1/s3", f"{host}/storage/v1/s3/voices", host):
        found = resolve(typed, region="eu-west-1")
        assert (found.url, found.bucket) == (f"{host}/storage/v1/s3", "voices")


@pytest.mark.parametrize(
    ("endpoint", "style"),
    [
        ("https://voices.s3.us-west-004.backblazeb2.com", "path"),
        ("https://voices.s3.eu-west-1.amazonaws.com", "virtual"),
        ("http://voices.s3.example.com", "virtual"),
        ("http://minio:9000/voices", "path"),
        (B2, "path"),
        (None, "virtual"),
    ],
)
def test_other_buckets_are_found_beside_the_one_in_the_endpoint(
    endpoint: str | None, style: str
) -> None:
    config = StorageConfig(
        mode="s3",
        endpoint_url=endpoint,
        bucket="voices",
        region="eu-west-1",
        access_key_id="id",
        secret_access_key="secret",
    )
    own = resolve_endpoint(config)
    store, key = Buckets(config).at("s3://models/base.safetensors")
    shown = store.describe()
    assert (shown["bucket"], shown["endpoint"], key) == ("models", own.label, "base.safetensors")
    assert (shown["addressing"], shown["region"]) == (style, own.region)
