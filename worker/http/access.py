"""Who may ask: a key, or this machine; and no page of another web site with the user's browser.

A browser sends requests for any page to a server on its own machine. What tells them apart is
`Origin` (and `Sec-Fetch-Site`), and, where a page's own name is made to mean this machine (DNS
rebinding), `Host`. A key is not sent by itself, so where one is asked for these do not matter.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from errors import ConfigError, KeyRefused, OriginRefused, show
from worker.settings.http import HttpConfig

_ELSEWHERE = ("cross-site", "same-site")
_HINT = "Send a key of HTTP_API_KEYS as `Authorization: Bearer KEY` or as `X-API-Key: KEY`."


def check_exposure(settings: HttpConfig, host: str) -> None:
    """Raises ConfigError: other machines could ask, and nothing says that they may."""
    if not settings.keys and not settings.open and not is_this_machine(host):
        raise ConfigError(
            f"HTTP_HOST={host} lets other machines ask, and no key is set.",
            "Set HTTP_API_KEYS; or HTTP_WITHOUT_KEY=true behind a gateway that checks keys.",
        )
    if "*" in settings.origins and not settings.keys:
        raise ConfigError(
            "HTTP_CORS_ORIGINS=* would let any web page ask without a key.",
            "Name the pages, or set HTTP_API_KEYS.",
        )


def is_this_machine(host: str) -> bool:
    """Whether a host name or address is one of this machine alone."""
    name = host.strip("[]").lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


class Access:
    """Decides about one request after the other, by its headers in lower case."""

    def __init__(self, settings: HttpConfig) -> None:
        self._settings = settings
        self._keys = [_digest(key.encode(errors="surrogateescape")) for key in settings.keys]

    def check(self, headers: Mapping[str, str], *, opens_page: bool = False) -> None:
        """Lets a request pass. `opens_page`: it is what a link to the page itself sends. The page
        holds nothing, and asks for the key where one is needed.

        Raises:
            KeyRefused: keys are set, and it brings none of them.
            OriginRefused: none are, and another page or another host's name is behind it.
        """
        if self._keys:
            if not opens_page:
                self._check_key(headers)
            return
        host = headers.get("host", "")
        if not self._knows(host):
            raise OriginRefused(
                f"This server is not called {show(host)}.",
                "Use the address it listens on, or name it in HTTP_HOSTS.",
            )
        origin = headers.get("origin", "").lower()
        if origin and not self._may_ask(origin, host):
            raise OriginRefused(
                f"A page of {show(origin)} may not ask this server.",
                "Name its origin in HTTP_CORS_ORIGINS, or set HTTP_API_KEYS and send a key.",
            )
        if not origin and headers.get("sec-fetch-site") in _ELSEWHERE and not opens_page:
            raise OriginRefused(
                "A page of another site may not ask this server.",
                "Open the address itself, or set HTTP_API_KEYS and send a key.",
            )

    def _check_key(self, headers: Mapping[str, str]) -> None:
        """In constant time: what is compared are digests, and all of them."""
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        given = [headers.get("x-api-key", ""), bearer.strip() if kind.lower() == "bearer" else ""]
        sent = [_digest(one.encode("latin-1", "replace")) for one in given]  # the bytes that came
        equal = [hmac.compare_digest(one, key) for one in sent for key in self._keys]
        if not any(equal):
            what = "is wrong" if any(given) else "is missing"
            raise KeyRefused(f"The API key {what}.", _HINT)

    def _knows(self, host: str) -> bool:
        if self._settings.open and not self._settings.hosts:
            return True
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return is_this_machine(name) or bool({host.lower(), name} & set(self._settings.hosts))

    def _may_ask(self, origin: str, host: str) -> bool:
        own = urlsplit(origin).netloc == host.lower() if "://" in origin else False
        return own or origin in self._settings.origins


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
