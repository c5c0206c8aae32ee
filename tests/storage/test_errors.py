"""Every cause of failure has its own error and a hint; over real HTTP where a server decides."""

from __future__ import annotations

import errno
import inspect
from collections.abc import Callable
from dataclasses import replace

import botocore.exceptions
import pytest

from errors import (
    BucketNotFound,
    ConfigError,
    ObjectNotFound,
    StorageDenied,
    StorageError,
    StorageFull,
    StorageUnavailable,
    WorkerError,
)
from s3_utils import Storage, open_storage
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from storage.config import StorageConfig
from storage.files import translate_os_error
from storage.s3.error_table import CODES
from storage.s3.errors import Where, meaning_of_class, translate
from storage.s3.store import S3Storage

WHERE = Where("download", "bucket", "key", "http://endpoint", "us-east-1", "Create it.")
Verb = Callable[[Storage], object]
VERBS: dict[str, Verb] = {
    "put": lambda s: s.put("k", b"x"),
    "get": lambda s: s.get("k"),
    "info": lambda s: s.info("k"),
    "exists": lambda s: s.exists("k"),
    "delete": lambda s: s.delete("k"),
    "list": lambda s: list(s.list()),
    "ensure_bucket": lambda s: s.ensure_bucket(),
}
each_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())


def botocore_errors() -> list[type[Exception]]:
    """Every class that is told apart as such: the root is never raised, and a ClientError of any
    kind has the service's code."""
    found = [
        kind
        for _, kind in inspect.getmembers(botocore.exceptions, inspect.isclass)
        if issubclass(kind, Exception)
        and not issubclass(kind, (Warning, botocore.exceptions.ClientError))
        and kind.__module__ == "botocore.exceptions"
        and kind is not botocore.exceptions.BotoCoreError
    ]
    assert len(found) > 80
    return found


@pytest.mark.parametrize("kind", botocore_errors(), ids=lambda kind: kind.__name__)
def test_every_class_of_botocore_has_a_meaning(kind: type[Exception]) -> None:
    assert meaning_of_class(kind) is not None


@pytest.mark.parametrize("code", CODES)
def test_every_service_code_gives_its_error(code: str) -> None:
    response = {
        "Error": {"Code": code, "Message": "said"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    error = translate(botocore.exceptions.ClientError(response, "GetObject"), WHERE)
    assert type(error) is CODES[code].error
    assert "bucket/key" in error.message


def test_an_unknown_code_follows_its_status() -> None:
    for status, kind in {503: StorageUnavailable, 403: StorageDenied, 418: StorageError}.items():
        response = {
            "Error": {"Code": "New", "Message": ""},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        assert type(translate(botocore.exceptions.ClientError(response, "X"), WHERE)) is kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EROFS, StorageDenied),
        (errno.ENOENT, ObjectNotFound),
        (errno.EIO, StorageUnavailable),
    ],
)
def test_disk_errors(number: int, kind: type[WorkerError]) -> None:
    assert type(translate_os_error(OSError(number, "x"), "k")) is kind


@each_verb
def test_wrong_secret(s3_config: StorageConfig, verb: Verb) -> None:
    store = open_storage(replace(s3_config, secret_access_key="wrong-secret-value"))
    with pytest.raises(StorageDenied, match=r"\[SignatureDoesNotMatch\]") as caught:
        verb(store)
    assert "AWS_SECRET_ACCESS_KEY" in caught.value.hint
    assert "wrong-secret-value" not in str(caught.value.as_output())


@each_verb
def test_unknown_key_id(s3_config: StorageConfig, verb: Verb) -> None:
    with pytest.raises(StorageDenied, match=r"\[InvalidAccessKeyId\]") as caught:
        verb(open_storage(replace(s3_config, access_key_id="NOBODY")))
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


@each_verb
@pytest.mark.parametrize("offset", [3600.0, -3600.0])
def test_wrong_clock(s3: S3Storage, s3_server: S3Server, verb: Verb, offset: float) -> None:
    s3_server.faults.clock_offset_s = offset
    with pytest.raises(StorageDenied, match=r"\[RequestTimeTooSkewed\]") as caught:
        verb(s3)
    assert "clock" in caught.value.hint


