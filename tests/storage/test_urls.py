"""How URLs look, which of them work over real HTTP, and when they stop working."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ConfigError, InvalidInput
from s3_utils import AddressingStyle, open_storage
from standins.s3server.server import DOMAIN, S3Server
from standins.waiting import PATIENCE_S
from storage.config import StorageConfig
from storage.s3.providers import CUSTOM, PROVIDERS
from storage.s3.store import S3Storage
from storage.s3.urls import encode_key
from tests.storage.test_endpoints import ASK_FOR_REGION, HOSTS


@pytest.mark.parametrize(
    ("bucket", "region", "endpoint", "base", "wanted"),
    [
        ("bkt", "us-east-1", "https://e.com", None, "https://e.com/bkt/output/a%20b.wav"),
        ("bkt", "us-east-1", "https://e.com/", None, "https://e.com/bkt/output/a%20b.wav"),
        ("bkt", "eu-west-1", None, None, "https://bkt.s3.eu-west-1.amazonaws.com/output/a%20b.wav"),
        ("bkt", "us-east-1", None, None, "https://bkt.s3.us-east-1.amazonaws.com/output/a%20b.wav"),
        ("b.c", "eu-west-1", None, None, "https://s3.eu-west-1.amazonaws.com/b.c/output/a%20b.wav"),
        ("b_c", "eu-west-1", None, None, "https://s3.eu-west-1.amazonaws.com/b_c/output/a%20b.wav"),
        ("bkt", "cn-north-1", None, None,
         "https://bkt.s3.cn-north-1.amazonaws.com.cn/output/a%20b.wav"),
        ("bkt", "x", "https://e.com", "https://cdn.io/f/", "https://cdn.io/f/output/a%20b.wav"),
        ("bkt", "x", "https://s3-fips.us-east-1.amazonaws.com", None,
         "https://bkt.s3-fips.us-east-1.amazonaws.com/output/a%20b.wav"),
        ("bkt", "x", "https://oss-eu-central-1.aliyuncs.com", None,
         "https://bkt.oss-eu-central-1.aliyuncs.com/output/a%20b.wav"),
        ("bkt", "x", "http://bkt.s3.local:9000", None,
         "http://bkt.s3.local:9000/output/a%20b.wav"),
    ],
)  # fmt: skip
def test_public_url(
    bucket: str, region: str, endpoint: str | None, base: str | None, wanted: str
) -> None:
    config = StorageConfig(
        mode="s3", bucket=bucket, region=region, endpoint_url=endpoint, public_base_url=base
    )
    assert S3Storage(config).url("output/a b.wav", "public").url == wanted


SLOW = pytest.mark.slow
TYPICAL = [None, "http://minio:9000", "http://127.0.0.1:9000", "https://e.com/s3"]
ENDPOINTS = TYPICAL + [f"https://{host}" for host, *_ in (*HOSTS, *ASK_FOR_REGION)]
STYLES: list[AddressingStyle] = ["auto", "path", "virtual"]
BUCKETS = ["voices", "my.voices", "my_voices", "MyVoices", "my-voices-2", "192.168.0.1", "ab"]
# All three with each other; of a row of the table each style with another bucket, usually one.
PLACES = [
    pytest.param(
        endpoint, style, bucket, marks=[SLOW] * (turn != row % 3 and endpoint not in TYPICAL)
    )
    for row, endpoint in enumerate(ENDPOINTS)
    for turn, style in enumerate(STYLES)
    for bucket in (BUCKETS if endpoint in TYPICAL else [BUCKETS[(2 * row + turn) % len(BUCKETS)]])
]
AWS_DOMAINS = {"cn-north-1": "amazonaws.com.cn", "eusc-de-east-1": "amazonaws.eu"}


def test_the_endpoints_below_are_of_every_provider() -> None:
    rows = {S3Storage(url_config(url)).describe()["provider"] for url in ENDPOINTS}
    assert rows == {row.name for row in (*PROVIDERS, CUSTOM)}


def url_config(endpoint: str | None, **more: Any) -> StorageConfig:
    config = StorageConfig(
        mode="s3",
        bucket="voices",
        endpoint_url=endpoint,
        region="eu-west-1",
        access_key_id="id",
        secret_access_key="secret",
    )
    return replace(config, **more)


@pytest.mark.parametrize(("endpoint", "style", "bucket"), PLACES)
def test_public_and_presigned_urls_agree_with_each_other_and_with_what_is_said(
    endpoint: str | None, style: AddressingStyle, bucket: str
) -> None:
    try:
        store = S3Storage(url_config(endpoint, bucket=bucket, addressing_style=style))
    except ConfigError as error:
        assert "s3-accelerate" in error.message  # which cannot have every bucket
        return
    key = "a b/ü+~.wav"
    kinds = store.url_kinds()
    urls = [store.url(key, kind).url for kind in kinds if kind != "none"]
    urls += [store.presign_put(key).url] if "presigned" in kinds else []
    shown = store.describe()
    base = str(shown["endpoint"])
    if not base.startswith("http"):
        region = str(shown["region"])
        base = f"https://s3.{region}.{AWS_DOMAINS.get(region, 'amazonaws.com')}"
    scheme, host = base.split("://")
    wanted = {"path": f"{base}/{bucket}", "virtual": f"{scheme}://{bucket}.{host}"}
    place = f"{wanted[str(shown['addressing'])]}/a%20b/%C3%BC%2B~.wav"
    assert [str(url).partition("?")[0] for url in urls] == [place] * len(urls)


@pytest.mark.parametrize("style", STYLES)
def test_requests_go_where_the_urls_point(
    s3_config: StorageConfig,
    s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    style: AddressingStyle,
) -> None:
    """Over HTTP, with the bucket in the host where that is asked for."""
    resolve_test_hosts(monkeypatch)
    port = urlsplit(s3_server.url).port
    for bucket, virtual in ((f"voices-{style}", style == "virtual"), (f"my_{style}", False)):
        s3_server.make_bucket(bucket)
        base = replace(s3_config, bucket=bucket, addressing_style=style)
        store = S3Storage(replace(base, endpoint_url=f"http://{DOMAIN}:{port}"))
        store.put("a b.wav", b"sound")
        host = f"{bucket}.{DOMAIN}:{port}" if virtual else f"{DOMAIN}:{port}"
        assert s3_server.requests[-1].headers["host"] == host
        for url in (store.url("a b.wav", "presigned").url, store.url("a b.wav", "public").url):
            assert urlsplit(str(url)).netloc == host
        assert fetch(str(store.url("a b.wav", "presigned").url)) == (200, b"sound")
        assert s3_server.raw_keys(bucket) == ["a b.wav"]


def test_a_bucket_in_an_unknown_host_does_not_become_part_of_the_keys(
    s3_config: StorageConfig, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_test_hosts(monkeypatch)
    s3_server.make_bucket("voices-3")
    endpoint = f"http://voices-3.{DOMAIN}:{urlsplit(s3_server.url).port}"
    store = S3Storage(replace(s3_config, bucket="voices-3", endpoint_url=endpoint))
    store.put("voices/a.wav", b"x")
    assert s3_server.raw_keys("voices-3") == ["voices/a.wav"]
    assert [item.key for item in store.list()] == ["voices/a.wav"]
    assert fetch(str(store.url("voices/a.wav", "presigned").url)) == (200, b"x")


def resolve_test_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's DNS: its domain and every host below it are this machine."""
    ask = socket.getaddrinfo

    def answer(host: str, *rest: Any, **more: Any) -> Any:
        return ask("127.0.0.1" if str(host).endswith(DOMAIN) else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_encoding_is_ascii_and_loses_nothing(key: str) -> None:
    encoded = encode_key(key)
    assert encoded.isascii() and not set(encoded) & set(" ?#&+\"'<>\\")
    assert unquote(encoded) == key


def fetch(url: str, data: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    method = "GET" if data is None else "PUT"
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize("key", ["a.wav", "voices/Zoë Ångström.wav", "a+b&c=d%20(e).wav"])
def test_a_presigned_url_gives_the_object_to_anyone(s3: S3Storage, key: str) -> None:
    s3.put(key, b"sound")
    before = datetime.now(UTC)
    link = s3.url(key, "presigned", expires_s=3600)
    after = datetime.now(UTC)
    assert link.url is not None and link.kind == "presigned" and link.expires_at is not None
    assert fetch(link.url) == (200, b"sound")
    signed = link.expires_at - timedelta(seconds=3600)
    assert before - timedelta(seconds=1) <= signed <= after  # whole seconds


def test_without_a_signature_the_object_is_refused(s3: S3Storage) -> None:
    s3.put("k", b"x")
    url = s3.url("k", "presigned").url
    assert url is not None
    assert fetch(url.partition("?")[0])[0] == 403
    assert fetch(url[:-4] + ("0000" if not url.endswith("0000") else "1111"))[0] == 403
    assert fetch(url.replace("/k?", "/other?"))[0] == 403


def test_an_expired_url_is_refused(s3: S3Storage, s3_server: S3Server) -> None:
    s3.put("k", b"x")
    url = s3.url("k", "presigned", expires_s=3600).url
    assert url is not None
    s3_server.faults.clock_offset_s = 3000.0  # that leaves ten minutes for the request
    assert fetch(url)[0] == 200
    s3_server.faults.clock_offset_s = 3602.0
    status, body = fetch(url)
    assert status == 403 and b"Request has expired" in body


def test_a_wrong_secret_signs_what_nobody_accepts(s3_config: StorageConfig, s3: S3Storage) -> None:
    s3.put("k", b"x")
    wrong = open_storage(replace(s3_config, secret_access_key="wrong"))
    status, body = fetch(str(wrong.url("k", "presigned").url))
    assert status == 403 and b"SignatureDoesNotMatch" in body


def test_the_url_is_signed_for_the_store_prefix(s3_config: StorageConfig) -> None:
    store = open_storage(replace(s3_config, prefix="tts"))
    store.put("k", b"x")
    url = str(store.url("k", "presigned").url)
    assert urlsplit(url).path.endswith("/tts/k")
    assert fetch(url) == (200, b"x")


def test_a_presigned_upload_stores_the_object(s3: S3Storage) -> None:
    link = s3.presign_put("voices/new.wav", content_type="audio/wav", expires_s=3600)
    assert link.url is not None and link.kind == "presigned" and link.expires_at is not None
    assert fetch(link.url, b"sound", **{"Content-Type": "audio/wav"})[0] == 200
    assert s3.get("voices/new.wav") == b"sound"
    assert s3.info("voices/new.wav").content_type == "audio/wav"


def test_a_presigned_upload_needs_the_signed_type_and_time(
    s3: S3Storage, s3_server: S3Server
) -> None:
    url = str(s3.presign_put("new.wav", content_type="audio/wav", expires_s=3600).url)
    assert fetch(url, b"x", **{"Content-Type": "text/html"})[0] == 403
    s3_server.faults.clock_offset_s = 3602.0
    assert fetch(url, b"x", **{"Content-Type": "audio/wav"})[0] == 403
    s3_server.faults.clock_offset_s = 0.0
    assert not s3.exists("new.wav")


def test_a_presigned_upload_asks_for_no_checksum(s3: S3Storage) -> None:
    for url in (s3.presign_put("k").url, s3.url("k", "presigned").url):
        assert "checksum" not in str(url).lower()


@pytest.mark.parametrize("expires_s", [0, 604_801, -5])
def test_lifetimes_s3_does_not_allow(s3: S3Storage, expires_s: int) -> None:
    with pytest.raises(InvalidInput):
        s3.presign_put("k", expires_s=expires_s)


def provider_store(endpoint: str, **more: str) -> S3Storage:
    return S3Storage(
        StorageConfig(
            mode="s3",
            bucket="voices",
            endpoint_url=endpoint,
            access_key_id="id",
            secret_access_key="secret",
            public_base_url=more.get("base"),
        )
    )


def test_r2_has_no_public_endpoint_url() -> None:
    with pytest.raises(ConfigError) as caught:
        provider_store("https://0a1b.r2.cloudflarestorage.com").url("k", "public")
    assert "S3_PUBLIC_BASE_URL" in caught.value.hint and "presigned" in caught.value.hint
    store = provider_store("https://0a1b.r2.cloudflarestorage.com", base="https://cdn.example.org")
    assert store.url("k", "public").url == "https://cdn.example.org/k"


def test_runpod_cannot_presign() -> None:
    store = provider_store("https://s3api-eur-is-1.runpod.io")
    for ask in (lambda: store.url("k", "presigned"), lambda: store.presign_put("k")):
        with pytest.raises(ConfigError, match="presigned"):
            ask()
    with pytest.raises(ConfigError) as caught:
        store.url("k", "public")
    assert "presigned" not in caught.value.hint


def test_aws_urls_name_bucket_and_region() -> None:
    config = StorageConfig(
        mode="s3", bucket="voices", region="eu-west-1", access_key_id="id", secret_access_key="s"
    )
    url = str(S3Storage(config).url("k", "presigned").url)
    assert url.startswith("https://voices.s3.eu-west-1.amazonaws.com/k?")
    assert "%2Feu-west-1%2Fs3%2F" in url


def test_an_aws_endpoint_in_the_environment_does_not_move_the_bucket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint = "https://s3.eu-west-1.amazonaws.com"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://s3.amazonaws.com")
    url = str(provider_store(endpoint).url("k", "presigned").url)
    assert url.startswith("https://voices.s3.eu-west-1.amazonaws.com/k?")
