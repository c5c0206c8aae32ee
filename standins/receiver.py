"""Who a worker or the platform posts to when a job has ended: a real server on loopback.

receiver = Receiver()
receiver.answers += [500, 500]       # the next two; then 200
receiver.answers += ["silent"]       # never answers this one
receiver.wait_for(3)                 # posts so far
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standins.waiting import PATIENCE_S


@dataclass(frozen=True)
class Post:
    """One request; `at` is `time.monotonic()` seconds."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Keeps every post. `answers` are used up one a post: a status, (status, headers), `silent`, or
    `held`, which answers 200 when `release` is set."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: list[int | str | tuple[int, Mapping[str, str]]] = []
        self.release, self.closed = threading.Event(), threading.Event()
        self._arrived = threading.Condition()

        class Handler(_Handler):
            receiver = self

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook?token=TOPSECRET"

    def wait_for(self, count: int) -> list[Post]:
        """The posts, of which there are `count` at least; fails the test when they do not come."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.posts) >= count, PATIENCE_S)
        assert came, f"{len(self.posts)} posts, not {count}, in {PATIENCE_S:g} s"
        return self.posts

    def close(self) -> None:
        self.closed.set()
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def take(self, post: Post) -> int | str | tuple[int, Mapping[str, str]]:
        """Keeps a post; what it is answered with."""
        with self._arrived:
            self.posts.append(post)
            self._arrived.notify_all()
            return self.answers.pop(0) if self.answers else 200


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.receiver.take(Post(self.path, headers, body, time.monotonic()))
        if answer == "silent":
            self.receiver.closed.wait(PATIENCE_S)
            return
        if answer == "held":
            self.receiver.release.wait(PATIENCE_S)
            answer = 200
        status, more = answer if isinstance(answer, tuple) else (int(answer), {})
        self.send_response(status)
        for name, value in {"Content-Length": "0", **more}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return
