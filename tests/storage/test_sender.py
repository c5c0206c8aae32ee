"""What an outage left on disk is sent by itself: whole, once, in every order of events."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from errors import StorageUnavailable
from s3_utils import StorageConfig, open_storage
from standins.s3server.faults import Fault
from standins.s3server.server import S3Server
from standins.waiting import PATIENCE_S, until
from storage.hybrid.migrate import send
from storage.hybrid.pending import Pending
from storage.hybrid.store import HybridStorage
from storage.s3.store import S3Storage

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_WAIT_S", "LONGEST_WAIT_S", "REFUSED_WAIT_S", "SETTLE_S"):
        monkeypatch.setattr(f"storage.hybrid.sender.{name}", 0.1)
    # Each request asks S3 itself, also where this machine was paused during one before.
    monkeypatch.setattr("storage.hybrid.outage.DOWN_S", 0.0)


@pytest.fixture
def opened(s3_config: StorageConfig) -> Iterator[Callable[..., HybridStorage]]:
    """Opens stores that give S3 up at once; closed at the end."""
    stores: list[HybridStorage] = []

    def opened(**changes: Any) -> HybridStorage:
        config = replace(s3_config, mode="hybrid", max_attempts=1)
        store = open_storage(replace(config, **changes))
        assert isinstance(store, HybridStorage)
        stores.append(store)
        return store

    yield opened
    for store in stores:
        store.close()


def down(server: S3Server, method: str = "") -> None:
    server.faults.add(Fault("answer", method, times=100_000))


def kept(store: HybridStorage) -> dict[str, Any]:
    found = store.describe()["kept_on_disk"]
    assert isinstance(found, dict)
    return found


def puts(server: S3Server, key: str) -> int:
    return sum(r.method == "PUT" and r.path.endswith(f"/{key}") for r in server.requests)


def pending_of(store: HybridStorage) -> Pending:
    return Pending(store.local.root, store.local.prefix)


def test_it_is_in_s3_as_soon_as_s3_answers_and_its_url_is_s3s(
    opened: Callable[..., HybridStorage], s3_server: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "f5worker.storage")
    store = opened(prefix="tts")
    down(s3_server)
    receipt = store.put("out/a.wav", b"paid for", metadata={"Voice": "Zoë"}, content_type="audio/x")
    assert receipt.storage_type == "local" and "is sent to S3" in receipt.warnings[0]
    assert (kept(store)["waiting_files"], kept(store)["waiting_bytes"]) == (1, 8)
    s3_server.faults.clear()
    until(lambda: store.s3.exists("out/a.wav"))
    until(lambda: kept(store)["sent_bytes"] == 8)
    assert (kept(store)["waiting_files"], kept(store)["sent_files"]) == (0, 1)
    info = store.s3.info("out/a.wav")
    assert (info.metadata["voice"], info.content_type) == ("Zoë", "audio/x")
    assert info.metadata["sha256"] == receipt.sha256
    assert str(store.url("out/a.wav", "presigned").url).startswith("http://")
    assert store.local.get("out/a.wav") == b"paid for"
    until(lambda: "1 files kept on disk are in S3 now, 0 are left" in caplog.text)


def test_after_a_restart_nobody_has_to_ask(
    opened: Callable[..., HybridStorage], s3_server: S3Server
) -> None:
    first = opened()
    down(s3_server)
    for n in range(5):
        first.put(f"{n}.wav", b"x")
    first.close()
    again = opened()
    with pytest.raises(StorageUnavailable):
        again.ensure_bucket()  # what a worker does first
    s3_server.faults.clear()
    until(lambda: kept(again)["waiting_files"] == 0)
    assert [item.key for item in again.s3.list()] == [f"{n}.wav" for n in range(5)]


def test_each_object_is_sent_once(
    opened: Callable[..., HybridStorage], s3_server: S3Server
) -> None:
    store = opened()
    down(s3_server)
    for n in range(10):
        store.put(f"{n}.wav", b"x")
    s3_server.faults.clear()
    s3_server.forget_requests()  # with them, perhaps, one that is taken
    until(lambda: kept(store)["waiting_files"] == 0)
    assert [item.key for item in store.s3.list()] == [f"{n}.wav" for n in range(10)]
    assert max(puts(s3_server, f"{n}.wav") for n in range(10)) == 1


def test_several_stores_on_one_disk_send_each_object_once(
    opened: Callable[..., HybridStorage], s3_server: S3Server, senders: Callable[[], int]
) -> None:
    first = opened()
    down(s3_server)
    for n in range(20):
        first.put(f"{n}.wav", b"x")
    others = [opened() for _ in range(3)]
    s3_server.faults.clear()
    s3_server.forget_requests()
    for store in others:
        store.ensure_bucket()
    until(lambda: kept(first)["waiting_files"] == 0)
    until(lambda: senders() == 0)  # no second one can be sent any more
    assert max(puts(s3_server, f"{n}.wav") for n in range(20)) == 1
    assert sum(kept(store)["sent_files"] for store in (first, *others)) == 20


def test_what_s3_has_already_is_not_sent_again(
    opened: Callable[..., HybridStorage], s3_server: S3Server
) -> None:
    """The upload succeeded, its answer was lost, and the worker gave it up."""
    store = opened()
    s3_server.faults.add(Fault("lose_answer", "PUT"))
    assert store.put("k", b"x").storage_type == "local"
    until(lambda: kept(store)["waiting_files"] == 0)
    assert puts(s3_server, "k") == 1
    assert kept(store)["sent_files"] == 0


def test_one_that_is_refused_does_not_stop_the_others(
    opened: Callable[..., HybridStorage], s3_server: S3Server
) -> None:
    store = opened()
    down(s3_server)
    for key in ("a", "b", "c"):
        store.put(key, b"x")
    s3_server.faults.become(Fault("answer", "PUT", "/b", 100_000, 403, "AccessDenied"))
    until(lambda: kept(store)["waiting_files"] == 1)
    assert [item.key for item in store.s3.list()] == ["a", "c"]
    until(lambda: "AccessDenied" in str(kept(store).get("problem")))
    s3_server.faults.clear()
    until(lambda: kept(store)["waiting_files"] == 0)
    assert "problem" not in kept(store)


def test_a_newer_object_of_another_worker_is_left_alone(
    opened: Callable[..., HybridStorage], s3_server: S3Server, tmp_path: Path
) -> None:
    first = opened()
    first.close()  # it sends nothing itself
    down(s3_server)
    first.put("latest.wav", b"older")
    os.utime(first.local.path("latest.wav"), (time.time() - 3600,) * 2)
    s3_server.faults.clear()
    elsewhere = opened(local_dir=tmp_path / "elsewhere")
    elsewhere.put("latest.wav", b"newer")
    store = opened()
    store.ensure_bucket()
    until(lambda: kept(store)["waiting_files"] == 0)
    assert store.get("latest.wav") == b"newer"


def test_a_damaged_copy_is_not_sent(
    opened: Callable[..., HybridStorage], s3_server: S3Server
) -> None:
    store = opened()
    down(s3_server)
    store.put("k", b"whole")
    path = store.local.path("k")
    stat = path.stat()
    path.write_bytes(b"WHOLE")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    s3_server.faults.clear()
    until(lambda: "damaged" in str(kept(store).get("problem")))
    assert not store.s3.exists("k")


# -- events while an object is being sent ---------------------------------------------------------


class Interrupted(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def waiting(opened: Callable[..., HybridStorage], s3_server: S3Server) -> HybridStorage:
    """A store whose `k` waits for S3, and whose sender does not run: tests call `send`."""
    store = opened()
    store.close()
    store.put("k", b"oldest")
    down(s3_server)
    store.put("k", b"old")
    s3_server.faults.clear()
    assert [item.size for item in store.list()] == [3]  # S3 is known to be back
    return store


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, before: Callable[[], object], after: Callable[[], object]
) -> None:
    """The next upload has `before` and `after` happen around it."""
    real = S3Storage.put
    left = [1]

    def put(store: S3Storage, *args: Any, **named: Any) -> object:
        if not left[0]:
            return real(store, *args, **named)
        left[0] = 0
        before()
        receipt = real(store, *args, **named)
        after()
        return receipt

    monkeypatch.setattr(S3Storage, "put", put)


def nothing() -> None:
    """Happens."""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_newer_object_stored_meanwhile_wins(
    waiting: HybridStorage, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Also where the older one reaches S3 last."""

    def newer() -> None:
        assert waiting.put("k", b"newest").storage_type == "s3"

    happens = {"before": (newer, nothing), "after": (nothing, newer)}[when]
    meanwhile(monkeypatch, *happens)
    send("k", waiting.local, waiting.s3, pending_of(waiting))
    assert waiting.s3.get("k") == waiting.get("k") == b"newest"
    assert pending_of(waiting).waiting() == []


