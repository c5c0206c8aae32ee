"""Credentials of a machine's role: asked for again after a failure, and never promised to last
longer than they do. The services that give them are played by a local HTTP server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from errors import StorageDenied, StorageUnavailable
from s3_utils import open_storage
from standins.role_service import RoleService
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S
from storage.config import StorageConfig

WEEK_S = 604_800


@pytest.fixture
def role(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoleService]:
    """No keys, no files; what a test names in the environment is all there is."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0.01)  # not a second
    # Of botocore a second or two, which a busy machine may take to answer.
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.TIMEOUT_SECONDS", PATIENCE_S)
    monkeypatch.setenv("AWS_METADATA_SERVICE_TIMEOUT", str(int(PATIENCE_S)))
    monkeypatch.setattr("storage.s3.role._PROBE_S", PATIENCE_S)
    service = RoleService(s3_server)
    yield service
    service.close()


@pytest.fixture(params=["instance", "container"])
def kind(request: pytest.FixtureRequest, role: RoleService, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "instance":
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", role.url)
    else:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{role.url}/role")
    return str(request.param)


@pytest.fixture
def keyless(s3_config: StorageConfig) -> StorageConfig:
    return replace(s3_config, access_key_id=None, secret_access_key=None)


@pytest.mark.usefixtures("kind")
def test_a_role_signs_requests(keyless: StorageConfig, s3_server: S3Server) -> None:
    store = open_storage(keyless)
    store.put("k", b"x")
    assert store.get("k") == b"x"
    assert s3_server.requests[-1].headers["x-amz-security-token"] == "token"


@pytest.mark.usefixtures("kind")
def test_a_source_that_fails_once_is_asked_again_by_the_same_request(
    keyless: StorageConfig, role: RoleService
) -> None:
    role.answers = [500] * 4  # more than botocore's own tries
    store = open_storage(replace(keyless, max_attempts=6))
    store.put("k", b"x")
    assert store.get("k") == b"x"


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("verb", ["put", "url", "list"])
def test_credentials_that_failed_are_asked_for_again_by_the_next_request(
    keyless: StorageConfig, role: RoleService, verb: str
) -> None:
    store = open_storage(replace(keyless, max_attempts=1))
    verbs: dict[str, Any] = {
        "put": lambda: store.put("k", b"x"),
        "url": lambda: store.url("k", "presigned"),
        "list": lambda: list(store.list()),
    }
    role.answers = [500] * 200
    with pytest.raises(StorageUnavailable) as caught:
        verbs[verb]()
    assert caught.value.retryable
    role.answers = []
    verbs[verb]()


def test_a_machine_that_has_no_role_yet_is_asked_again(
    keyless: StorageConfig, role: RoleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", role.url)
    store = open_storage(replace(keyless, max_attempts=1))
    role.answers = [404] * 200
    with pytest.raises(StorageDenied, match="no usable credentials") as caught:
        store.get("k")
    assert not caught.value.retryable
    role.answers = []
    store.put("k", b"x")


def test_a_source_that_is_not_there_may_come_back(
    keyless: StorageConfig, role: RoleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")
    store = open_storage(replace(keyless, max_attempts=1))
    with pytest.raises(StorageUnavailable):
        store.get("k")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", role.url)
    store.put("k", b"x")


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'{"AccessKeyId": "a"}', b"[]", b"\xff\xfe"])
def test_nonsense_from_the_source_is_a_typed_passing_error(
    keyless: StorageConfig, role: RoleService, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{role.url}/role")
    store = open_storage(replace(keyless, max_attempts=1))
    role.answers = [answer] * 50
    for verb in (lambda: store.put("k", b"x"), lambda: store.url("k", "presigned")):
        with pytest.raises(StorageUnavailable, match="credentials"):
            verb()
    role.answers = []
    store.put("k", b"x")


def test_credentials_that_cannot_be_renewed_are_a_passing_fault(
    keyless: StorageConfig, role: RoleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{role.url}/role")
    store = open_storage(replace(keyless, max_attempts=1))
    role.life = timedelta(minutes=-1)  # out of date as soon as they are given
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="credentials"):
            store.put("k", b"x")
    role.life = timedelta(hours=1)
    store.put("k", b"x")


@pytest.mark.usefixtures("kind")
def test_no_url_is_promised_for_longer_than_the_credentials_live(
    keyless: StorageConfig, role: RoleService
) -> None:
    role.life = timedelta(minutes=20)
    store = open_storage(keyless)
    latest = datetime.now(UTC) + role.life
    for link in (store.url("k", "presigned", expires_s=WEEK_S), store.presign_put("k")):
        assert link.expires_at is not None
        assert latest - timedelta(seconds=60) < link.expires_at <= latest + timedelta(seconds=30)
        assert signed_life(str(link.url)) <= 20 * 60
    short = store.url("k", "presigned", expires_s=60)
    assert signed_life(str(short.url)) == 60


def test_renewed_credentials_promise_more_again(
    keyless: StorageConfig, role: RoleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{role.url}/role")
    role.life = timedelta(minutes=5)  # botocore renews what has less than ten minutes left
    store = open_storage(keyless)
    first = store.url("k", "presigned", expires_s=WEEK_S).expires_at
    role.life = timedelta(hours=6)
    then = store.url("k", "presigned", expires_s=WEEK_S).expires_at
    assert first is not None and then is not None
    assert then > first + timedelta(hours=5)


def test_a_session_token_whose_end_is_not_known_is_warned_about(s3_config: StorageConfig) -> None:
    bare = replace(s3_config, session_token="token")
    assert any("AWS_CREDENTIAL_EXPIRATION" in text for text in warnings(bare))
    assert warnings(s3_config) == []
    ends = datetime.now(UTC) + timedelta(minutes=30)
    known = replace(bare, credentials_end=ends)
    assert warnings(known) == []
    link = open_storage(known).url("k", "presigned", expires_s=WEEK_S)
    assert link.expires_at is not None and link.expires_at <= ends
    assert signed_life(str(link.url)) <= 30 * 60
    past = replace(bare, credentials_end=datetime.now(UTC) - timedelta(minutes=1))
    with pytest.raises(StorageDenied, match="expired"):
        open_storage(past).url("k", "presigned")


def test_keys_that_do_not_end_keep_the_life_that_was_asked_for(s3_config: StorageConfig) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    link = open_storage(s3_config).url("k", "presigned", expires_s=WEEK_S)
    assert link.expires_at is not None
    assert link.expires_at >= before + timedelta(seconds=WEEK_S)
    assert signed_life(str(link.url)) == WEEK_S


@pytest.mark.usefixtures("kind")
def test_public_urls_need_no_credentials(keyless: StorageConfig, role: RoleService) -> None:
    role.answers = [500] * 50
    assert open_storage(keyless).url("k", "public").url
    assert role.asked == 0


@pytest.mark.usefixtures("kind")
def test_with_keys_given_no_role_is_asked_for(s3_config: StorageConfig, role: RoleService) -> None:
    open_storage(s3_config).put("k", b"x")
    assert role.asked == 0


def signed_life(url: str) -> int:
    """Seconds that the URL itself says it lives."""
    return int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0])


def warnings(config: StorageConfig) -> list[str]:
    found = open_storage(config).describe()["warnings"]
    assert isinstance(found, list)
    return found
