"""Fixtures shared by all tests: a strict S3 server and buckets on it."""

from __future__ import annotations

import importlib
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from s3_utils import Storage, open_storage
from standins.platform import Platform
from standins.waiting import PATIENCE_S
from storage.config import StorageConfig
from storage.files import locked_file
from storage.hybrid.sender import Sender
from tests.examples import USUAL

if TYPE_CHECKING:
    from standins.s3server.server import S3Server
    from standins.servers.ceph import Ceph
    from standins.servers.rclone import Rclone

# For PyTorch, before anybody imports it, also in workers: tests run side by side, and threads of
# one model that wait for each other on a busy core take three times as long as one alone.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell starts background processes deaf to Ctrl-C, and theirs inherit it: not what is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class _Loggers(dict[str, logging.Logger | logging.PlaceHolder]):
    """pytest goes through all loggers before each test, while threads of ours may add some."""

    def values(self) -> list[logging.Logger | logging.PlaceHolder]:  # type: ignore[override]
        return list(super().values())


logging.root.manager.loggerDict = _Loggers(logging.root.manager.loggerDict)

settings.load_profile(USUAL)  # `--hypothesis-profile=full` comes after it


def pytest_collection(session: pytest.Session) -> None:
    """Each of the processes that test side by side first imports another part of the tests.

    pytest rewrites the asserts of each test file that is imported, and keeps the result on disk. If
    all began with the same file, all would rewrite all files; so each rewrites its part, and reads
    what the others made of theirs. An import that fails here fails again, and is reported, when
    pytest collects the file.
    """
    config = session.config
    own = getattr(config, "workerinput", None)
    if own is None or config.args != config.getini("testpaths"):
        return
    paths = sorted((config.rootpath / "tests").rglob("test_*.py"))
    first = len(paths) * int(own["workerid"].removeprefix("gw")) // own["workercount"]
    for path in paths[first:] + paths[:first]:
        name = ".".join(path.relative_to(config.rootpath).with_suffix("").parts)
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)


@pytest.fixture(scope="module", autouse=True)
def _every_store_that_sends_is_closed() -> Iterator[None]:
    """Fails the file whose tests leave a hybrid store sending: others count requests, and set up
    faults for their own. It does not matter here whether the store is still in memory."""
    begun: list[Sender] = []
    closed: list[Sender] = []
    start, close = Sender.start, Sender.close

    def start_noted(sender: Sender) -> None:
        start(sender)
        if sender._thread is not None:
            begun.append(sender)

    def close_noted(sender: Sender) -> None:
        closed.append(sender)
        close(sender)

    with pytest.MonkeyPatch.context() as noting:
        noting.setattr(Sender, "start", start_noted)
        noting.setattr(Sender, "close", close_noted)
        # A machine that was paused during a request that failed makes S3 not silent by that.
        noting.setattr("storage.hybrid.outage._QUICK_S", 10 * PATIENCE_S)
        yield
    left = {str(sender._local.root) for sender in begun if sender not in closed}
    assert not left, f"hybrid stores that were left sending; close them: {left}"


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[S3Server]:
    from standins.s3server.server import S3Server  # moto takes half a second to import

    server = S3Server().start()
    yield server
    server.stop()


@pytest.fixture
def s3_server(_s3_server: S3Server) -> Iterator[S3Server]:
    """The server, without faults and with an empty request log."""
    _s3_server.faults.clear()
    _s3_server.forget_requests()
    yield _s3_server
    _s3_server.faults.clear()


@pytest.fixture(scope="session")
def _rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rclone]:
    from standins.servers.rclone import Rclone

    server = Rclone(tmp_path_factory.mktemp("rclone"))
    yield server.start()
    server.kill()


@pytest.fixture
def rclone(_rclone: Rclone) -> Rclone:
    """rclone's S3 server, running, with TLS and an authority of its own."""
    return _rclone


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceph]:
    """Ceph's object gateway; skips the test where its programs are missing."""
    from standins.servers.ceph import LEFT_OUT, Ceph, is_available

    if not is_available():
        pytest.skip(LEFT_OUT)
    server = Ceph(tmp_path_factory.mktemp("ceph"))
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture
def platform() -> Iterator[Platform]:
    """A local RunPod platform."""
    platform = Platform()
    yield platform
    platform.close()


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    """A fresh, empty bucket."""
    return s3_server.make_bucket()


@pytest.fixture
def s3_config(
    s3_server: S3Server, bucket: str, tmp_path_factory: pytest.TempPathFactory
) -> StorageConfig:
    """S3 mode on `bucket`: short waits between tries, time-outs that no busy machine reaches."""
    return StorageConfig(
        mode="s3",
        local_dir=tmp_path_factory.mktemp("store"),
        bucket=bucket,
        endpoint_url=s3_server.url,
        region=s3_server.region,
        access_key_id=s3_server.access_key,
        secret_access_key=s3_server.secret_key,
        max_attempts=3,
        retry_base_s=0.02,
        retry_budget_s=120.0,
        connect_timeout_s=60.0,
        read_timeout_s=60.0,
    )


REAL_SERVERS = ["rclone", pytest.param("ceph", marks=pytest.mark.slow)]


@pytest.fixture(params=["local", "s3", "hybrid", *REAL_SERVERS])
def store_with(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Storage]:
    """Opens the store of each kind in turn, with changed settings; `rclone` and `ceph` are S3 mode
    on a real server."""
    real = request.param in {"rclone", "ceph"}
    server = request.getfixturevalue(request.param) if real else None
    bucket = server.make_bucket() if server else ""

    def opened(**changes: Any) -> Storage:
        if request.param == "local":
            config = StorageConfig(local_dir=tmp_path / "local")
        elif server:
            config = server.config(bucket, tmp_path / "local")
        else:
            config = replace(request.getfixturevalue("s3_config"), mode=request.param)
        return open_storage(replace(config, **changes))

    return opened


@pytest.fixture
def store(store_with: Callable[..., Storage]) -> Storage:
    return store_with()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A checkpoint with a vocoder that speaks a chunk in a tenth of a second. Whoever tests beside
    this process uses the same files: f5-tts, which writes them, takes 3 s to import."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent  # "master": one process tests
    directory, part = shared / "made" / "tiny", shared / "made" / "part"
    with locked_file(shared / "made" / "lock", wait=True):
        if not directory.exists():
            from standins.checkpoints import make_checkpoint, make_vocos

            make_checkpoint(part)
            make_vocos(part / "vocos")
            part.rename(directory)  # whole, or not there
    return directory
