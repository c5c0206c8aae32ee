"""Requests to the HTTP face, written byte by byte, and the bounds they meet."""

from __future__ import annotations

import socket

from standins.http_face import Face
from standins.local_worker import FAST
from standins.waiting import PATIENCE_S

LONG = {"input": "This sentence is said again. " * 100, "nfe_step": 32, "voice": "demo"}
SHORT = {"input": "Hello there.", "voice": "demo", **FAST}
SPEECH = "/v1/audio/speech"
BOUNDS = {
    "HTTP_CLIENT_TIMEOUT_S": "600",  # a test that waits for a busy core is no slow client
    "HTTP_MAX_BODY_BYTES": "200000",
    "HTTP_MAX_CONNECTIONS": "40",
    "HTTP_MAX_WAITING": "1",
    "F5_MAX_BATCH_FRAMES": "1",  # one chunk a pass: a long text is long
    "GPU_PRICE_PER_HOUR": "2",
}


def connected(face: Face) -> socket.socket:
    return socket.create_connection(("127.0.0.1", face.port), timeout=PATIENCE_S)


def raw(face: Face, *lines: str, body: bytes = b"") -> bytes:
    """What comes back for a request as it is written here, until the server closes."""
    with connected(face) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return received(client)


def received(client: socket.socket) -> bytes:
    data = b""
    while piece := _received(client):
        data += piece
    return data


def _received(client: socket.socket) -> bytes:
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


def post(length: int, *more: str) -> tuple[str, ...]:
    head = (f"POST {SPEECH} HTTP/1.1", "Host: localhost", "Content-Type: application/json")
    return (*head, f"Content-Length: {length}", *more)


def idle(face: Face) -> bool:
    return face.metric("running") == face.metric("waiting") == 0
