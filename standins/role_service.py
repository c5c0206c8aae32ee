"""What gives a machine's role its credentials: an instance's metadata service, or a container's."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standins.s3server.server import S3Server


class RoleService:
    """Both at one address, with the keys of an S3 server.

    `answers` are bodies or statuses to give before the right one, `life` is that of the keys.
    """

    def __init__(self, keys: S3Server) -> None:
        self.keys = keys
        self.life = timedelta(hours=6)
        self.answers: list[int | bytes] = []
        self.asked = 0
        handler = type("Handler", (_Handler,), {"service": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def right(self) -> bytes:
        end = (datetime.now(UTC) + self.life).strftime("%Y-%m-%dT%H:%M:%SZ")
        return json.dumps(
            {
                "Code": "Success",
                "AccessKeyId": self.keys.access_key,
                "SecretAccessKey": self.keys.secret_key,
                "Token": "token",
                "Expiration": end,
            }
        ).encode()


class _Handler(BaseHTTPRequestHandler):
    service: RoleService

    def answer(self) -> None:
        self.service.asked += 1
        given = self.service.answers.pop(0) if self.service.answers else None
        if isinstance(given, int):
            self.send_error(given)
            return
        body = given or self.service.right()
        if self.path.endswith("/security-credentials/"):
            body = b"my-role"
        elif self.path.endswith("/api/token"):
            body = b"metadata-token"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = answer

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""
