"""What every request passes first: who asks, how large it is, how long it takes; and the log line.

A plain ASGI application around the site. Whatever is raised inside becomes an answer here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import (
    Busy,
    ClientTooSlow,
    InvalidInput,
    NoSuchPath,
    RequestTooLarge,
    Unexpected,
    WorkerError,
    show,
)
from worker.http.access import Access
from worker.http.metrics import Metrics
from worker.http.problems import ENDING, refusal
from worker.log import get_logger
from worker.settings.http import HttpConfig

log = get_logger("http")

UNCHECKED = ("/ping",)  # health checks come from the platform's own machines
_PAGES = ("/",)
_QUIET = ("/ping", "/metrics")
_BODIES = 8  # of the largest size, in memory at once
_CUT_S = 1.0  # until a connection that is cut off is gone
_LEAST_RATE = 8192  # bytes a second of a body


class Door:
    """Lets requests pass to `inner`."""

    def __init__(self, inner: ASGIApp, settings: HttpConfig, metrics: Metrics) -> None:
        self._inner, self._settings, self._metrics = inner, settings, metrics
        self._access, self._room = Access(settings), Room(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        started, abort = time.perf_counter(), scope.get("state", {}).get("abort")
        answer = _Answer(send, self._settings.client_timeout_s, abort)
        body = _Body(receive, self._settings, self._room)
        try:
            headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
            if scope["path"] not in UNCHECKED:
                opens_page = scope["method"] in ("GET", "HEAD") and scope["path"] in _PAGES
                self._access.check(headers, opens_page=opens_page)
            body.check(headers)
            await self._inner(scope, body.receive, answer.send)
        except WorkerError as error:
            await self._refuse(error, scope, receive, answer)
        except HTTPException as exc:  # a wrong method, a broken form
            await self._refuse(
                _typed(exc), scope, receive, answer, exc.status_code, exc.headers or {}
            )
        except ClientDisconnect:  # in the middle of its body: nobody waits for an answer
            log.info("the client went away before its request was whole")
        except asyncio.CancelledError:  # the server ends, and does not wait any longer
            await self._refuse(ENDING, scope, receive, answer)
        except Exception as exc:
            log.exception("unexpected failure")
            await self._refuse(Unexpected(type(exc).__name__), scope, receive, answer)
        finally:
            body.close()
            self._tell(scope, answer.status, time.perf_counter() - started)

    async def _refuse(
        self,
        error: WorkerError,
        scope: Scope,
        receive: Receive,
        answer: _Answer,
        status: int | None = None,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Answers with the error; where an answer has begun it can only be cut off."""
        if answer.ended:
            return
        self._metrics.failed(error.code)
        if answer.status:
            log.warning("%s: the answer %s is cut off", error.code, answer.job_id)
            await answer.cut(receive)
            return
        # What the client still sends is not read: the connection ends with the answer.
        headers = {"Connection": "close", **more}
        await refusal(error, status, headers)(scope, receive, answer.send)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        self._metrics.answered(status)
        level = 10 if scope["path"] in _QUIET else 20
        what = f"{scope['method']} {scope['path'][:200]}"
        extra = {"status": status, "seconds": round(seconds, 3)}
        log.log(level, "%s", what, extra=extra)


def _typed(exc: HTTPException) -> WorkerError:
    if exc.status_code == 405:
        allowed = (exc.headers or {}).get("Allow", "another method")
        return NoSuchPath("This address does not take that method.", f"Use {allowed}.")
    return InvalidInput(
        f"The request is wrong: {exc.detail.rstrip('.')}.", "docs/http.md shows its form."
    )


class Room:
    """Memory for what clients send: some of the largest bodies at once, however many ask."""

    def __init__(self, settings: HttpConfig) -> None:
        self._most, self._held = _BODIES * settings.max_body_bytes, 0

    def take(self, size: int) -> None:
        """Raises Busy: there is no room for `size` bytes more."""
        if self._held + size > self._most:
            raise Busy(
                f"Requests of {self._most} bytes in all are being worked on already.",
                "Send it again in some seconds, or a voice as a link.",
            )
        self._held += size

    def give_back(self, size: int) -> None:
        self._held -= size


class _Body:
    """The client's side of a request: no larger and no slower than allowed."""

    def __init__(self, receive: Receive, settings: HttpConfig, room: Room) -> None:
        self._receive, self._most, self._room = receive, settings.max_body_bytes, room
        self._patience_s, self._began = settings.client_timeout_s, time.monotonic()
        self._size, self._whole = 0, False

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises by what they say RequestTooLarge, or InvalidInput: the body is compressed."""
        coding = headers.get("content-encoding", "").strip().lower()
        if coding not in ("", "identity"):
            raise InvalidInput(
                f"The body is compressed ({show(coding)}), which is not taken.",
                "Send it as it is, without Content-Encoding.",
            )
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self._most:
            raise self._too_large()

    async def receive(self) -> Message:
        """The next piece of the body, then the message that the client has gone.

        Raises:
            RequestTooLarge, ClientTooSlow: the former with the limit.
            Busy: others have sent as much as there is room for.
        """
        if self._whole:
            return await self._receive()
        spent = time.monotonic() - self._began - self._size / _LEAST_RATE
        try:
            async with asyncio.timeout(max(0.0, self._patience_s - max(0.0, spent))):
                message = await self._receive()
        except TimeoutError:
            raise ClientTooSlow(
                f"{self._size} bytes of the body came in {time.monotonic() - self._began:.0f} s.",
                "Send it faster, or as a link; HTTP_CLIENT_TIMEOUT_S sets the time.",
            ) from None
        piece = len(message.get("body", b""))
        self._room.take(piece)
        self._size += piece
        self._whole = not message.get("more_body", False)
        if self._size > self._most:
            raise self._too_large()
        return message

    def close(self) -> None:
        """The request has ended."""
        self._room.give_back(self._size)

    def _too_large(self) -> RequestTooLarge:
        return RequestTooLarge(
            f"The body has over {self._most} bytes.",
            "Send a voice as a link or put it into the bucket; HTTP_MAX_BODY_BYTES sets the limit.",
        )


class _Answer:
    """The answer's way to the client: `status` is 0 until it has begun; `ended`: all is sent."""

    def __init__(self, send: Send, patience_s: float, abort: Callable[[], None] | None) -> None:
        self._send, self._patience_s, self._abort = send, patience_s, abort
        self.status, self.ended, self.job_id = 0, False, ""
        self._id = uuid4().hex

    async def send(self, message: Message) -> None:
        """Raises ClientTooSlow: the client takes nothing any more."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.job_id = dict(message.get("headers", ())).get(b"x-job-id", b"").decode()
            message["headers"] = [
                *message.get("headers", ()),
                (b"x-request-id", self._id.encode()),
                (b"x-content-type-options", b"nosniff"),
            ]
        try:
            async with asyncio.timeout(self._patience_s):
                await self._send(message)
            if message["type"] == "http.response.body":
                self.ended = not message.get("more_body", False)
        except TimeoutError:
            raise ClientTooSlow("The client does not take its answer.", "Read it faster.") from None

    async def cut(self, receive: Receive) -> None:
        """Ends the connection so that the client sees an unfinished answer."""
        if self._abort:
            self._abort()
            with suppress(TimeoutError):  # else uvicorn logs that nothing ended the answer
                async with asyncio.timeout(_CUT_S):
                    await receive()