def test_a_newer_object_kept_on_disk_meanwhile_is_not_forgotten(
    waiting: HybridStorage, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def newer() -> None:
        down(s3_server, "PUT")
        assert waiting.put("k", b"newest").storage_type == "local"

    meanwhile(monkeypatch, nothing, newer)
    with pytest.raises(StorageUnavailable):
        send("k", waiting.local, waiting.s3, pending_of(waiting))
    assert pending_of(waiting).waiting() == ["k"]
    assert waiting.get("k") == b"newest"
    s3_server.faults.clear()
    send("k", waiting.local, waiting.s3, pending_of(waiting))
    assert waiting.s3.get("k") == b"newest" and pending_of(waiting).waiting() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_deleted_meanwhile_does_not_come_back(
    waiting: HybridStorage, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def delete() -> None:
        assert waiting.delete("k")

    # The disk's file is open already where it is deleted before.
    meanwhile(monkeypatch, *{"before": (delete, nothing), "after": (nothing, delete)}[when])
    send("k", waiting.local, waiting.s3, pending_of(waiting))
    assert not waiting.s3.exists("k") and not waiting.exists("k")
    assert pending_of(waiting).waiting() == []


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (["end"], [], b"old"),
        ([], ["end"], b"old"),
        (["newer put", "end"], [], b"newest"),
        (["newer put"], ["end"], b"newest"),
        ([], ["newer put", "end"], b"newest"),
    ],
    ids=[
        "before its bytes are in S3",
        "after them",
        "before them, but after a newer object",
        "after them, which came after a newer object",
        "after both",
    ],
)
def test_an_end_in_the_middle_loses_nothing(
    waiting: HybridStorage,
    monkeypatch: pytest.MonkeyPatch,
    before: list[str],
    after: list[str],
    wanted: bytes,
) -> None:
    """The process dies while it sends; the next one goes on."""

    def happen(events: list[str]) -> None:
        for event in events:
            if event == "end":
                raise Interrupted
            assert waiting.put("k", b"newest").storage_type == "s3"

    meanwhile(monkeypatch, lambda: happen(before), lambda: happen(after))
    with pytest.raises(Interrupted):
        send("k", waiting.local, waiting.s3, pending_of(waiting))
    assert waiting.get("k") == wanted
    for key in pending_of(waiting).waiting():
        send(key, waiting.local, waiting.s3, pending_of(waiting))
    assert waiting.s3.get("k") == waiting.get("k") == wanted
    assert pending_of(waiting).waiting() == []


