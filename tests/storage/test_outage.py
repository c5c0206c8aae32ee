"""Hybrid storage while S3 is down: found out once, remembered, and told the truth about."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from errors import ObjectNotFound, StorageUnavailable
from s3_utils import Storage, StorageConfig, open_storage
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S, until
from storage.hybrid.outage import Outage
from storage.hybrid.store import HybridStorage

# What the disk has answers each of these; a job makes about six.
ON_DISK: dict[str, Callable[[Storage], object]] = {
    "put": lambda s: s.put("new", b"n"),
    "get": lambda s: s.get("k"),
    "stream": lambda s: list(s.stream("k")),
    "info": lambda s: s.info("k"),
    "exists": lambda s: s.exists("k"),
    "url": lambda s: s.url("hand", "presigned"),
}
ONLY_S3: dict[str, Callable[[Storage], object]] = {
    "list": lambda s: list(s.list()),
    "get": lambda s: s.get("missing"),
    "exists": lambda s: s.exists("missing"),
    "delete": lambda s: s.delete("k"),
    "ensure_bucket": lambda s: s.ensure_bucket(),
    "migrate": lambda s: s.migrate(),
}


@pytest.fixture
def hybrid(s3_config: StorageConfig) -> HybridStorage:
    """A store with patience, some objects, and no sender."""
    store = open_storage(replace(s3_config, mode="hybrid", max_attempts=None, retry_budget_s=0.3))
    assert isinstance(store, HybridStorage)
    store.close()
    store.put("k", b"x")
    store.local.put("hand", b"h")
    return store


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """An endpoint that takes connections and says nothing, as a firewall that drops packets."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen(64)
        one.setblocking(False)
        yield one


def asked(silent: socket.socket) -> int:
    """How many connections have come since this was called before."""
    count = 0
    with suppress(BlockingIOError):
        while True:
            silent.accept()[0].close()
            count += 1
    return count


def down(server: S3Server) -> None:
    server.faults.add(Fault("answer", times=10_000))


def test_while_s3_refuses_at_once_each_request_is_made_once(
    hybrid: HybridStorage, s3_server: S3Server
) -> None:
    down(s3_server)
    assert hybrid.put("first", b"x").storage_type == "local"
    s3_server.forget_requests()
    for verb in ON_DISK.values():
        verb(hybrid)
    for ask in ONLY_S3.values():
        with pytest.raises(StorageUnavailable):
            ask(hybrid)
    assert len(s3_server.requests) <= len(ON_DISK) + len(ONLY_S3)


def test_a_silent_endpoint_is_waited_for_once(
    s3_config: StorageConfig, silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.hybrid.outage.DOWN_S", 10 * PATIENCE_S)
    url = f"http://127.0.0.1:{silent.getsockname()[1]}"
    config = replace(s3_config, mode="hybrid", endpoint_url=url, read_timeout_s=1.0, max_attempts=1)
    store = open_storage(config)
    assert isinstance(store, HybridStorage)
    store.close()
    store.local.put("k", b"x")
    store.put("first", b"x")
    assert asked(silent) == 1
    for verb in (*ON_DISK.values(), *ONLY_S3.values()):
        try:
            verb(store)
        except (StorageUnavailable, ObjectNotFound):
            continue
    assert asked(silent) == 0


def test_while_the_disk_can_do_it_s3_is_given_five_seconds_not_its_whole_time(
    s3_config: StorageConfig, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.hybrid.outage.BRIEF_S", 0.2)
    store = open_storage(
        replace(s3_config, mode="hybrid", max_attempts=None, retry_budget_s=100_000.0)
    )
    down(s3_server)
    assert store.put("k", b"x").storage_type == "local"
    store.close()


def test_what_only_s3_can_do_is_tried_as_long_as_without_a_disk(
    s3_config: StorageConfig, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.hybrid.outage.BRIEF_S", 0.0)
    store = open_storage(replace(s3_config, mode="hybrid", max_attempts=None))
    assert isinstance(store, HybridStorage)
    store.s3.put("only there", b"s")
    s3_server.faults.add(Fault("answer", times=2))
    assert store.get("only there") == b"s"


def test_s3_is_used_again_as_soon_as_it_is_asked(
    hybrid: HybridStorage, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    down(s3_server)
    hybrid.put("while down", b"x")
    s3_server.faults.clear()
    assert [item.key for item in hybrid.list()] == ["hand", "k", "while down"]
    assert hybrid.put("k", b"new").storage_type == "s3"
    down(s3_server)
    monkeypatch.setattr("storage.hybrid.outage.DOWN_S", 0.0)
    hybrid.put("while down", b"x")
    s3_server.faults.clear()
    assert hybrid.put("later", b"x").storage_type == "s3"


def test_of_many_threads_one_finds_out_whether_s3_is_back() -> None:
    ups: list[int] = []
    now = [0.0]
    outage = Outage(on_up=lambda: ups.append(1), clock=lambda: now[0])
    asked = threading.Semaphore(0)
    release = threading.Event()

    def fails() -> None:
        try:
            raise TimeoutError("silent")
        except TimeoutError as exc:
            raise StorageUnavailable("S3 is away.") from exc

    def works() -> str:
        asked.release()
        release.wait()
        return "answer"

    with pytest.raises(StorageUnavailable):
        outage.ask(fails, spare=True)
    assert outage.is_on
    with pytest.raises(StorageUnavailable, match="found down before"):
        outage.ask(works, spare=True)
    now[0] = 11.0
    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(outage.ask, works, spare=True) for _ in range(8)]
        until(lambda: sum(result.done() for result in results) == 7)
        release.set()
    assert [result.exception() is None for result in results].count(True) == 1
    assert asked.acquire(blocking=False) and not asked.acquire(blocking=False)
    assert ups == [1] and not outage.is_on


@pytest.mark.parametrize("code", ["NoSuchUpload", "BadDigest", "PreconditionFailed", "InvalidPart"])
def test_trouble_with_one_object_is_no_outage(
    hybrid: HybridStorage, s3_server: S3Server, code: str
) -> None:
    s3_server.faults.add(Fault("answer", "PUT", times=999, status=409, code=code))
    hybrid.put("odd", b"x")
    assert not hybrid.describe()["s3_is_down"]
    assert hybrid.put("k", b"x").warnings  # it was asked again
