"""A host that does not answer, for jobs that name it."""

from __future__ import annotations

import socket
from typing import Any

from standins.waiting import until

HOSTS = 40


class SilentHost:
    """Accepts connections and says nothing; counts those that are open."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._socket.setblocking(False)
        self._held: list[socket.socket] = []

    def job(self, hosts: int = HOSTS) -> dict[str, Any]:
        port = self._socket.getsockname()[1]
        voices = [f"http://127.0.0.1:{port}/{n}.wav" for n in range(hosts)]
        return {"segments": [{"text": "Hi.", "voice": voice} for voice in voices]}

    def open(self) -> tuple[int, int]:
        """(connections that came, those of them that the worker has not closed)."""
        while True:
            try:
                self._held.append(self._socket.accept()[0])
            except BlockingIOError:
                break
            self._held[-1].setblocking(False)
        return len(self._held), sum(not _closed(held) for held in self._held)

    def until_came(self) -> None:
        """Until somebody has called."""
        until(lambda: self.open()[0])

    def close(self) -> None:
        for held in (*self._held, self._socket):
            held.close()


def _closed(held: socket.socket) -> bool:
    try:
        while data := held.recv(4096):
            assert data.startswith((b"GET ", b"\x16"))
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