PROGRAM = """
import sys, time
from pathlib import Path
from s3_utils import StorageConfig, open_storage
import storage.hybrid.sender as sender
sender.FIRST_WAIT_S = sender.LONGEST_WAIT_S = 0.05
url, bucket, region, key, secret, folder = sys.argv[1:]
store = open_storage(StorageConfig(
    mode="hybrid", bucket=bucket, endpoint_url=url, region=region, access_key_id=key,
    secret_access_key=secret, local_dir=Path(folder), max_attempts=1, read_timeout_s=60.0))
store.ensure_bucket()
time.sleep(600)
"""


def test_kill_9_while_sending_loses_and_doubles_nothing(
    opened: Callable[..., HybridStorage], s3_config: StorageConfig, s3_server: S3Server
) -> None:
    store = opened()
    store.close()
    bodies = {f"out/{n}.wav": os.urandom(1000 + n) for n in range(40)}
    down(s3_server)
    for key, body in bodies.items():
        store.put(key, body)
    s3_server.faults.clear()
    arguments = [
        str(s3_config.endpoint_url),
        str(s3_config.bucket),
        str(s3_config.region),
        str(s3_config.access_key_id),
        str(s3_config.secret_access_key),
        str(s3_config.local_dir),
    ]
    for enough in (10, 40):
        s3_server.faults.add(Fault("delay", "PUT", times=1000, seconds=0.02))
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT)
        until(lambda enough=enough: len(s3_server.raw_keys(str(s3_config.bucket))) >= enough)
        process.send_signal(signal.SIGKILL)
        process.wait()
    again = opened()
    again.ensure_bucket()
    until(lambda: kept(again)["waiting_files"] == 0)
    assert {item.key: again.s3.get(item.key) for item in again.s3.list()} == bodies
    sent = [puts(s3_server, key) for key in bodies]
    assert all(n >= 1 for n in sent)
    # One more at most for each kill: what was under way, whose answer nobody read.
    assert sum(sent) <= len(bodies) * 2 + 2


