"""Whether a URL that a stranger wrote may be called: its form, and where its host is.

All addresses of a host are looked up once and must be public. The caller connects to one of those
that were checked, so a name that changes its answer in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from errors import InvalidInput, StorageUnavailable

MAX_URL_CHARS = 4096
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = tuple[str, int]


@dataclass(frozen=True)
class Reach:
    """What may be called, and how messages say it: `name` is what the URL is of, `instead_of_...`
    what to do instead of what may not be."""

    name: str
    instead_of_http: str
    instead_of_login: str
    instead_of_private: str
    allow_http: bool = False
    allow_private: bool = False


def url_fault(url: str) -> str | None:
    """What is wrong with the form of a URL, None if nothing."""
    if len(url) > MAX_URL_CHARS:
        return f"is longer than {MAX_URL_CHARS} characters"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zs") for c in url):
        return "holds spaces or control characters"
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return None if host else "names no host"


def checked(url: str, reach: Reach) -> SplitResult:
    """The parts of `url`, if it may be called as far as it can be seen without a look-up.

    Raises:
        InvalidInput: it is malformed, holds a login, or has another scheme.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise malformed(reach) from exc
    allowed = ("https", "http") if reach.allow_http else ("https",)
    if parts.scheme not in allowed:
        raise InvalidInput(
            f"The {reach.name} URL leads to {parts.scheme or 'no'}:// but must use https.",
            reach.instead_of_http,
        )
    if not host:
        raise InvalidInput(f"The {reach.name} URL names no host.", "Write https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            f"The {reach.name} URL holds a user name or password.", reach.instead_of_login
        )
    return parts


def malformed(reach: Reach) -> InvalidInput:
    """The refusal of what is no URL."""
    return InvalidInput(f"The {reach.name} URL is malformed.", "Write https://host/path.")


def port_of(parts: SplitResult) -> int:
    """The port to connect to."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def addresses(parts: SplitResult, reach: Reach) -> list[Address]:
    """Addresses and port of a URL's host; every one is public, unless private ones are allowed.

    Raises:
        InvalidInput: one is not public.
        StorageUnavailable: the name is not resolved; retryable.
    """
    host, port = parts.hostname or "", port_of(parts)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as exc:  # ValueError: no name at all
        raise StorageUnavailable(
            f"The host {host} cannot be resolved.", "Check the URL's spelling, or run it again."
        ) from exc
    each = [str(entry[4][0]) for entry in found]
    if not reach.allow_private and not all(is_public(address) for address in each):
        raise InvalidInput(
            f"The {reach.name} URL leads to {host}, an address that is not public.",
            reach.instead_of_private,
        )
    return [(address, port) for address in dict.fromkeys(each)]


def is_private_literal(host: str) -> bool:
    """Whether a host is written as an address, and one that is not public; no look-up."""
    try:
        return not is_public(host)
    except ValueError:
        return False


def is_public(text: str) -> bool:
    """Python calls 192.0.0.0/24 (protocols, a metadata service once) public before 3.11.9. Raises
    ValueError: no address."""
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
    return ipaddress.IPv4Address(address.packed[-4:]) if address in _NAT64 else None
