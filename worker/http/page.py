"""The page at `/`: one file without a link to anything, joined from the parts in `browser/`."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

PARTS = Path(__file__).parent / "browser"
# In the order in which they are read.
SCRIPTS = (
    *("server.js", "queue.js", "sound.js", "voices.js", "recording.js", "picture.js", "along.js"),
    *("copies.js", "history.js", "speaking.js", "start.js"),
)
_STYLE, _SCRIPT = "/* style */", "/* script */"


class Page:
    """The page, and what a browser may do with it."""

    def __init__(self) -> None:
        style, script = _part("page.css"), "\n".join(map(_part, SCRIPTS))
        self.text = _part("page.html").replace(_STYLE, style).replace(_SCRIPT, script)
        self._headers = {
            "Content-Security-Policy": _policy(style, script),
            "Permissions-Policy": "microphone=(self)",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cache-Control": "no-cache",
        }

    async def show(self, request: Request) -> Response:
        """The page, without a key: there is nothing in it."""
        return HTMLResponse(self.text, headers=self._headers)


def _part(name: str) -> str:
    return (PARTS / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """This script and this style alone run; they may ask this server, this machine or, over TLS,
    the server whose address the user types."""
    rules = (
        "default-src 'none'",
        f"script-src {_hash(script)}",
        f"style-src {_hash(style)}",
        "connect-src 'self' https: http://127.0.0.1:* http://localhost:*",
        "media-src blob:",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
    return "; ".join(rules)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
