"""Downloads a voice from a URL that a stranger wrote, without reaching into private networks.

The host's addresses are resolved once and checked, and the connection goes to a checked address, so
a name that changes its answer in between (DNS rebinding) gains nothing. Redirects pass the same
checks. Query strings, which carry signatures, appear in no message and no log line. Name resolution
itself runs under the system's time-out, all else under `timeout_s`. Proxies of the environment are
not used.
"""

from __future__ import annotations

import http.client
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from errors import (
    InvalidInput,
    StorageUnavailable,
    VoiceNotFound,
    VoiceUnusable,
    WorkerError,
)
from worker.threads import Abandoned, Stop, current_stop

log = logging.getLogger("f5worker.fetch")

MAX_REDIRECTS = 5
_CHUNK = 1 << 16
_STALL_S = 15.0  # longest wait for one packet
_CONNECT_S = 5.0  # longest wait for an address while there are others
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")
_REDIRECTS = {301, 302, 303, 307, 308}
_URL_SAFE = "%/:=&?~#+!$,;'@()*[]-._"
_LINK_HINT = "Use a link that downloads the file itself, as a presigned or public storage URL does."


@dataclass(frozen=True)
class FetchRules:
    """What a download may do. `timeout_s` covers it as a whole, redirects included."""

    max_bytes: int
    timeout_s: float = 60.0
    allow_http: bool = False
    allow_private: bool = False


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
        parts = _checked(url, rules)
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


def _checked(url: str, rules: FetchRules) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise _malformed() from exc
    allowed = ("https", "http") if rules.allow_http else ("https",)
    if parts.scheme not in allowed:
        raise InvalidInput(
            f"The voice URL leads to {parts.scheme or 'no'}:// but must use https.",
            "Use an https link, or set ALLOW_HTTP_VOICES=true.",
        )
    if not host:
        raise InvalidInput("The voice URL names no host.", "Write https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            "The voice URL holds a user name or password.", "Use a presigned URL instead."
        )
    return parts


def _request(
    parts: SplitResult, rules: FetchRules, deadline: float, context: ssl.SSLContext | None
) -> bytes | str:
    """One GET: the body, or where it redirects to."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = _public_addresses(host, port, rules)
    connection = http.client.HTTPConnection(host, port)
    stop = current_stop()
    with ExitStack() as until:
        until.callback(connection.close)
        try:
            raw = connection.sock = _connect(addresses, deadline, stop)
            until.enter_context(_ended(raw, deadline, stop))
            raw.settimeout(min(_STALL_S, _left(deadline)))
            if parts.scheme == "https":
                secure = connection.sock = (context or ssl.create_default_context()).wrap_socket(
                    raw, server_hostname=host
                )
                until.enter_context(_ended(secure, deadline, stop))
            answer = _exchange(connection, parts, rules)
            _left(deadline)  # a body that was ended early looks like one that came whole
            if not stop.is_set:
                return answer
        except ssl.SSLCertVerificationError as exc:
            raise VoiceUnusable(
                f"The certificate of {host} is not valid ({exc.verify_message}).",
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
            raise _malformed() from exc
    raise Abandoned


def _malformed() -> InvalidInput:
    return InvalidInput("The voice URL is malformed.", "Write https://host/path.")


def _exchange(
    connection: http.client.HTTPConnection, parts: SplitResult, rules: FetchRules
) -> bytes | str:
    path = quote(parts.path or "/", safe=_URL_SAFE)
    if parts.query:
        path += "?" + quote(parts.query, safe=_URL_SAFE)
    headers = {"User-Agent": "f5-tts-worker", "Accept": "*/*", "Accept-Encoding": "identity"}
    connection.request("GET", path, headers=headers)
    return _answer(connection.getresponse(), parts, rules)


@contextmanager
def _ended(sock: socket.socket, deadline: float, stop: Stop) -> Iterator[None]:
    """Ends the connection at the deadline, or when nobody waits for the download any more.

    Each packet restarts a socket's own time-out, so a host that drips bytes would go on for ever.
    """
    timer = threading.Timer(_left(deadline), _hang_up, [sock])
    timer.daemon = True
    timer.start()
    try:
        with stop.ending(lambda: _hang_up(sock)):
            yield
    finally:
        timer.cancel()


def _connect(addresses: list[tuple[str, int]], deadline: float, stop: Stop) -> socket.socket:
    """A connection to the first address that answers: a host may list a family that does not."""
    for address in addresses[:-1]:
        try:
            return _dial(address, min(_CONNECT_S, _left(deadline)), stop)
        except OSError as exc:
            log.info("no answer from one address of the host", extra={"why": type(exc).__name__})
    return _dial(addresses[-1], min(_STALL_S, _left(deadline)), stop)


def _dial(address: tuple[str, int], timeout_s: float, stop: Stop) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    try:
        sock.settimeout(timeout_s)
        with stop.ending(lambda: _hang_up(sock)):
            if stop.is_set:
                raise Abandoned
            sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _hang_up(sock: socket.socket) -> None:
    try:
        # Not close(): another thread is waiting in recv(), which only shutdown() ends.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError as exc:
        log.debug("connection was already closed: %s", type(exc).__name__)


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


def _public_addresses(host: str, port: int, rules: FetchRules) -> list[tuple[str, int]]:
    """Addresses of `host`; every one must be public, unless private ones are allowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as exc:  # ValueError: no name at all
        raise StorageUnavailable(
            f"The host {host} cannot be resolved.", "Check the URL's spelling, or run it again."
        ) from exc
    addresses = [str(entry[4][0]) for entry in found]
    if not rules.allow_private and not all(_is_public(address) for address in addresses):
        raise InvalidInput(
            f"The voice URL leads to {host}, an address that is not public.",
            "Use a public host, s3://bucket/key, or upload the voice.",
        )
    return [(address, port) for address in dict.fromkeys(addresses)]


def _is_public(text: str) -> bool:
    """Python calls 192.0.0.0/24 (protocols, a metadata service once) public before 3.11.9."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _nat64(address)
        if inner is not None:
            address = inner
        elif address.teredo or address.is_site_local:
            return False
    public = address.is_global and not address.is_multicast and not address.is_reserved
    return public and address not in _PROTOCOLS


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(address.packed[-4:])
    return None


def _shown(parts: SplitResult) -> str:
    """The URL for messages: host and path, neither query nor credentials."""
    text = f"{parts.hostname}{parts.path}"
    return text if len(text) <= 120 else f"{text[:117]}..."
