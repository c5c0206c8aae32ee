"""What services leave out of their answers, or put in: a typed error or a result, never another."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import ConfigError, InvalidInput, StorageError, StorageUnavailable, WorkerError
from s3_utils import Storage, StorageConfig, open_storage
from standins.s3server.faults import Fault, Headers
from standins.s3server.server import S3Server
from storage.s3.store import S3Storage
from tests.examples import examples

MIB = 1 << 20
Answer = tuple[int, Headers, bytes]
Edit = Callable[[int, Headers, bytes], Answer]
PAGE = b"<html><head><title>Welcome</title></head><body><p>Hello.</p></body></html>"


def without(*names: str) -> Edit:
    """Takes out headers, whose names are lower case, and XML elements, which have a capital."""

    def edit(status: int, headers: Headers, body: bytes) -> Answer:
        headers = [item for item in headers if item[0].lower() not in names]
        for name in names:
            if name[0].isupper() and body[:1] == b"<":
                tag = name.encode()
                body = re.sub(rb"<%s[ >].*?</%s>|<%s ?/>" % (tag, tag, tag), b"", body, flags=re.S)
        if any(name.lower() == "content-length" for name, _ in headers) and body[:1] == b"<":
            headers = sized(headers, body)
        return status, headers, body

    return edit


def sized(headers: Headers, body: bytes) -> Headers:
    kept = [item for item in headers if item[0].lower() != "content-length"]
    return [*kept, ("Content-Length", str(len(body)))]


def with_body(body: bytes, kind: str = "text/html", status: int = 0) -> Edit:
    def edit(old: int, headers: Headers, _body: bytes) -> Answer:
        headers = [item for item in headers if item[0].lower() != "content-type"]
        return status or old, sized([*headers, ("Content-Type", kind)], body), body

    return edit


def chunked(status: int, headers: Headers, body: bytes) -> Answer:
    headers = [item for item in headers if item[0].lower() != "content-length"]
    pieces = [body[i : i + 70_000] for i in range(0, len(body), 70_000)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    headers += [("Transfer-Encoding", "chunked"), ("Connection", "close")]
    return status, headers, coded + b"0\r\n\r\n"


def always(server: S3Server, edit: Edit, method: str = "") -> None:
    server.faults.add(Fault("edit", method, times=10_000, edit=edit))


# -- every verb, with anything missing -----------------------------------------------------------

VERBS: dict[str, Callable[[Storage, Path], object]] = {
    "put": lambda s, _: s.put("k", b"x" * 1000, metadata={"a": "b"}),
    "put in parts": lambda s, _: s.put("large", b"x" * (6 * MIB)),
    "get": lambda s, _: s.get("there"),
    "get with a limit": lambda s, _: s.get("there", max_bytes=100_000),
    "stream": lambda s, _: list(s.stream("there")),
    "download": lambda s, path: s.download("there", path / "file"),
    "exists": lambda s, _: s.exists("there"),
    "exists not": lambda s, _: s.exists("missing"),
    "info": lambda s, _: s.info("there"),
    "list": lambda s, _: list(s.list()),
    "list some": lambda s, _: list(s.list("th", limit=1)),
    "delete": lambda s, _: s.delete("k"),
    "ensure_bucket": lambda s, _: s.ensure_bucket(),
    "total_size": lambda s, _: s.total_size(),
}
PARTS = [
    "content-length", "content-type", "etag", "last-modified", "date", "x-amz-meta-sha256",
    "Size", "LastModified", "ETag", "Key", "Name", "IsTruncated", "KeyCount", "MaxKeys", "Prefix",
    "Contents", "UploadId", "Bucket", "Location", "Code", "Message", "Error", "EncodingType",
    "NextContinuationToken",
]  # fmt: skip
WRECKS: dict[str, Edit] = {
    "as it is": lambda *answer: answer,
    "empty": with_body(b"", "application/xml"),
    "a page": with_body(PAGE),
    "a page that is no XML": with_body(b"<html><br></p>"),
    "a page of a gateway": with_body(PAGE, status=502),
    "JSON": with_body(b'{"ok": true}', "application/json"),
    "half": lambda status, headers, body: (
        status,
        sized(headers, body[: len(body) // 2]),
        body[: len(body) // 2],
    ),
    "odd numbers": lambda status, headers, body: (
        status,
        [(k, "soon" if k.lower() in {"last-modified", "content-range"} else v) for k, v in headers],
        re.sub(rb"<(Size|LastModified)>[^<]*<", rb"<\1>1.5k<", body),
    ),
    "odd length": lambda status, headers, body: (
        status,
        [(k, "many" if k.lower() == "content-length" else v) for k, v in headers],
        body,
    ),
    "chunks": chunked,
    "cut chunks": lambda *answer: (*chunked(*answer)[:2], chunked(*answer)[2][:-9]),
    "no content": lambda _status, headers, _body: (204, headers, b""),
    "moved": lambda _s, headers, _b: (301, [*sized(headers, b""), ("Location", "http://[")], b""),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
@settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(
    missing=st.sets(st.sampled_from(PARTS), max_size=6),
    wreck=st.sampled_from(sorted(WRECKS)),
    method=st.sampled_from(["", "", "GET", "HEAD", "PUT", "POST"]),
)
def test_whatever_an_answer_lacks_the_error_is_typed(
    s3_config: StorageConfig,
    s3_server: S3Server,
    tmp_path: Path,
    verb: Callable[[Storage, Path], object],
    missing: set[str],
    wreck: str,
    method: str,
) -> None:
    store = open_storage(
        replace(s3_config, max_attempts=1, multipart_threshold_bytes=6 * MIB, read_timeout_s=0.5)
    )
    s3_server.faults.clear()
    open_storage(s3_config).put("there", b"y" * 100_000)  # with time-outs that a busy machine bears
    strip = without(*missing)
    always(s3_server, lambda *answer: WRECKS[wreck](*strip(*answer)), method)
    try:
        verb(store, tmp_path)
    except WorkerError as error:
        assert error.message and "None" not in error.message
    finally:
        s3_server.faults.clear()


# -- what can be made up for is ------------------------------------------------------------------


def test_an_object_of_unknown_length_is_read_when_its_end_or_its_hash_is_known(
    s3: S3Storage, s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    data = bytes(range(256)) * 1000
    s3.put("ours", data)
    s3_server.put_raw(bucket, "foreign", data)
    always(s3_server, chunked, "GET")
    assert s3.get("ours") == s3.get("foreign") == data
    s3_server.faults.clear()
    always(s3_server, without("content-length"), "GET")
    assert s3.get("ours") == data
    info = s3.download("ours", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == data and info.size == len(data)
    with pytest.raises(StorageUnavailable, match="how long"):
        s3.get("foreign")  # nothing shows that this is all of it


def test_a_limit_holds_where_the_length_is_not_told(s3: S3Storage, s3_server: S3Server) -> None:
    s3.put("k", b"x" * (4 * MIB))
    always(s3_server, chunked, "GET")
    with pytest.raises(InvalidInput, match=str(MIB)):
        s3.get("k", max_bytes=MIB)


def test_a_cut_answer_of_unknown_length_is_continued(s3: S3Storage, s3_server: S3Server) -> None:
    data = bytes(range(256)) * 8000
    s3.put("k", data)
    part = 1_600_000
    cut = Fault("edit", "GET", edit=lambda *a: (*chunked(*a)[:2], chunked(*a)[2][:part]))
    s3_server.faults.add(cut)
    s3_server.forget_requests()
    assert s3.get("k") == data
    assert "range" in s3_server.requests[1].headers


@pytest.mark.parametrize("part", ["content-length", "last-modified"])
def test_what_head_leaves_out_the_listing_tells(
    s3: S3Storage, s3_server: S3Server, part: str
) -> None:
    s3.put("k", b"twelve bytes", metadata={"a": "b"})
    s3.put("k2", b"another")
    full = s3.info("k")
    always(s3_server, without(part), "HEAD")
    found = s3.info("k")
    assert (found.size, found.metadata, found.etag) == (12, full.metadata, full.etag)
    assert abs((found.last_modified - full.last_modified).total_seconds()) < 1.0
    assert s3.exists("k") and not s3.exists("missing")


@pytest.mark.parametrize("part", ["Size", "LastModified"])
def test_what_the_listing_leaves_out_head_tells(
    s3: S3Storage, s3_server: S3Server, part: str
) -> None:
    s3.put("a", b"1")
    s3.put("b", b"22")
    always(s3_server, without(part), "GET")
    assert [(item.key, item.size) for item in s3.list()] == [("a", 1), ("b", 2)]


def test_a_listing_with_a_hole_is_no_listing(s3: S3Storage, s3_server: S3Server) -> None:
    s3.put("a", b"1")
    always(s3_server, without("Key"), "GET")
    with pytest.raises(StorageError, match="Key"):
        list(s3.list())


@pytest.mark.parametrize("verb", ["list", "get", "info", "exists"])
def test_a_well_formed_web_page_is_not_taken_for_an_answer(
    s3: S3Storage, s3_server: S3Server, verb: str
) -> None:
    """A site that answers every path with its front page, as single-page applications do."""

    def site(_status: int, _headers: Headers, _body: bytes) -> Answer:
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("ETag", '"1-2"'),
            ("Last-Modified", "Mon, 01 Jun 2026 10:00:00 GMT"),
        ]
        return 200, sized(headers, PAGE), PAGE

    always(s3_server, site)
    ask = {
        "list": lambda: list(s3.list()),
        "get": lambda: s3.get("k"),
        "info": lambda: s3.info("k"),
        "exists": lambda: s3.exists("k"),
    }
    with pytest.raises(ConfigError, match="does not answer like an S3 service"):
        ask[verb]()


@pytest.mark.parametrize("tokens", [["a"], ["a", "b"], ["a", "b", "c"], None])
def test_a_listing_that_goes_round_in_circles_ends(
    s3: S3Storage, s3_server: S3Server, tokens: list[str] | None
) -> None:
    """The same page again and again, under the same tokens or under ever new ones."""
    given: list[str] = []

    def more(_status: int, headers: Headers, _body: bytes) -> Answer:
        given.append(tokens[len(given) % len(tokens)] if tokens else f"new-{len(given)}")
        body = (
            "<ListBucketResult><Name>b</Name><Contents><Key>k</Key><Size>1</Size>"
            "<LastModified>2026-06-01T10:00:00Z</LastModified></Contents><IsTruncated>true"
            f"</IsTruncated><NextContinuationToken>{given[-1]}</NextContinuationToken>"
            "</ListBucketResult>"
        ).encode()
        return 200, sized(headers, body), body

    s3_server.faults.add(Fault("reply", "GET", times=10_000, edit=more))
    with pytest.raises(StorageError, match="does not continue its listing"):
        list(s3.list())
    assert len(given) < 10
