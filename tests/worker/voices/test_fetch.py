"""Links to voices: downloaded whole, bounded, and never from a private network."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from errors import (
    InvalidInput,
    StorageUnavailable,
    VoiceNotFound,
    VoiceUnusable,
    WorkerError,
)
from tests.worker.voices.web import reply, self_signed, serving
from worker.voices.download import FetchRules, fetch

OPEN = FetchRules(max_bytes=10_000, timeout_s=60, allow_http=True, allow_private=True)
STRICT = FetchRules(max_bytes=10_000, timeout_s=60)


def test_the_body_comes_whole() -> None:
    with serving(lambda h: reply(h, b"x" * 9_999)) as port:
        assert fetch(f"http://127.0.0.1:{port}/a.wav", OPEN) == b"x" * 9_999


def test_a_presigned_url_arrives_unchanged() -> None:
    seen: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.path)
        reply(handler, b"ok")

    path = "/b/k%20y%2Bz.wav?X-Amz-Signature=ab%2Fc&X-Amz-Credential=K%2F20260101&x=a+b~'"
    with serving(answer) as port:
        fetch(f"http://127.0.0.1:{port}{path}", OPEN)
        fetch(f"http://127.0.0.1:{port}/ö.wav", OPEN)
    assert seen == [path, "/%C3%B6.wav"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, VoiceNotFound), (410, VoiceNotFound), (403, VoiceUnusable), (401, VoiceUnusable),
        (400, VoiceUnusable), (204, VoiceUnusable), (429, StorageUnavailable),
        (500, StorageUnavailable), (503, StorageUnavailable),
    ],
)  # fmt: skip
def test_every_status_has_its_error(status: int, error: type[WorkerError]) -> None:
    with serving(lambda h: reply(h, status=status)) as port, pytest.raises(error) as caught:
        fetch(f"http://127.0.0.1:{port}/a.wav?X-Amz-Signature=SECRET", OPEN)
    assert str(status) in caught.value.message
    assert caught.value.hint


def test_a_web_page_is_no_voice() -> None:
    with (
        serving(lambda h: reply(h, b"<html>", content_type="text/html; charset=utf-8")) as port,
        pytest.raises(VoiceUnusable, match="web page"),
    ):
        fetch(f"http://127.0.0.1:{port}/share", OPEN)


def test_size_is_bounded_by_the_header_and_while_streaming() -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 4096)
        except OSError:
            return

    for answer in (lambda h: reply(h, b"x" * 10_001), endless):
        with serving(answer) as port, pytest.raises(VoiceUnusable, match="larger than 10000"):
            fetch(f"http://127.0.0.1:{port}/a.wav", OPEN)


def test_an_empty_body_and_a_short_one_are_refused() -> None:
    with serving(reply) as port, pytest.raises(VoiceUnusable, match="empty"):
        fetch(f"http://127.0.0.1:{port}/a.wav", OPEN)
    short = serving(lambda h: reply(h, b"abc", content_length="9"))
    with short as port, pytest.raises(StorageUnavailable, match="broke off"):
        fetch(f"http://127.0.0.1:{port}/a.wav", OPEN)


def test_a_host_that_drips_is_left_in_time() -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            return

    rules = FetchRules(1000, timeout_s=1.0, allow_http=True, allow_private=True)
    with serving(drip) as port, pytest.raises(StorageUnavailable, match="too long") as caught:
        fetch(f"http://127.0.0.1:{port}/a.wav", rules)  # else it were too large after 50 s
    assert caught.value.retryable


def test_nobody_listening_is_retryable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(StorageUnavailable):
        fetch(f"http://127.0.0.1:{port}/a.wav", OPEN)


def test_redirects_are_followed_up_to_five() -> None:
    def hop(handler: BaseHTTPRequestHandler) -> None:
        left = int(handler.path[1:])
        if left:
            reply(handler, status=302, location=f"/{left - 1}")
        else:
            reply(handler, b"there")

    with serving(hop) as port:
        assert fetch(f"http://127.0.0.1:{port}/5", OPEN) == b"there"
        with pytest.raises(VoiceUnusable, match="redirects more than 5"):
            fetch(f"http://127.0.0.1:{port}/6", OPEN)


def test_a_redirect_into_a_private_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, *args: object, **kwargs: object) -> object:
        # The one public host of this test; its connection goes to the local server below.
        return real("127.0.0.1" if host == "public.example" else host, *args, **kwargs)  # type: ignore[arg-type]

    from worker.web import address as module

    checked = module.is_public
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(module, "is_public", lambda a: a == "127.0.0.1" or checked(a))
    rules = FetchRules(10_000, timeout_s=60, allow_http=True)
    target = "http://169.254.169.254/latest/meta-data/"
    with (
        serving(lambda h: reply(h, status=302, location=target)) as port,
        pytest.raises(InvalidInput, match="not public"),
    ):
        fetch(f"http://public.example:{port}/a.wav", rules)


def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path) -> None:
    files = self_signed(tmp_path)
    trust = ssl.create_default_context(cafile=str(files[0]))
    rules = FetchRules(10_000, timeout_s=60, allow_private=True)
    with (
        serving(lambda h: reply(h, status=301, location="http://127.0.0.1/x"), tls=files) as port,
        pytest.raises(InvalidInput, match="https"),
    ):
        fetch(f"https://localhost:{port}/a.wav", rules, context=trust)


def test_certificates_are_checked(tmp_path: Path) -> None:
    files = self_signed(tmp_path)
    trust = ssl.create_default_context(cafile=str(files[0]))
    rules = FetchRules(10_000, timeout_s=60, allow_private=True)
    with serving(lambda h: reply(h, b"secret voice"), tls=files) as port:
        assert fetch(f"https://localhost:{port}/a", rules, context=trust) == b"secret voice"
        with pytest.raises(VoiceUnusable, match="certificate"):
            fetch(f"https://localhost:{port}/a", rules)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "10.1.2.3", "192.168.0.1", "172.16.9.9", "169.254.169.254",
        "0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255", "[::1]", "[fe80::1]", "[fd00::1]",
        "[fec0::1]", "192.0.0.192", "[::ffff:192.0.0.192]",
        "[::ffff:127.0.0.1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[::]", "2130706433",
        "0x7f.1",
    ],
)  # fmt: skip
def test_private_addresses_are_refused_however_written(host: str) -> None:
    with pytest.raises((InvalidInput, StorageUnavailable)) as caught:
        fetch(f"https://{host}/a.wav", STRICT)
    assert "not public" in caught.value.message or "cannot be resolved" in caught.value.message


def test_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(InvalidInput, match="not public"):
        fetch("https://mixed.example/a.wav", STRICT)


def test_the_checked_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])
    connected: list[object] = []

    def resolve(*_: object, **__: object) -> object:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))]

    def connect(_: socket.socket, address: object) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(StorageUnavailable):
        fetch("https://rebinding.example/a.wav", STRICT)
    assert connected == [("93.184.215.14", 443)]


def test_the_next_address_is_tried_when_one_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(lambda h: reply(h, b"ok")) as port:
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.9", "127.0.0.1")
        ]
        monkeypatch.setattr(socket, "getaddrinfo", _only("two.example", found))
        assert fetch(f"http://two.example:{port}/a.wav", OPEN) == b"ok"


def _only(name: str, found: list[object]) -> object:
    real = socket.getaddrinfo

    def resolve(host: str, *args: object, **kwargs: object) -> object:
        return found if host == name else real(host, *args, **kwargs)  # type: ignore[arg-type]

    return resolve


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.wav", "ftp://example.com/a", "file:///etc/passwd", "https:///a",
        "https://user:pw@example.com/a", "https://[broken/a", "https://example.com:99999/a",
    ],
)  # fmt: skip
def test_other_urls_are_refused_before_anything_is_resolved(url: str) -> None:
    with pytest.raises(InvalidInput):
        fetch(url, STRICT)


def test_a_signature_is_in_no_message_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(lambda h: reply(h, status=404)) as port, pytest.raises(VoiceNotFound) as caught:
        fetch(f"http://127.0.0.1:{port}/a.wav?X-Amz-Signature=SECRET", OPEN)
    assert "/a.wav" in caught.value.message
    assert "SECRET" not in caught.value.message + caught.value.hint + caplog.text


@pytest.mark.parametrize(
    "location",
    [
        "http://[", "//[", "https://[::1", "http://]/", "http://[fe80::%]/", "http://[::1%25]/",
        "http://[v1.x]/", "http://:80/", "http://", "//", "http://a:b/", "http://a:99999/",
        "http://a:-1/", "http://.a/", "http://a..b/", "http://a%00b/", "http://" + "a" * 300 + "/",
        "http://user:word@a/", "file:///etc/passwd", "gopher://a/", "javascript:1", "http://\xff/",
        "http://\\a/", "http:/a", "?",
    ],
)  # fmt: skip
def test_every_malformed_redirect_is_a_typed_error(location: str) -> None:
    redirecting = serving(lambda h: reply(h, status=302, Location=location))
    with redirecting as port, pytest.raises(WorkerError) as failed:
        fetch(f"http://127.0.0.1:{port}/a.wav", OPEN)
    assert failed.value.code in ("INVALID_INPUT", "VOICE_UNUSABLE", "STORAGE_UNAVAILABLE")