@pytest.fixture
def senders() -> Callable[[], int]:
    """Counts the threads that send, without those that tests before this one have left."""
    before = {*threading.enumerate()}
    return lambda: sum(
        thread.name == "sender" and thread not in before for thread in threading.enumerate()
    )


def test_closing_ends_it_at_once(
    opened: Callable[..., HybridStorage],
    s3_server: S3Server,
    senders: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("storage.hybrid.sender.FIRST_WAIT_S", 100 * PATIENCE_S)
    store = opened()
    down(s3_server)
    store.put("k", b"x")
    assert senders() == 1
    store.close()
    until(lambda: senders() == 0)
    s3_server.faults.clear()
    assert pending_of(store).waiting() == ["k"]


def test_it_ends_with_its_store(
    s3_config: StorageConfig, s3_server: S3Server, senders: Callable[[], int]
) -> None:
    store = open_storage(replace(s3_config, mode="hybrid", max_attempts=1))
    assert isinstance(store, HybridStorage)
    down(s3_server)
    store.put("k", b"x")
    assert senders() == 1
    sender = store._sender
    del store
    gc.collect()  # errors hold the frames they went through
    until(lambda: senders() == 0)
    sender.close()  # has nothing to do any more


def test_a_job_is_not_held_up_by_what_is_being_sent(
    opened: Callable[..., HybridStorage], s3_server: S3Server
) -> None:
    store = opened()
    down(s3_server)
    store.put("slow", b"x")
    held = Fault("hold", "PUT", "/slow", times=9)
    s3_server.faults.become(held)
    until(lambda: held.times < 9)  # it is on its way
    assert store.put("quick", b"x").storage_type == "s3"
    assert store.get("slow") == b"x"
    s3_server.faults.release()
    until(lambda: kept(store)["waiting_files"] == 0)


def test_nothing_to_send_starts_no_thread(
    opened: Callable[..., HybridStorage], s3_server: S3Server, senders: Callable[[], int]
) -> None:
    store = opened()
    store.ensure_bucket()
    store.put("k", b"x")
    assert senders() == 0
