"""A service and a network that fail: nothing is lost, doubled or left half done."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from errors import InvalidInput, StorageDenied, StorageUnavailable
from s3_utils import Storage, open_storage
from standins.s3server.faults import Fault, Kind
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S, until
from storage.config import StorageConfig
from storage.patience import deadline, time_limit
from storage.s3.client import S3Client
from storage.s3.store import S3Storage

MIB = 1 << 20
DATA = bytes(range(256)) * (3 * MIB // 256)


@pytest.fixture
def parts(s3_config: StorageConfig) -> Storage:
    """A store that uploads in parts of 5 MiB from 6 MiB on."""
    return open_storage(
        replace(s3_config, multipart_threshold_bytes=6 * MIB, multipart_part_bytes=5 * MIB)
    )


@pytest.mark.parametrize("kind", ["answer", "drop", "lose_answer"])
@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD", "DELETE"])
def test_a_passing_failure_is_not_noticed(
    s3: S3Storage, s3_server: S3Server, kind: Kind, method: str
) -> None:
    s3_server.faults.add(Fault(kind, method, times=2))
    s3.put("k", DATA)
    assert s3.get("k") == DATA
    assert s3.info("k").size == len(DATA)
    assert s3.delete("k")
    assert not s3.exists("k")


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (429, "")])
def test_a_lasting_failure_is_retryable_and_bounded(
    s3: S3Storage, s3_server: S3Server, status: int, code: str
) -> None:
    s3_server.faults.add(Fault("answer", times=99, status=status, code=code))
    with pytest.raises(StorageUnavailable) as caught:
        s3.put("k", b"x")
    assert caught.value.retryable and caught.value.hint
    assert len(s3_server.requests) == 3  # max_attempts


def test_a_refusal_is_not_tried_again(s3: S3Storage, s3_server: S3Server) -> None:
    s3_server.faults.denied = {"PUT"}
    with pytest.raises(StorageDenied):
        s3.put("k", b"x")
    assert len(s3_server.requests) == 1


def test_the_time_budget_ends_the_retries(s3_config: StorageConfig, s3_server: S3Server) -> None:
    """Twelve tries would wait 25 s on average."""
    s3_server.faults.add(Fault("answer", times=10_000))
    store = open_storage(replace(s3_config, max_attempts=12, retry_budget_s=0.5))
    with pytest.raises(StorageUnavailable):
        store.put("k", b"x")
    assert len(s3_server.requests) < 12


def outage(server: S3Server, *, first: int, headers: dict[str, str] | None = None) -> None:
    """The first requests are refused with 503."""
    answer = (503, [("Content-Length", "0"), *(headers or {}).items()], b"")
    server.faults.add(Fault("reply", times=first, edit=lambda *_: answer))


def test_the_time_decides_not_the_number_of_tries(
    s3_config: StorageConfig, s3_server: S3Server
) -> None:
    """Twenty refusals in a row are more than any count ever allowed."""
    outage(s3_server, first=20)
    store = open_storage(replace(s3_config, max_attempts=None, retry_base_s=1e-6))
    store.put("k", b"x")
    assert len(s3_server.requests) == 21


def test_the_last_try_is_made_when_the_time_is_over(
    s3_config: StorageConfig, s3_server: S3Server
) -> None:
    """Waits of minutes would not end before the time does: they are cut to it."""
    outage(s3_server, first=1)
    config = replace(s3_config, max_attempts=None, retry_base_s=600.0, retry_budget_s=3.0)
    begun = time.monotonic()
    open_storage(config).put("k", b"x")
    assert time.monotonic() - begun < PATIENCE_S / 2


@pytest.mark.parametrize("how", ["seconds", "date", "date of a service with another clock"])
def test_the_service_says_how_long_to_wait(s3: S3Storage, s3_server: S3Server, how: str) -> None:
    away = timedelta(hours=5) if "clock" in how else timedelta()
    now = datetime.now(UTC).replace(microsecond=0) + away
    until_then = format_datetime(now + timedelta(seconds=2), usegmt=True)
    headers = {"Retry-After": "2" if how == "seconds" else until_then}
    if how != "seconds":
        headers["Date"] = format_datetime(now, usegmt=True)
    outage(s3_server, first=1, headers=headers)
    begun = time.monotonic()
    s3.put("k", b"x")  # its own waits would be of 0.02 s
    assert time.monotonic() - begun >= 1.9
    assert len(s3_server.requests) == 2


@pytest.mark.parametrize("asked", ["86400", "Fri, 31 Dec 2100 23:59:59 GMT", "soon", "-5", "1e9"])
def test_no_wait_that_a_service_asks_for_is_longer_than_the_time_left(
    s3_config: StorageConfig, s3_server: S3Server, asked: str
) -> None:
    outage(s3_server, first=1, headers={"Retry-After": asked})
    store = open_storage(replace(s3_config, max_attempts=None, retry_budget_s=3.0))
    begun = time.monotonic()
    store.put("k", b"x")
    assert time.monotonic() - begun < PATIENCE_S / 2


@pytest.mark.parametrize("verb", ["put", "put in parts", "get", "list"])
def test_a_callers_limit_ends_the_tries_earlier(
    s3_config: StorageConfig, s3_server: S3Server, verb: str
) -> None:
    config = replace(s3_config, max_attempts=None, multipart_threshold_bytes=6 * MIB)
    store = open_storage(config)
    ask: dict[str, Any] = {
        "put": lambda: store.put("k", b"x"),
        "put in parts": lambda: store.put("k", b"x" * 6 * MIB),
        "get": lambda: store.get("k"),
        "list": lambda: list(store.list()),
    }
    kind = "PUT" if verb == "put in parts" else ""
    s3_server.faults.add(Fault("answer", kind, times=10_000))
    with time_limit(600.0), time_limit(0.3), pytest.raises(StorageUnavailable):
        ask[verb]()
    assert time_limit_is_over()


def time_limit_is_over() -> bool:
    """Outside the block, the limit no longer counts."""
    return deadline(10_000.0) - time.monotonic() > 9_000.0


def test_nobody_listening(s3_config: StorageConfig) -> None:
    store = open_storage(replace(s3_config, endpoint_url="http://127.0.0.1:9", max_attempts=2))
    with pytest.raises(StorageUnavailable, match=r"127\.0\.0\.1:9"):
        store.put("k", b"x")


def test_a_slow_answer_times_out(s3_config: StorageConfig, s3_server: S3Server) -> None:
    s3_server.faults.add(Fault("hold", "GET", times=99))
    store = open_storage(replace(s3_config, read_timeout_s=0.2, max_attempts=1))
    with pytest.raises(StorageUnavailable):
        store.get("k")


def test_a_broken_body_goes_on_where_it_stopped(
    s3: S3Storage, s3_server: S3Server, tmp_path: Path
) -> None:
    s3.put("k", DATA)
    s3_server.faults.add(Fault("cut", "GET", after=MIB + 1000, times=2))
    s3_server.forget_requests()
    s3.download("k", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    asked = [r.headers for r in s3_server.requests]
    assert "range" not in asked[0]
    assert all(h["range"].startswith("bytes=") and h["if-match"] for h in asked[1:])
    assert int(asked[1]["range"][6:-1]) >= MIB


def test_a_service_that_ignores_ranges_gives_the_object_all_the_same(
    s3: S3Storage, s3_server: S3Server
) -> None:
    s3.put("k", DATA)
    s3_server.faults.add(Fault("cut", "GET", after=MIB + 1000))
    s3_server.faults.add(Fault("ignore_range", "GET"))
    s3_server.forget_requests()
    assert b"".join(s3.stream("k")) == DATA
    assert "range" in s3_server.requests[1].headers and len(s3_server.requests) == 2


def test_a_body_that_always_breaks_leaves_no_file(
    s3: S3Storage, s3_server: S3Server, tmp_path: Path
) -> None:
    s3.put("k", DATA)
    s3_server.faults.add(Fault("cut", "GET", after=10, times=99))
    (tmp_path / "file").write_bytes(b"what was there")
    with pytest.raises(StorageUnavailable):
        s3.download("k", tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"what was there"


def test_an_object_replaced_while_it_is_read_is_never_mixed(s3: S3Storage, tmp_path: Path) -> None:
    old, new = b"a" * (6 * MIB), b"b" * (6 * MIB)
    s3.put("k", old)
    reading = s3.stream("k", chunk_size=MIB)
    first = next(reading)
    s3.put("k", new)
    rest = b"".join(reading)  # this connection was open: it may give the old object, whole
    assert first + rest == old


def test_a_read_resumed_on_a_replaced_object_starts_again(
    s3: S3Storage, s3_server: S3Server
) -> None:
    old, new = b"a" * (4 * MIB), b"b" * (4 * MIB)
    s3.put("k", old)
    s3_server.faults.add(Fault("cut", "GET", after=2 * MIB))
    s3_server.faults.add(Fault("hold", "GET"))  # the request for the rest
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(s3.get, "k")
        until(lambda: [r.method for r in s3_server.requests].count("GET") == 2)
        s3.put("k", new)
        s3_server.faults.release()
        assert reading.result() == new
    assert "range" in [r for r in s3_server.requests if r.method == "GET"][1].headers


def test_bytes_damaged_on_their_way_are_noticed(s3: S3Storage, s3_server: S3Server) -> None:
    s3.put("k", DATA)
    s3_server.faults.add(Fault("corrupt", "GET"))
    assert s3.get("k") == DATA  # the second try
    s3_server.faults.add(Fault("corrupt", "GET", times=99))
    with pytest.raises(StorageUnavailable, match="hash"):
        s3.get("k")


def test_a_service_that_stores_less_than_was_sent_is_found_out(
    s3: S3Storage, s3_server: S3Server
) -> None:
    s3_server.faults.add(Fault("truncate_upload", "PUT", after=100))
    s3.put("k", DATA)  # the second try
    assert s3.get("k") == DATA
    s3_server.faults.add(Fault("truncate_upload", "PUT", after=100, times=99))
    with pytest.raises(StorageUnavailable, match="did not store"):
        s3.put("other", DATA)
    assert not s3.exists("other")


def test_a_failed_part_is_sent_again(parts: Storage, s3_server: S3Server) -> None:
    body = DATA * 4
    for n, kind in enumerate(("answer", "drop", "lose_answer"), start=1):
        s3_server.faults.add(Fault(kind, "PUT", contains=f"partNumber={n}"))
    parts.put("k", body)
    assert parts.get("k") == body


@pytest.mark.parametrize(
    "fault",
    [
        Fault("answer", "PUT", contains="partNumber=2", times=99),
        Fault("answer", "PUT", contains="partNumber=3", times=99, status=403, code="AccessDenied"),
        Fault("answer", "POST", contains="uploadId=", times=99),
        Fault("truncate_upload", "PUT", contains="partNumber=3", after=10, times=99),
    ],
    ids=["part unavailable", "part denied", "complete unavailable", "part truncated"],
)
def test_a_failed_multipart_upload_leaves_nothing(
    parts: Storage, s3_server: S3Server, bucket: str, fault: Fault
) -> None:
    s3_server.faults.add(replace(fault))
    with pytest.raises((StorageUnavailable, StorageDenied)):
        parts.put("k", DATA * 4)
    s3_server.faults.clear()
    assert s3_server.uploads(bucket) == 0
    assert s3_server.raw_keys(bucket) == []


def test_an_interrupted_multipart_upload_is_aborted(
    parts: Storage, s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = S3Client.once

    def interrupted(client: S3Client, method: str, *args: Any, **parameters: Any) -> object:
        if method == "complete_multipart_upload":
            raise KeyboardInterrupt
        return once(client, method, *args, **parameters)

    monkeypatch.setattr(S3Client, "once", interrupted)
    with pytest.raises(KeyboardInterrupt):
        parts.put("k", DATA * 4)
    assert s3_server.uploads(bucket) == 0


def test_a_completion_whose_answer_is_lost_counts(
    parts: Storage, s3_server: S3Server, bucket: str
) -> None:
    s3_server.faults.add(Fault("lose_answer", "POST", contains="uploadId="))
    parts.put("k", DATA * 4)
    assert parts.get("k") == DATA * 4
    assert s3_server.uploads(bucket) == 0


def test_a_completion_that_says_the_upload_is_gone_after_it_was_done_counts(
    parts: Storage, s3_server: S3Server
) -> None:
    s3_server.faults.add(Fault("lose_answer", "POST", contains="uploadId="))
    gone = Fault("answer", "POST", contains="uploadId=", times=99, status=404, code="NoSuchUpload")
    s3_server.faults.add(gone)
    parts.put("k", DATA * 4)
    assert parts.get("k") == DATA * 4


def test_an_upload_that_is_gone_without_an_object_fails(
    parts: Storage, s3_server: S3Server
) -> None:
    parts.put("k", DATA * 2)
    gone = Fault("answer", "POST", contains="uploadId=", times=99, status=404, code="NoSuchUpload")
    s3_server.faults.add(gone)
    with pytest.raises(StorageUnavailable):
        parts.put("k", DATA * 4)
    assert parts.get("k") == DATA * 2


def test_a_large_object_is_refused_before_its_bytes_arrive(
    s3: S3Storage, s3_server: S3Server
) -> None:
    s3.put("k", b"x" * (4 * MIB))
    s3_server.faults.add(Fault("cut", "GET", after=1000, times=99))
    with pytest.raises(InvalidInput):  # not StorageUnavailable: the body was never asked for
        s3.get("k", max_bytes=MIB)
