"""Every cause of failure has its own error and a hint; over real HTTP where a server decides."""

from __future__ import annotations

import errno
import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import botocore.exceptions
import pytest

from errors import (
    BucketNotFound,
    ConfigError,
    InvalidInput,
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
from standins.servers.rclone import Rclone
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


ANSWERS: dict[str, tuple[str, int, str, str, type[WorkerError], str]] = {
    # what happened: verb, status, code, message, error, a part of its text
    "a key below a key (MinIO)": (
        "put", 400, "XMinioParentIsObject", "Object-prefix is already an object", InvalidInput,
        "another key",
    ),
    "a key that is no file name (MinIO)": (
        "put", 400, "XMinioInvalidObjectName", "Object name contains unsupported characters.",
        InvalidInput, "does not accept this key",
    ),
    "a bucket quota (MinIO)": (
        "put", 400, "XMinioAdminBucketQuotaExceeded", "Bucket quota exceeded", StorageFull, "quota",
    ),
    "a bucket quota (Ceph)": ("put", 403, "QuotaExceeded", "", StorageFull, "quota"),
    "a quota under another name": ("put", 400, "UserQuotaReached", "", StorageFull, "quota"),
    "a quota in words (Garage)": (
        "put", 403, "Forbidden", "Forbidden: Object size quota is reached", StorageFull, "quota",
    ),
    "no room left": ("put", 507, "", "", StorageFull, "quota"),
    "parts that are gone": (
        "put", 400, "InvalidPart", "One or more parts could not be found.", StorageUnavailable,
        "parts",
    ),
    "requester pays (GCS)": (
        "get", 400, "UserProjectMissing", "Bucket is requester pays", StorageDenied, "bills",
    ),
    "a wrong region (R2)": (
        "put", 400, "InvalidRegionName", "The region name 'eu' is not valid", StorageDenied,
        "AWS_REGION",
    ),
    "a late request (R2)": (
        "get", 400, "ExpiredRequest", "Request has expired", StorageDenied, "clock",
    ),
    "a locked object": (
        "delete", 400, "InvalidRequest", "Object is WORM protected and cannot be overwritten",
        StorageDenied, "Object Lock",
    ),
    "no checksum for a locked bucket": (
        "put", 400, "InvalidRequest",
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with "
        "Object Lock parameters", StorageError, "Content-MD5",
    ),
    "a storage cap (B2)": (
        "put", 403, "AccessDenied", "Cannot upload files, storage cap exceeded.", StorageFull,
        "quota",
    ),
    "a download cap (B2)": (
        "get", 403, "AccessDenied", "Cannot download file, download bandwidth or transaction "
        "(Class B) cap exceeded.", StorageDenied, "download cap",
    ),
    "a transaction cap (B2)": (
        "list", 403, "AccessDenied", "Transaction cap exceeded.", StorageDenied, "transaction cap",
    ),
    "no bucket (another word)": ("put", 404, "BucketNotFound", "", BucketNotFound, "Create it"),
    "no bucket (Swift)": ("put", 404, "ContainerNotFound", "", BucketNotFound, "Create it"),
    "nothing to upload to": ("put", 404, "", "", BucketNotFound, "S3_BUCKET"),
    "an upload without its object": ("put", 404, "NoSuchKey", "", BucketNotFound, "S3_BUCKET"),
    "a proxy's password": ("put", 407, "", "", ConfigError, "HTTPS_PROXY"),
    "a length a proxy took out": ("put", 411, "", "", StorageError, "proxy"),
    "a body too large for nginx": ("put", 413, "", "", StorageError, "client_max_body_size"),
    "a proxy without Expect": ("put", 417, "", "", StorageError, "Expect"),
    "busy in another word": ("get", 503, "SlowDownRead", "", StorageUnavailable, "busy"),
    "a code nobody described": ("put", 400, "Mystery", "why", StorageError, "(why) [Mystery]"),
    "a suspended account": ("get", 403, "UserSuspended", "", StorageDenied, "Ask the provider"),
}  # fmt: skip


def refuse(
    server: S3Server,
    status: int,
    code: str,
    said: str,
    headers: dict[str, str] | None = None,
    kind: str = "application/xml",
) -> None:
    """Every request is answered so, without being done."""
    body = f"<Error><Code>{code}</Code><Message>{said}</Message></Error>" if code else ""
    if kind == "text/html":
        body = "<html><h1>Bad gateway</h1></html>"
    found = {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}
    answer = (status, list(found.items()), body.encode())
    server.faults.add(Fault("reply", times=999, edit=lambda *_: answer))


@pytest.fixture
def once(s3_config: StorageConfig) -> Storage:
    """A store that tries once."""
    return open_storage(replace(s3_config, max_attempts=1))


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS.keys())
def test_what_a_service_says_is_what_the_user_is_told(
    once: Storage, s3_server: S3Server, case: tuple[str, int, str, str, type[WorkerError], str]
) -> None:
    verb, status, code, said, kind, part = case
    once.put("k", b"x")
    if verb == "delete":
        once.exists("k")
        answer = f"<Error><Code>{code}</Code><Message>{said}</Message></Error>".encode()
        reply = (status, [("Content-Length", str(len(answer)))], answer)
        s3_server.faults.add(Fault("reply", "DELETE", edit=lambda *_: reply))
    else:
        refuse(s3_server, status, code, said)
    with pytest.raises(kind) as caught:
        VERBS[verb](once)
    assert type(caught.value) is kind
    text = f"{caught.value.message} {caught.value.hint}"
    assert part in text and "None" not in text and "()" not in text
    assert "without a reason" not in text


