"""uvicorn's HTTP/1.1 protocol with bounds on connections that send nothing.

uvicorn waits for ever for the head of a first request, and takes any number of connections.
Imported late: it imports uvicorn.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from worker.settings.http import HttpConfig

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time


def protocol_for(settings: HttpConfig) -> type[H11Protocol]:
    """The protocol class with the settings' bounds, as uvicorn wants one."""
    bounds = {"patience_s": settings.client_timeout_s, "most": settings.max_connections}
    return type("BoundedProtocol", (Bounded,), bounds)


class Bounded(H11Protocol):
    """Ends a connection beyond the `most`, whose request's head has not come in `patience_s`
    seconds, or that takes nothing of an answer's rest for as long. An application finds how to cut
    a connection off under `state.abort`."""

    patience_s: ClassVar[float]
    most: ClassVar[int]
    _head: asyncio.TimerHandle | None = None
    _rest: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "abort": self._cut}
        if len(self.connections) > self.most:
            transport.abort()
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_head()
        if self._rest is not None:
            self._rest.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A next request's head is waited for from its first byte on; until then a connection may
        be idle as long as uvicorn lets it."""
        if self._head is None and self.cycle is not None and self.cycle.response_complete:
            self._await_head()
        super().data_received(data)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._has_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_rest(self.transport.get_write_buffer_size())

    def _watch_rest(self, left: int) -> None:
        """Sees to it that a client takes the last `left` bytes: uvicorn closes a connection, but
        waits for ever until they are taken."""
        if left:
            self._rest = self.loop.call_later(self.patience_s, self._look_at_rest, left)

    def _look_at_rest(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left < before:
            self._watch_rest(left)
        else:
            self.transport.abort()

    def _cut(self) -> None:
        """Ends the connection by a reset: over HTTP/1.0, which proxies speak, a mere end is that of
        a whole answer."""
        if (connected := self.transport.get_extra_info("socket")) is not None:
            with suppress(OSError):
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def _await_head(self) -> None:
        self._has_head()
        self._head = self.loop.call_later(self.patience_s, self.transport.abort)

    def _has_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None
