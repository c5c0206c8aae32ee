"""Downloads a voice from a URL that a stranger wrote, without reaching into private networks.

Where it may lead is checked by `worker.web`, and redirects pass the same checks. Query strings,
which carry signatures, appear in no message and no log line. Name resolution itself runs under the
system's time-out, all else under `timeout_s`.
"""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin

from errors import StorageUnavailable, VoiceNotFound, VoiceUnusable, WorkerError
from worker.threads import Abandoned, current_stop
from worker.web import address, connection
from worker.web.address import Reach

MAX_REDIRECTS = 5
_CHUNK = 1 << 16
_REDIRECTS = {301, 302, 303, 307, 308}
_LINK_HINT = "Use a link that downloads the file itself, as a presigned or public storage URL does."


@dataclass(frozen=True)
class FetchRules:
    """What a download may do. `timeout_s` covers it as a whole, redirects included."""

    max_bytes: int
    timeout_s: float = 60.0
    allow_http: bool = False
    allow_private: bool = False

    @property
    def reach(self) -> Reach:
        return Reach(
            "voice",
            "Use an https link, or set ALLOW_HTTP_VOICES=true.",
            "Use a presigned URL instead.",
            "Use a public host, s3://bucket/key, or upload the voice.",
            self.allow_http,
            self.allow_private,
        )


def fetch(url: str, rules: FetchRules, *, context: ssl.SSLContext | None = None) -> bytes:
    """The body behind an http(s) URL.

    Args:
        context: TLS settings; by default the system's authorities are trusted.

    Raises:
        InvalidInput: the URL is malformed or leads where it may not.
        VoiceNotFound: 404 or 410.
        VoiceUnusable: 401, 403, a web page, an empty or too large body.
        StorageUnavailable: DNS, connection, TLS, time-out, 5xx; retryable.
    """
    deadline = time.monotonic() + rules.timeout_s
    for _ in range(MAX_REDIRECTS + 1):
        parts = address.checked(url, rules.reach)
        answer = _request(parts, rules, deadline, context)
        if isinstance(answer, bytes):
            return answer
        url = _followed(url, answer, parts)
    raise VoiceUnusable(f"{_shown(parts)} redirects more than {MAX_REDIRECTS} times.", _LINK_HINT)


def _followed(url: str, location: str, parts: SplitResult) -> str:
    try:
        return urljoin(url, location)
    except ValueError as exc:
        raise VoiceUnusable(f"{_shown(parts)} redirects to a malformed URL.", _LINK_HINT) from exc


def _request(
    parts: SplitResult, rules: FetchRules, deadline: float, context: ssl.SSLContext | None
) -> bytes | str:
    """One GET: the body, or where it redirects to."""
    stop = current_stop()
    try:
        with connection.connected(parts, rules.reach, deadline, context) as connected:
            return _exchange(connected, parts, rules)
    except ssl.SSLCertVerificationError as exc:
        raise VoiceUnusable(
            f"The certificate of {parts.hostname} is not valid ({exc.verify_message}).",
            "Use a host with a valid certificate.",
        ) from exc
    except (OSError, http.client.HTTPException) as exc:
        if stop.is_set:
            raise Abandoned from exc
        late = time.monotonic() >= deadline or isinstance(exc, TimeoutError)
        what = "took too long" if late else f"broke off ({type(exc).__name__})"
        raise StorageUnavailable(
            f"The download of {_shown(parts)} {what}.", "Send the job again, or check the host."
        ) from exc
    except ValueError as exc:  # a name that TLS or HTTP cannot carry
        raise address.malformed(rules.reach) from exc


def _exchange(
    connected: http.client.HTTPConnection, parts: SplitResult, rules: FetchRules
) -> bytes | str:
    headers = {"User-Agent": connection.AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
    connected.request("GET", connection.target(parts), headers=headers)
    return _answer(connected.getresponse(), parts, rules)


def _answer(
    response: http.client.HTTPResponse, parts: SplitResult, rules: FetchRules
) -> bytes | str:
    status = response.status
    if status in _REDIRECTS:
        location = response.getheader("Location")
        if location:
            return location
    if status != 200:
        raise _refusal(status, parts)
    kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise VoiceUnusable(f"{_shown(parts)} is a web page, not an audio file.", _LINK_HINT)
    if (response.getheader("Content-Encoding") or "identity").lower() != "identity":
        raise VoiceUnusable(
            f"{_shown(parts)} is sent compressed although that was not asked for.", _LINK_HINT
        )
    expected = response.length  # from Content-Length; None when chunked
    if expected is not None and expected > rules.max_bytes:
        raise _too_large(parts, rules)
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > rules.max_bytes:
            raise _too_large(parts, rules)
    if expected is not None and len(body) < expected:
        raise http.client.IncompleteRead(b"", expected - len(body))
    if not body:
        raise VoiceUnusable(f"{_shown(parts)} is empty (0 bytes).", "Upload the file again.")
    return bytes(body)


def _refusal(status: int, parts: SplitResult) -> WorkerError:
    where = _shown(parts)
    if status in (404, 410):
        return VoiceNotFound(f"There is no file at {where} (HTTP {status}).", "Check the URL.")
    if status in (401, 403):
        return VoiceUnusable(
            f"{where} may not be read (HTTP {status}).",
            "Make it public, or give a presigned URL that has not expired.",
        )
    if status in (408, 425, 429) or status >= 500:
        return StorageUnavailable(
            f"{where} answered HTTP {status}.", "Run the job again in a moment."
        )
    return VoiceUnusable(f"{where} answered HTTP {status} instead of a file.", _LINK_HINT)


def _too_large(parts: SplitResult, rules: FetchRules) -> VoiceUnusable:
    return VoiceUnusable(
        f"{_shown(parts)} is larger than {rules.max_bytes} bytes.",
        "Give a shorter or compressed file, or raise MAX_VOICE_BYTES.",
    )


def _shown(parts: SplitResult) -> str:
    """The URL for messages: host and path, neither query nor credentials."""
    text = f"{parts.hostname}{parts.path}"
    return text if len(text) <= 120 else f"{text[:117]}..."
