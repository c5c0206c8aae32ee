"""A connection to a checked address, ended at a deadline or when nobody waits for it any more.

Proxies of the environment are not used. Name resolution itself runs under the system's time-out.
"""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import SplitResult, quote

from worker.threads import Abandoned, Stop, current_stop
from worker.web.address import Address, Reach, addresses, port_of

log = logging.getLogger("f5worker.web")

AGENT = "f5-tts-worker"
_STALL_S = 15.0  # longest wait for one packet
_CONNECT_S = 5.0  # longest wait for an address while there are others
_URL_SAFE = "%/:=&?~#+!$,;'@()*[]-._"


@contextmanager
def connected(
    parts: SplitResult, reach: Reach, deadline: float, context: ssl.SSLContext | None = None
) -> Iterator[http.client.HTTPConnection]:
    """A connection to the host of a `checked` URL, with TLS where its scheme says so.

    Args:
        deadline: on `time.monotonic()`'s clock; a block that goes on until then gets an OSError.
        context: TLS settings; by default the system's authorities are trusted.

    Raises:
        InvalidInput, StorageUnavailable: see `addresses`.
        OSError, http.client.HTTPException: it fails, or what is done in the block does.
        Abandoned: nobody waits for it.
    """
    host = parts.hostname or ""
    found = addresses(parts, reach)
    connection = http.client.HTTPConnection(host, port_of(parts))
    if parts.scheme == "https":  # else `Host` has a port, which a signed URL was not signed for
        connection.default_port = http.client.HTTPS_PORT
    stop = current_stop()
    with ExitStack() as until:
        until.callback(connection.close)
        raw = connection.sock = _connect(found, deadline, stop)
        until.enter_context(_ended(raw, deadline, stop))
        raw.settimeout(min(_STALL_S, left(deadline)))
        if parts.scheme == "https":
            secure = connection.sock = (context or ssl.create_default_context()).wrap_socket(
                raw, server_hostname=host
            )
            until.enter_context(_ended(secure, deadline, stop))
        yield connection
        left(deadline)  # a body that was ended early looks like one that came whole
        if stop.is_set:
            raise Abandoned


def target(parts: SplitResult) -> str:
    """Path and query as a request line carries them."""
    path = quote(parts.path or "/", safe=_URL_SAFE)
    return f"{path}?{quote(parts.query, safe=_URL_SAFE)}" if parts.query else path


def left(deadline: float) -> float:
    """Seconds until `deadline`. Raises TimeoutError: there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


@contextmanager
def _ended(sock: socket.socket, deadline: float, stop: Stop) -> Iterator[None]:
    """Ends the connection at the deadline, or when nobody waits for it any more.

    Each packet restarts a socket's own time-out, so a host that drips bytes would go on for ever.
    """
    timer = threading.Timer(left(deadline), _hang_up, [sock])
    timer.daemon = True
    timer.start()
    try:
        with stop.ending(lambda: _hang_up(sock)):
            yield
    finally:
        timer.cancel()


def _connect(found: list[Address], deadline: float, stop: Stop) -> socket.socket:
    """A connection to the first address that answers: a host may list a family that does not."""
    for address in found[:-1]:
        try:
            return _dial(address, min(_CONNECT_S, left(deadline)), stop)
        except OSError as exc:
            log.info("no answer from one address of the host", extra={"why": type(exc).__name__})
    return _dial(found[-1], min(_STALL_S, left(deadline)), stop)


def _dial(address: Address, timeout_s: float, stop: Stop) -> socket.socket:
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


def _hang_up(sock: socket.socket) -> None:
    try:
        # Not close(): another thread is waiting in recv(), which only shutdown() ends.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError as exc:
        log.debug("connection was already closed: %s", type(exc).__name__)
