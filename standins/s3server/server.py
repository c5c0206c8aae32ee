"""A strict S3 server for tests: moto keeps the objects, this checks what moto does not.

Every request's signature, clock, region and key id is verified as S3 does it; then faults and rules
apply; then moto's S3 application answers, in this process. Answers to HEAD have no body. The
endpoint is http://127.0.0.1:PORT, path style; for a client that resolves it, BUCKET.s3.test is the
bucket's own host.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends
from werkzeug.test import run_wsgi_app

from standins.s3server.faults import Fault, Faults, Request
from standins.s3server.sigv4 import Refusal, verify

DOMAIN = "s3.test"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9-]+\Z")
_CHECKSUM_SIGNS = ("x-amz-checksum-", "x-amz-sdk-checksum-algorithm", "x-amz-trailer")


class S3Server:
    """Runs in a thread; `url`, `access_key`, `secret_key` and `region` are what clients need."""

    def __init__(self, region: str = "eu-central-1") -> None:
        self.region = region
        self.access_key = "TEST" + secrets.token_hex(8).upper()
        self.secret_key = secrets.token_urlsafe(30)
        self.faults = Faults()
        self.requests: list[Request] = []
        self._app = create_backend_app("s3")
        self._moto = threading.Lock()  # moto's dictionaries are not made for threads
        handler = type("Handler", (_Handler,), {"owner": self})
        self._http = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> S3Server:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def make_bucket(self, name: str = "") -> str:
        """Makes an empty bucket and returns its name."""
        name = name or f"test-{secrets.token_hex(6)}"
        with self._moto:
            self._backend.create_bucket(name, "us-east-1")
        return name

    def uploads(self, bucket: str) -> int:
        """How many multipart uploads are begun and neither completed nor aborted."""
        with self._moto:
            return len(self._backend.buckets[bucket].multiparts)

    def raw_keys(self, bucket: str) -> list[str]:
        with self._moto:
            return sorted(key for key, _ in self._backend.buckets[bucket].keys.items())

    def contents(self, bucket: str) -> dict[str, bytes]:
        """Every object, by key."""
        with self._moto:
            stored = self._backend.buckets[bucket].keys.items()
            return {key: bytes(one.value) for key, one in stored}

    def put_raw(self, bucket: str, key: str, body: bytes) -> None:
        """Stores an object behind the client's back."""
        with self._moto:
            self._backend.put_object(bucket, key, body)

    def forget_requests(self) -> None:
        self.requests.clear()

    @property
    def env(self) -> dict[str, str]:
        """The environment a worker needs to use this server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    @property
    def _backend(self) -> Any:
        return s3_backends["123456789012"]["aws"]

    def judge(self, request: Request, body: bytes) -> None:
        """Raises Refusal for what a real service would refuse."""
        now = datetime.now(UTC) + timedelta(seconds=self.faults.clock_offset_s)
        verify(
            request.method,
            request.sent or request.target,
            request.headers,
            body,
            secrets={self.access_key: self.secret_key},
            region=self.region,
            now=now,
        )
        rules = self.faults
        if rules.refuse_checksums and _has_checksum(request):
            raise Refusal(400, "InvalidArgument", "Unsupported header received for this API call")
        _check_digest(request, body, rules.object_lock)
        if rules.expired_token:
            raise Refusal(400, "ExpiredToken", "The provided token has expired.")
        bucket, _, key = unquote(request.path)[1:].partition("/")
        if rules.no_list_permission and not key and request.method in {"GET", "HEAD"}:
            raise Refusal(403, "AccessDenied", "Access Denied")
        if rules.only_bucket not in (None, bucket) or request.method in rules.denied:
            raise Refusal(403, "AccessDenied", "Access Denied")

    def answer(self, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        """moto's answer."""
        with self._moto:
            chunks, status, headers = run_wsgi_app(self._app, environ)
            body = b"".join(_bytes(chunks))
        code = int(status.split()[0])
        if self.faults.no_list_permission and code == 404 and b"NoSuchBucket" not in body:
            return _error(Refusal(403, "AccessDenied", "Access Denied"))
        return code, list(headers), body


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # of connections that wait while this process waits for a core

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle of an answer is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    owner: S3Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.owner.faults.drops_odd_headers:
            for name in [name for name in self.headers if not _PLAIN_NAME.match(name)]:
                del self.headers[name]
        headers = {name.lower(): value for name, value in self.headers.items()}
        sent, self.path = self.path, _in_path_style(headers.get("host", ""), self.path)
        request = Request(self.command, self.path, headers, len(body), sent)
        self.owner.requests.append(request)
        fault = self.owner.faults.take(request)
        kind = fault.kind if fault else ""
        if fault and kind == "delay":
            time.sleep(fault.seconds)
        if fault and kind == "hold":
            self.owner.faults.released.wait()
        if kind == "drop":
            self._hang_up()
            return
        try:
            if fault and kind == "answer":
                raise Refusal(fault.status, fault.code, fault.message)
            self.owner.judge(request, body)
            if fault and kind == "truncate_upload":
                body = body[: fault.after]
            answer: tuple[int, list[tuple[str, str]], bytes] = (200, [], b"")
            if kind == "website":
                answer = 200, [("Content-Type", "text/html")], b"<html><p>Welcome<br></html>"
            elif kind != "reply":
                environ = self._environ(body)
                if self.owner.faults.ignores_conditions:
                    environ.pop("HTTP_IF_NONE_MATCH", None)
                if kind == "ignore_range":
                    environ.pop("HTTP_RANGE", None)
                answer = self.owner.answer(environ)
        except Refusal as refusal:
            answer = _error(refusal)
        if kind == "lose_answer":
            self._hang_up()
            return
        self._send(*answer, fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _handle

    def handle_expect_100(self) -> bool:
        answered = super().handle_expect_100()
        self.wfile.flush()  # the client waits for it
        return answered

    def _send(
        self, status: int, headers: list[tuple[str, str]], body: bytes, fault: Fault | None
    ) -> None:
        head = self.command == "HEAD"
        length = next((v for k, v in headers if k.lower() == "content-length"), str(len(body)))
        headers = [
            (name, value)
            for name, value in headers
            if name.lower() not in {"content-length", "connection", "server", "date"}
        ]
        now = time.time() + self.owner.faults.clock_offset_s
        headers.append(("Date", self.date_time_string(now)))
        if status != 204:
            error = status >= 400
            headers.append(("Content-Length", length if head and not error else str(len(body))))
        if fault and fault.edit:
            status, headers, body = fault.edit(status, headers, body)
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        names = {name.lower() for name, _ in headers}
        if not names & {"content-length", "transfer-encoding"} and status != 204:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if head:
            return
        if fault and fault.kind == "corrupt" and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        if fault and fault.kind == "cut":
            self.wfile.write(body[: fault.after])
            self._hang_up()
        else:
            self.wfile.write(body)

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, _, port = self.owner.url.removeprefix("http://").partition(":")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "RAW_URI": self.path,
            "REQUEST_URI": self.path,
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": port,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        names = {}
        for name, value in self.headers.items():
            if self.owner.faults.folds_underscores and name.lower().startswith("x-amz-meta-"):
                name = name.replace("_", "-")
            key = environ_key_for_header(name)
            environ[key] = value
            if should_preserve_original_header_name(name):
                names[key] = name
        environ["HTTP_HOST"] = f"{host}:{port}"  # moto would read a bucket out of another one
        environ["CONTENT_TYPE"] = self.headers.get("Content-Type", "")
        environ["CONTENT_LENGTH"] = str(len(body))
        environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names
        return environ

    def log_message(self, format: str, *args: object) -> None:
        """Silent: `S3Server.requests` is the log."""


def _error(refusal: Refusal) -> tuple[int, list[tuple[str, str]], bytes]:
    extra = "".join(f"<{k}>{escape(v)}</{k}>" for k, v in (refusal.extra or {}).items())
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{refusal.code}</Code>'
        f"<Message>{escape(refusal.message or responses[refusal.status])}</Message>{extra}"
        "<RequestId>TEST</RequestId></Error>"
    )
    return refusal.status, [("Content-Type", "application/xml")], body.encode()


def _in_path_style(host: str, target: str) -> str:
    bucket = host.partition(":")[0].removesuffix(f".{DOMAIN}")
    return f"/{bucket}{target}" if host.partition(":")[0] == f"{bucket}.{DOMAIN}" else target


def _check_digest(request: Request, body: bytes, needed: bool) -> None:
    """Content-MD5 must be the body's; a bucket with Object Lock takes no upload without one."""
    given = request.headers.get("content-md5")
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    if given is not None and given != base64.b64encode(digest).decode():
        raise Refusal(400, "BadDigest", "The Content-MD5 you specified did not match.")
    if needed and request.method == "PUT" and given is None and not _has_checksum(request):
        raise Refusal(
            400,
            "InvalidRequest",
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with "
            "Object Lock parameters",
        )


def _has_checksum(request: Request) -> bool:
    return any(name.startswith(_CHECKSUM_SIGNS) for name in request.headers) or (
        "aws-chunked" in request.headers.get("content-encoding", "")
    )


def _bytes(chunks: Iterable[bytes]) -> Iterable[bytes]:
    for chunk in chunks:
        yield chunk if isinstance(chunk, bytes) else str(chunk).encode()
