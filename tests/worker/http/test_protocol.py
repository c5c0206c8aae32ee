"""A connection between two requests, and one whose client takes nothing."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from uvicorn.server import ServerState

from standins.waiting import PATIENCE_S
from worker.http.protocol import Bounded, protocol_for
from worker.settings.load import Settings

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def opened(transport: Any) -> Bounded:
    """A connection that answers everything; waits of a client end after 0.01 s."""
    settings = Settings.load({"HTTP_CLIENT_TIMEOUT_S": "0.01"}).http
    app = PlainTextResponse("done")
    config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none", access_log=False)
    config.load()
    protocol = protocol_for(settings)(config, ServerState(), {})
    protocol.connection_made(transport)
    return protocol


def transport_with(left: list[int]) -> Any:
    """A transport of which `left` bytes are not taken, one figure after the other."""
    transport = Mock(spec=asyncio.Transport)
    transport.is_closing.return_value = False
    transport.get_extra_info.return_value = None
    transport.get_write_buffer_size.side_effect = lambda: left.pop(0) if len(left) > 1 else left[0]
    return transport


async def answered(connection: Bounded) -> None:
    connection.data_received(REQUEST)
    await asyncio.gather(*connection.tasks)


def test_a_connection_may_be_idle_between_two_requests_but_not_in_a_head() -> None:
    async def heads() -> list[bool]:
        connection = opened(transport_with([0]))
        waited = [connection._head is not None]
        await answered(connection)
        waited.append(connection._head is not None)
        connection.data_received(REQUEST[:5])
        waited.append(connection._head is not None)
        connection.data_received(REQUEST[5:])
        waited.append(connection._head is not None)
        connection.connection_lost(None)
        return waited

    assert asyncio.run(heads()) == [True, False, True, False]


def test_the_rest_of_an_answer_is_not_kept_for_a_client_that_takes_nothing() -> None:
    async def cut(left: list[int]) -> list[int]:
        gone = asyncio.Event()
        transport = transport_with(left)
        transport.abort.side_effect = gone.set
        await answered(opened(transport))
        await asyncio.wait_for(gone.wait(), PATIENCE_S)
        return left

    assert asyncio.run(cut([900, 500, 500])) == [500]


def test_an_answer_that_is_cut_off_is_told_from_a_whole_one_over_http_1_0() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a part", "more_body": True})
        scope["state"]["abort"]()

    async def read() -> bytes:
        config = uvicorn.Config(app, interface="asgi3", lifespan="off", log_config=None, ws="none")
        config.load()
        kind, state = protocol_for(Settings.load({}).http), ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: kind(config, state, {}), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            try:
                return await reader.read()
            finally:
                writer.close()

    with pytest.raises(ConnectionResetError):
        asyncio.run(read())
