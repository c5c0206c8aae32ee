"""The HTTP face under settings of its own: how long it waits for clients, keys, how it ends."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path

import pytest

from standins.http_face import http_face, ready_face
from standins.waiting import PATIENCE_S, until
from tests.whole.held_jobs import EVERY_JOB, PROGRAM, HeldJobs
from tests.whole.raw_http import BOUNDS, LONG, SHORT, SPEECH, connected, idle, post, received


@pytest.mark.slow
def test_a_client_that_takes_nothing_is_cut_off(tiny_model: Path, tmp_path: Path) -> None:
    body = json.dumps({**LONG, "response_format": "wav", "nfe_step": 4}).encode()
    env = {"F5_MODEL": str(tiny_model), "HTTP_CLIENT_TIMEOUT_S": "5"}
    with ready_face(env, tmp_path) as face, connected(face) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall("\r\n".join([*post(len(body)), "", ""]).encode() + body)
        until(lambda: "CLIENT_TOO_SLOW" in face.log.read_text())
        until(lambda: idle(face))


def test_what_does_not_come_is_not_waited_for(tiny_model: Path, tmp_path: Path) -> None:
    """Heads and a body, all at once; a body before which this process was paused too long is sent
    once more."""
    heads = (b"", b"POST /v1/audio/speech HT", b"GET /ping HTTP/1.1\r\nA: b")
    body = "\r\n".join([*post(100), "", '{"input"']).encode()
    brief = {"F5_MODEL": str(tiny_model), "HTTP_CLIENT_TIMEOUT_S": "1"}
    with http_face(brief, tmp_path) as face, contextlib.ExitStack() as open_ones:

        def begun(sent: bytes) -> socket.socket:
            client = open_ones.enter_context(connected(face))
            with contextlib.suppress(ConnectionError):
                client.sendall(sent)
            return client

        clients = [begun(sent) for sent in heads]
        answers = [received(begun(body))]
        until(lambda: answers[-1] or answers.append(received(begun(body))))
        assert [received(client) for client in clients] == [b""] * len(heads)
    assert answers[-1].startswith(b"HTTP/1.1 408") and b"CLIENT_TOO_SLOW" in answers[-1]


def test_keys_and_pages_of_other_sites(tiny_model: Path, tmp_path: Path) -> None:
    env = {"HTTP_API_KEYS": "one-key,two-key", "HTTP_CORS_ORIGINS": "https://app.example"}
    with http_face({"F5_MODEL": str(tiny_model), **env}, tmp_path) as face:
        assert face.ask("GET", "/ping").status in (200, 204), "health checks bring no key"
        refused = face.ask("GET", "/metrics")
        assert (refused.status, refused.json["error"]["code"]) == (401, "KEY_REFUSED")
        assert face.ask("GET", "/metrics", headers={"X-API-Key": "two-key"}).status == 200
        bearer = {"Authorization": "Bearer one-key", "Origin": "https://app.example"}
        answer = face.ask("GET", "/metrics", headers=bearer)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
        assert face.ask("HEAD", "/").status == 200, "as GET: the page needs no key"
        asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        assert face.ask("OPTIONS", SPEECH, headers=asks).status == 200
        other = {**asks, "Origin": "https://evil.example"}
        assert (
            "access-control-allow-origin" not in face.ask("OPTIONS", SPEECH, headers=other).headers
        )
        assert "one-key" not in face.log.read_text()


def test_sigterm_lets_a_text_end_and_tells_who_is_cut_off(tiny_model: Path, tmp_path: Path) -> None:
    held = HeldJobs(tmp_path / "held")
    held.after(EVERY_JOB, chunks=1)
    slow = {"F5_MODEL": str(tiny_model), **BOUNDS, **held.env, "DRAIN_GRACE_S": "1"}
    with ready_face(slow, tmp_path, PROGRAM) as face:
        body = json.dumps({**LONG, "stream_format": "sse", "nfe_step": 64}).encode()
        whole = json.dumps({**LONG, "stream_format": "whole"}).encode()
        with connected(face) as client, connected(face) as other:
            other.sendall("\r\n".join([*post(len(whole)), "", ""]).encode() + whole)
            client.sendall("\r\n".join([*post(len(body)), "", ""]).encode() + body)
            assert client.recv(200).startswith(b"HTTP/1.1 200")
            face.process.terminate()
            events, refused = received(client), received(other)
        assert events.endswith(b"0\r\n\r\n"), "an error in a stream is an event, not a cut"
        assert refused.startswith(b"HTTP/1.1 503") and b"x-should-retry: true" in refused
        assert "Traceback" not in face.log.read_text()
        assert b'"type": "error"' in events and b'"BUSY"' in events
        assert face.process.wait(PATIENCE_S) == 0
    held.after(EVERY_JOB, chunks=0)
    with ready_face({**slow, "DRAIN_GRACE_S": "600"}, tmp_path, PROGRAM) as face:
        with connected(face) as client:
            body = json.dumps({**SHORT, "input": "One. Two. Three.", "nfe_step": 32}).encode()
            client.sendall("\r\n".join([*post(len(body)), "", ""]).encode() + body)
            until(lambda: face.metric("running") == 1)
            face.process.terminate()
            until(lambda: "ending; 1 texts have 600 s" in face.log.read_text())
            held.go_on(EVERY_JOB)
            answer = received(client)
        assert answer.startswith(b"HTTP/1.1 200") and len(answer) > 1000
        assert face.process.wait(PATIENCE_S) == 0
