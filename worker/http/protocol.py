"""uvicorn's HTTP/1.1 protocol with bounds on connections that send nothing.

uvicorn waits for ever for the head of a first request, and takes any number of connections.
Imported late: it imports uvicorn.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from worker.settings.http import HttpConfig


def protocol_for(settings: HttpConfig) -> type[H11Protocol]:
    """The protocol class with the settings' bounds, as uvicorn wants one."""
    bounds = {"patience_s": settings.client_timeout_s, "most": settings.max_connections}
    return type("BoundedProtocol", (Bounded,), bounds)


class Bounded(H11Protocol):
    """Ends a connection beyond the `most`, or whose request's head has not come in `patience_s`
    seconds. An application finds how to cut a connection off under `state.abort`."""

    patience_s: ClassVar[float]
    most: ClassVar[int]
    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "abort": transport.abort}
        if len(self.connections) > self.most:
            transport.abort()
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_head()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._has_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self.cycle.response_complete:
            self._await_head()  # of the next request; uvicorn's own timer ends with its first byte

    def _await_head(self) -> None:
        self._has_head()
        self._head = self.loop.call_later(self.patience_s, self.transport.abort)

    def _has_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None
