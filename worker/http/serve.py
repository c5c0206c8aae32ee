"""Serves the HTTP face until the process is to end: `python -m worker serve`, or `handler.py` with
F5_SERVE=http."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections.abc import Iterator

import uvicorn

from errors import ConfigError, WorkerError
from worker.app import App
from worker.http.access import check_exposure
from worker.http.desk import Desk
from worker.http.metrics import Metrics
from worker.http.protocol import protocol_for
from worker.http.site import Site
from worker.log import ROOT, get_logger
from worker.settings.load import Settings
from worker.threads import Lane, in_thread

log = get_logger("http")

_IDLE_S = 75  # a connection may stay open between two requests; longer than most proxies keep one
_BACKLOG = 512
_LARGEST_HEAD = 64 << 10  # bytes
_TELLING_S = 1.0  # after the grace, for answers that say that the worker ends
_STORING_S = 5.0  # after the grace, for what is cut off


def serve(settings: Settings, host: str | None = None, port: int | None = None) -> int:
    """Loads the model and serves; returns the exit code: 1 if the worker must be replaced.

    Args:
        host, port: instead of the settings' own.

    Raises:
        ConfigError: the address is taken, or open to others without a key.
    """
    host = host or settings.http.host or "127.0.0.1"
    check_exposure(settings.http, host)
    wanted = [settings.http.port if port is None else port]
    if settings.http.health_port and settings.http.health_port not in wanted:
        wanted.append(settings.http.health_port)
    with contextlib.ExitStack() as open_sockets:
        listening = [open_sockets.enter_context(_listen(host, one)) for one in wanted]
        app = App(settings)
        try:
            return asyncio.run(_serve(app, host, listening))
        finally:
            app.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=_BACKLOG)
    except OSError as exc:
        raise ConfigError(
            f"{host}:{port} cannot be listened on ({exc.strerror or exc}).",
            "Choose another PORT or HTTP_HOST, or end what uses it.",
        ) from exc


async def _serve(app: App, host: str, listening: list[socket.socket]) -> int:
    desk = Desk(app, Metrics())
    site, settings = Site(desk), app.settings
    _log_like_ours()
    server = _Server(
        uvicorn.Config(
            site,
            http=protocol_for(settings.http),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=max(1, round(settings.jobs.drain_grace_s)),
            h11_max_incomplete_event_size=_LARGEST_HEAD,
        ),
        desk,
    )
    ports = ", ".join(f"http://{host}:{each.getsockname()[1]}" for each in listening)
    log.info("listening on %s", ports)
    watching = asyncio.create_task(_until_broken(desk, server))
    await server.serve(sockets=listening)
    watching.cancel()
    await _told_to_end(server)
    left = server.ends_at - time.monotonic()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, left) + _STORING_S):
            await site.jobs.drain(left)
    await in_thread(Lane.STORE, desk.runner.close, _STORING_S)
    app.end_storage()
    return int(server.must_be_replaced)


class _Server(uvicorn.Server):
    """uvicorn, told to end by a signal without dying of it, or because the worker is broken."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self._desk = desk
        self.must_be_replaced = False
        self.ends_at = 0.0  # on `time.monotonic()`'s clock

    def end(self) -> None:
        """Takes nothing new, lets what runs end within DRAIN_GRACE_S; at once if asked again."""
        self.force_exit = self.should_exit
        grace = self._desk.app.settings.jobs.drain_grace_s
        if not self.should_exit:
            log.info("ending; %d texts have %g s to finish", self._desk.running, grace)
            self.ends_at = time.monotonic() + grace
        self.should_exit = self._desk.draining = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        caught = (signal.SIGTERM, signal.SIGINT)
        for each in caught:
            loop.add_signal_handler(each, self.end)
        try:
            yield
        finally:
            for each in caught:
                loop.remove_signal_handler(each)


async def _told_to_end(server: uvicorn.Server) -> None:
    """Waits until each request that uvicorn cancelled has told its client so."""
    if late := set(server.server_state.tasks):
        await asyncio.wait(late, timeout=_TELLING_S)


async def _until_broken(desk: Desk, server: _Server) -> None:
    """Ends a server that can serve nothing: without a model, or with a broken device."""
    try:
        await desk.app.loaded_engine()
        await desk.broken.wait()
    except WorkerError:
        pass  # the log has said why
    log.error("this worker can serve nothing any more; it ends")
    server.must_be_replaced = True
    server.end()


def _log_like_ours() -> None:
    """uvicorn's warnings, in the worker's own form."""
    theirs = logging.getLogger("uvicorn")
    theirs.handlers[:] = logging.getLogger(ROOT).handlers
    theirs.setLevel(logging.WARNING)
    theirs.propagate = False