@each_verb
def test_wrong_region(s3_config: StorageConfig, s3_server: S3Server, verb: Verb) -> None:
    with pytest.raises(StorageDenied) as caught:
        verb(open_storage(replace(s3_config, region="us-west-2")))
    assert caught.value.hint == (
        f"Set the region (AWS_REGION or S3_REGION) to {s3_server.region}; us-west-2 was used."
    )


@each_verb
def test_expired_token(s3: S3Storage, s3_server: S3Server, verb: Verb) -> None:
    s3_server.faults.expired_token = True
    with pytest.raises(StorageDenied, match=r"\[ExpiredToken\]") as caught:
        verb(s3)
    assert "fresh" in caught.value.hint


@each_verb
def test_key_scoped_to_another_bucket(s3: S3Storage, s3_server: S3Server, verb: Verb) -> None:
    s3_server.faults.only_bucket = "another"
    with pytest.raises(StorageDenied, match=r"\[AccessDenied\]") as caught:
        verb(s3)
    for cause in ("scoped", "permission", "s3:ListBucket", "clock", "region"):
        assert cause in caught.value.hint


@each_verb
def test_missing_bucket_says_where_to_create_it(s3_config: StorageConfig, verb: Verb) -> None:
    store = open_storage(replace(s3_config, bucket="no-such-bucket"))
    with pytest.raises(BucketNotFound, match="no-such-bucket") as caught:
        verb(store)
    assert "Create it first" in caught.value.hint and "console" in caught.value.hint


def test_the_bucket_is_never_created(s3_config: StorageConfig, s3_server: S3Server) -> None:
    with pytest.raises(BucketNotFound):
        open_storage(replace(s3_config, bucket="no-such-bucket")).ensure_bucket()
    assert "PUT" not in {request.method for request in s3_server.requests}


def test_without_list_permission_a_missing_object_says_so(
    s3: S3Storage, s3_server: S3Server
) -> None:
    s3.put("k", b"x")
    s3_server.faults.no_list_permission = True
    assert s3.exists("k") and s3.get("k") == b"x"
    for verb in (s3.exists, s3.get, s3.info, s3.delete):
        with pytest.raises(StorageDenied) as caught:
            verb("missing")
        assert "a missing object looks like 403" in caught.value.hint


def test_half_a_key_pair(s3_config: StorageConfig) -> None:
    store = open_storage(replace(s3_config, secret_access_key=None))
    with pytest.raises(StorageDenied, match="one half"):
        store.get("k")


def test_no_credentials_at_all(s3_config: StorageConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_CONFIG_FILE": "/nonexistent",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    store = open_storage(replace(s3_config, access_key_id=None, secret_access_key=None))
    with pytest.raises(StorageDenied, match="no usable credentials"):
        store.get("k")


def test_an_endpoint_that_is_a_website(s3: S3Storage, s3_server: S3Server) -> None:
    s3_server.faults.add(Fault("website", times=99))
    for verb in (s3.get, s3.info, s3.exists):
        with pytest.raises(ConfigError, match="does not answer like an S3 service"):
            verb("k")
    for other in (lambda: s3.put("k", b"x"), lambda: list(s3.list()), s3.ensure_bucket):
        with pytest.raises((ConfigError, StorageUnavailable)) as caught:
            other()
        assert "it must be the S3 API" in caught.value.hint


def test_tls_against_a_plain_port(s3_config: StorageConfig) -> None:
    url = str(s3_config.endpoint_url).replace("http://", "https://")
    with pytest.raises(StorageUnavailable, match="TLS") as caught:
        open_storage(replace(s3_config, endpoint_url=url, max_attempts=1)).get("k")
    assert "scheme" in caught.value.hint


def test_a_host_that_does_not_exist(s3_config: StorageConfig) -> None:
    config = replace(s3_config, endpoint_url="http://s3.nowhere.invalid", max_attempts=1)
    with pytest.raises(StorageUnavailable) as caught:
        open_storage(config).get("k")
    assert "AWS_ENDPOINT_URL" in caught.value.hint


def test_a_missing_certificate_file(s3_config: StorageConfig) -> None:
    config = replace(s3_config, ca_bundle=s3_config.local_dir / "missing.pem")
    with pytest.raises(ConfigError, match="AWS_CA_BUNDLE"):
        open_storage(config).get("k")