@pytest.mark.parametrize("status", [502, 503, 504, 520, 524])
def test_a_gateways_page_is_temporary_and_its_hint_says_what_to_raise(
    once: Storage, s3_server: S3Server, status: int
) -> None:
    refuse(s3_server, status, "", "", kind="text/html")
    for verb in (VERBS["put"], VERBS["get"], VERBS["list"]):
        with pytest.raises(StorageUnavailable, match="gateway") as caught:
            verb(once)
        assert "S3_RETRY_TIME" in caught.value.hint and "attempts" in caught.value.hint
        assert "console" not in caught.value.hint


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_tls_names_the_scheme(
    once: Storage, s3_server: S3Server, status: int
) -> None:
    target = s3_server.url.replace("http://", "https://") + "/b/k"
    refuse(s3_server, status, "", "", {"Location": target})
    for verb in (VERBS["put"], VERBS["get"], VERBS["info"]):
        with pytest.raises(ConfigError, match="TLS only") as caught:
            verb(once)
        assert "https://" in caught.value.hint


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_to_a_login_is_not_called_another_region(
    once: Storage, s3_server: S3Server, status: int
) -> None:
    refuse(s3_server, status, "", "", {"Location": "https://login.example.com/?next=%2F"})
    with pytest.raises(ConfigError, match=r"redirected.*login\.example\.com") as caught:
        VERBS["get"](once)
    assert "region" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("location", ["http://[", "http://[x]/", "//[::1/"])
def test_a_redirect_to_no_url_is_typed(once: Storage, s3_server: S3Server, location: str) -> None:
    refuse(s3_server, 302, "", "", {"Location": location})
    with pytest.raises(WorkerError):
        VERBS["get"](once)


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "NoSuchBucket", "AccessDenied"])
@pytest.mark.parametrize("element", ["<Message></Message>", "<Message/>", ""])
def test_an_answer_without_words_says_no_none(
    once: Storage, s3_server: S3Server, code: str, element: str
) -> None:
    """Ceph leaves its messages empty."""
    body = f"<Error><Code>{code}</Code>{element}</Error>".encode()
    answer = (403, [("Content-Length", str(len(body)))], body)
    s3_server.faults.add(Fault("reply", times=9, edit=lambda *_: answer))
    with pytest.raises(StorageError) as caught:
        once.get("k")
    assert "None" not in str(caught.value.as_output()) and f"[{code}]" in caught.value.message


def test_an_endpoint_that_worked_before_is_not_called_mistyped(
    once: Storage, s3_server: S3Server
) -> None:
    once.put("k", b"x")
    for kind in ("drop", "lose_answer"):
        s3_server.faults.add(Fault(kind, times=9))
        with pytest.raises(StorageUnavailable) as caught:
            once.get("k")
        assert "answered before" in caught.value.hint
        assert "AWS_ENDPOINT_URL" not in caught.value.hint


def test_plain_http_to_a_port_that_speaks_tls_names_the_scheme(rclone: Rclone) -> None:
    bucket = rclone.make_bucket()
    config = rclone.config(bucket, Path("unused"))
    url = str(config.endpoint_url).replace("https://", "http://")
    store = open_storage(replace(config, endpoint_url=url, max_attempts=1))
    for verb in (store.get, store.info, lambda key: store.put(key, b"x"), store.exists):
        with pytest.raises(StorageError) as caught:
            verb("k")
        assert "https://" in caught.value.hint


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


@pytest.mark.parametrize("query", ["", "?X-Amz-Signature=abc"])
def test_an_address_is_told_whole_but_for_its_query(query: str) -> None:
    url = f"http://127.0.0.1:5999/bucket{query}"
    said = translate(botocore.exceptions.EndpointConnectionError(endpoint_url=url), WHERE).message
    assert '"http://127.0.0.1:5999/bucket")' in said


def test_a_host_that_does_not_exist(s3_config: StorageConfig) -> None:
    config = replace(s3_config, endpoint_url="http://s3.nowhere.invalid", max_attempts=1)
    with pytest.raises(StorageUnavailable) as caught:
        open_storage(config).get("k")
    assert "AWS_ENDPOINT_URL" in caught.value.hint


def test_a_missing_certificate_file(s3_config: StorageConfig) -> None:
    config = replace(s3_config, ca_bundle=s3_config.local_dir / "missing.pem")
    with pytest.raises(ConfigError, match="AWS_CA_BUNDLE"):
        open_storage(config).get("k")
