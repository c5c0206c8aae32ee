"""What a host is told of itself."""

from __future__ import annotations

import socket
import time
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest

from worker.callbacks.post import reach_of
from worker.settings.callbacks import CallbackConfig
from worker.web import connection


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.com/a", "example.com"),
        ("https://example.com:443/a", "example.com"),
        ("https://example.com:8443/a", "example.com:8443"),
        ("http://example.com/a", "example.com"),
        ("http://example.com:443/a", "example.com:443"),
    ],
)
def test_a_host_is_named_as_its_url_names_it(
    monkeypatch: pytest.MonkeyPatch, url: str, host: str
) -> None:
    """Presigned links are signed for the host as browsers name it: without the usual port."""
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(connection, "addresses", lambda *_: [])
    monkeypatch.setattr(connection, "_connect", lambda *_: ours)
    context = Mock(wrap_socket=lambda raw, server_hostname: raw)
    reach, deadline = reach_of(CallbackConfig()), time.monotonic() + 60
    with theirs, connection.connected(urlsplit(url), reach, deadline, context) as connected:
        connected.request("GET", "/a")
        assert f"\r\nHost: {host}\r\n".encode() in theirs.recv(1000)
