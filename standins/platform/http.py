"""The HTTP face of the local platform; what to answer is decided in `platform.py` and `_api.py`."""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from standins.platform import api as platform_api
from standins.platform.faults import malformed
from standins.platform.limits import limit

if TYPE_CHECKING:
    from standins.platform import Platform

_KINDS = {
    "job-take": "take",
    "job-take-batch": "take",
    "job-done": "done",
    "job-stream": "stream",
    "job-stop": "stop",
    "ping": "ping",
    "v2": "api",
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A worker that is killed leaves its connections behind; that is part of the tests."""


def serve(platform: Platform) -> ThreadingHTTPServer:
    """Starts the server on a free port of loopback."""

    class Handler(_Handler):
        pass

    Handler.platform = platform
    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    platform: Platform

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def do_OPTIONS(self) -> None:
        """What a browser asks before a page's request; without CORS the answer names no origin."""
        self._send(204, None)

    def _serve(self) -> None:
        """One request, with the fault it meets."""
        url = urlsplit(self.path)
        parts, query = url.path.strip("/").split("/"), parse_qs(url.query)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = _KINDS.get(parts[0])
        if kind is None:
            return self._send(404, {"error": f"no such path: {url.path}"})
        fault = self.platform.faults.next(kind, parts[2] if kind in ("done", "stream") else None)
        if fault is None:
            return self._send(*self._act(kind, parts, query, body))
        if fault.kind == "answer":
            return self._send(fault.status, None if fault.status == 204 else {"error": "fault"})
        if fault.kind == "say":
            return self._send_text(200, fault.text)
        if fault.kind == "malform":
            status, jobs = self._act(kind, parts, query, body)
            jobs = jobs if isinstance(jobs, list) else [jobs] if status == 200 else []
            return self._send_text(200, malformed(jobs))
        if fault.kind == "slow":
            time.sleep(fault.seconds)
            return self._send(*self._act(kind, parts, query, body))
        if fault.kind == "lose_answer":
            _, answer = self._act(kind, parts, query, body)
            if kind == "take" and answer:
                self.platform.untake(answer if isinstance(answer, list) else [answer])
        return self._reset()

    def _act(
        self, kind: str, parts: list[str], query: dict[str, list[str]], body: bytes
    ) -> tuple[int, Any]:
        """Does what is asked; returns the status and the JSON value of the answer."""
        platform = self.platform
        if kind in ("done", "stream") and len(body) > limit(kind, parts[2]):
            platform.refused.append((kind, parts[2], len(body)))
            return 413, {"error": "payload too large"}
        is_stream = query.get("isStream") == ["true"]
        if kind == "api":
            given = self.headers.get("Authorization")
            return platform_api.answer(platform, self.command, parts[1:], query, given, body)
        if kind == "take":
            batch = parts[0] == "job-take-batch"
            count = int(query["batch_size"][0]) if batch else 1
            jobs = platform.take(parts[1], count, self._alive)
            return (200, jobs if batch else jobs[0]) if jobs else (204, None)
        if kind == "stop":
            stops = platform.stop_signals(parts[1], self._alive)
            return (200, {"jobsToStop": stops}) if stops else (204, None)
        if kind == "ping":
            platform.pinged(query)
        elif kind == "done":
            platform.done(parts[2], json.loads(body), is_stream)
        else:
            platform.streamed(parts[2], json.loads(body), is_stream)
        return 200, {}

    def _alive(self) -> bool:
        """False once the other side has closed: a dead worker must not be given a job."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return not readable or bool(self.connection.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def _send(self, status: int, value: object) -> None:
        self._send_text(status, "" if value is None else json.dumps(value))

    def _send_text(self, status: int, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self.platform.pages and self.path.startswith("/v2/"):
            self.send_header("Access-Control-Allow-Origin", self.platform.pages)
            self.send_header("Access-Control-Allow-Headers", "authorization, content-type")
        self.end_headers()
        self.wfile.write(data)

    def _reset(self) -> None:
        """Closes at once, unanswered."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass
