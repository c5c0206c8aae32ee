"""One try to post a callback.

Where it may lead is checked as links to voices are (`worker.web`); redirects are not followed, as
Standard Webhooks advises. Nothing of what the receiver says is kept but the status.
"""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from errors import InvalidInput, WorkerError
from worker.callbacks.event import Event
from worker.callbacks.signing import signed_headers
from worker.settings.callbacks import CallbackConfig
from worker.web import address, connection
from worker.web.address import Reach

_GONE = 410


@dataclass(frozen=True)
class Tried:
    """What came of a try: `taken`; else why not, and whether it may fare better `again`, not before
    `wait_s` seconds, if the receiver said so."""

    taken: bool
    reason: str = ""
    again: bool = False
    wait_s: float = 0.0


def reach_of(config: CallbackConfig) -> Reach:
    """Where callbacks may lead."""
    return Reach(
        "callback",
        "Use an https URL, or set CALLBACK_ALLOW_HTTP=true.",
        "Put a token into the URL's query instead.",
        "Use a public host, or set CALLBACK_ALLOW_PRIVATE=true.",
        config.allow_http,
        config.allow_private,
    )


def post(event: Event, config: CallbackConfig) -> Tried:
    """Posts `event` once; blocking, for `config.timeout_s` at most after its host is looked up."""
    body = event.body.encode(errors="replace")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": connection.AGENT,
        "Accept-Encoding": "identity",
        **signed_headers(config.keys, event.webhook_id, int(time.time()), body),
    }
    reach, deadline = reach_of(config), time.monotonic() + config.timeout_s
    tried: Tried | None = None
    try:
        parts = address.checked(event.url, reach)
        with connection.connected(parts, reach, deadline) as connected:
            connected.request("POST", connection.target(parts), body, headers)
            answer = connected.getresponse()
            tried = _judged(answer.status, answer.getheader("Retry-After"))
        return tried
    except InvalidInput as error:
        return Tried(False, f"{error.message} {error.hint}")
    except WorkerError as error:
        return Tried(False, error.message, again=True)
    except ssl.SSLCertVerificationError as exc:
        return Tried(False, f"its certificate is not valid ({exc.verify_message})", again=True)
    except (OSError, http.client.HTTPException) as exc:
        if tried:  # the time was over when its status had come
            return tried
        late = isinstance(exc, TimeoutError) or time.monotonic() >= deadline
        why = f"no answer within {config.timeout_s:g} s" if late else type(exc).__name__
        return Tried(False, why, again=True)
    except ValueError:  # a name that TLS or HTTP cannot carry
        return Tried(False, address.malformed(reach).message)


def _judged(status: int, retry_after: str | None) -> Tried:
    if 200 <= status < 300:
        return Tried(True)
    if 300 <= status < 400:
        return Tried(False, f"it redirects (HTTP {status}); redirects are not followed")
    again = status != _GONE
    return Tried(False, f"HTTP {status}", again, _seconds(retry_after) if again else 0.0)


def _seconds(retry_after: str | None) -> float:
    """Seconds that a Retry-After asks for, 0 if it cannot be read."""
    if retry_after is None:
        return 0.0
    try:
        if retry_after.strip().isdecimal():
            return float(retry_after)
        until = parsedate_to_datetime(retry_after)
        return max(0.0, (until.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return 0.0
