"""Receives callbacks of the worker (`callback_url`) and checks who posted them.

export CALLBACK_SECRETS=whsec_...        # the worker's; several while one replaces another
python clients/receiver.py 8080

Put a proxy with TLS before it. A callback can come twice, with the same `webhook-id`.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LATEST_S = 300  # an older or later timestamp is somebody else's copy
MOST_BYTES = 20_000_000
seen: set[str] = set()  # in a real receiver: a table that outlives it


def is_genuine(headers: dict[str, str], body: bytes, secrets: str, now: float) -> bool:
    """Whether a post is signed with one of the secrets, and fresh (Standard Webhooks)."""
    try:
        age_s = abs(now - int(headers["webhook-timestamp"]))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        given = headers["webhook-signature"].split()
    except (KeyError, ValueError):
        return False
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets.split()]
    right = [
        "v1," + base64.b64encode(hmac.digest(k, signed, hashlib.sha256)).decode() for k in keys
    ]
    found = any([hmac.compare_digest(a.encode(), b.encode()) for a in given for b in right])
    return found and age_s <= LATEST_S


class Handler(BaseHTTPRequestHandler):
    """Answers 200 as soon as the post is checked; what takes long belongs behind it."""

    timeout = 30  # seconds for a sender that stops

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length") or ""
        if not size.isdecimal() or int(size[:20]) > MOST_BYTES:
            self.send_error(413 if size.isdecimal() else 411)
            return
        body = self.rfile.read(int(size))
        headers = {name.lower(): value for name, value in self.headers.items()}
        genuine = is_genuine(headers, body, os.environ["CALLBACK_SECRETS"], time.time())
        self.send_response(200 if genuine else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if genuine and headers["webhook-id"] not in seen:
            seen.add(headers["webhook-id"])
            event = json.loads(body)
            told = event["data"]
            print(event["type"], told["job_id"], told.get("audio_url") or told.get("error", ""))
            sys.stdout.flush()
        elif not genuine:
            why = "its signature is of no secret in CALLBACK_SECRETS, or it is over 5 minutes old"
            print(f"refused a post: {why}", file=sys.stderr)

    def log_message(self, *_: object) -> None:
        """Nothing: the line above is enough."""


if __name__ == "__main__":
    if len(sys.argv) != 2 or not os.environ.get("CALLBACK_SECRETS"):
        sys.exit(__doc__)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
