"""The HTTP face as a process of its own, as the image starts it with F5_SERVE=http."""

from __future__ import annotations

import http.client
import json
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standins.forked import Process, start, start_genuine
from standins.platform import environment
from standins.waiting import PATIENCE_S, until

_ADDRESS = re.compile(r"listening on http://127\.0\.0\.1:(\d+)")


@dataclass
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Face:
    """A running server."""

    process: Process
    log: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Answer:
        """One request; `body` is sent as JSON unless it is bytes."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if data is not None else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience_s)
        try:
            connection.request(method, path, data, {**kind, **(headers or {})})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def metric(self, name: str) -> float:
        """A figure of `/metrics`, 0 where it is not there."""
        text = self.ask("GET", "/metrics").body.decode()
        found = re.search(rf"^f5worker_{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def until_ready(self) -> None:
        until(lambda: self.ask("GET", "/ping").status == 200)

    def end(self) -> int:
        """Tells it to end as the platform does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


@contextmanager
def http_face(
    env: Mapping[str, str],
    directory: Path,
    program: str = "handler.py",
    *,
    genuine: bool = False,
) -> Iterator[Face]:
    """A server on a free port of this machine, with its files in `directory`; it may still load.

    `program` and `genuine` as for `standins.platform.worker`.
    """
    log = directory / "http.log"
    wanted = {
        "F5_SERVE": "http",
        "HTTP_HOST": "127.0.0.1",
        "PORT": "0",
        "LOCAL_STORAGE_DIR": str(directory / "data"),
        "LOG_FORMAT": "text",
    }
    with log.open("wb") as out:
        process: Process = (start_genuine if genuine else start)(
            [program], environment({**wanted, **env}), cwd=directory, stdout=out
        )
    try:
        until(lambda: process.poll() is not None or _ADDRESS.search(log.read_text()), str(log))
        found = _ADDRESS.search(log.read_text())
        assert found, log.read_text()
        yield Face(process, log, int(found[1]))
    finally:
        process.kill()
        process.wait()


@contextmanager
def ready_face(
    env: Mapping[str, str], directory: Path, program: str = "handler.py"
) -> Iterator[Face]:
    """The same, when its model is loaded."""
    with http_face(env, directory, program) as face:
        face.until_ready()
        yield face
