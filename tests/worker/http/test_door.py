"""What a request passes first: size, pace, and answers that nobody takes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from errors import InferenceFailed
from worker.http.door import Door
from worker.http.metrics import Metrics
from worker.settings.http import HttpConfig
from worker.settings.load import Settings

BRIEF = {"HTTP_CLIENT_TIMEOUT_S": "0.05"}  # for those that let it pass


def config(**environ: str) -> HttpConfig:
    return Settings.load({"HTTP_CLIENT_TIMEOUT_S": "300", **environ}).http


async def reads(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body and answers."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


def passed(inner: Any, messages: list[Message], **more: Any) -> tuple[list[Message], list[str]]:
    """What is sent for a body that comes as `messages`, and what was cut off."""
    sent: list[Message] = []
    cut: list[str] = []
    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        if more.get("stuck") and message["type"] == "http.response.body":
            await asyncio.Event().wait()
        sent.append(message)

    headers = [(b"host", b"localhost"), *more.get("headers", ())]
    scope = {"type": "http", "method": "POST", "path": "/x", "headers": headers}
    scope["state"] = {"abort": lambda: cut.append("cut")}
    door = Door(inner, more.get("config", config()), more.get("metrics", Metrics()))
    asyncio.run(door(scope, receive, send))
    return sent, cut


def piece(body: bytes, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def code(sent: list[Message]) -> str:
    found: str = json.loads(sent[1]["body"])["error"]["code"]
    return found


def test_a_body_passes_and_its_answer_is_named() -> None:
    sent, cut = passed(reads, [piece(b"a", True), piece(b"b", False)])
    assert [m["type"] for m in sent] == ["http.response.start", "http.response.body"]
    assert dict(sent[0]["headers"])[b"x-request-id"] and not cut


def test_a_body_that_stops_is_answered() -> None:
    sent, _ = passed(reads, [piece(b"a", True)], config=config(**BRIEF))
    assert (sent[0]["status"], code(sent)) == (408, "CLIENT_TOO_SLOW")


def test_a_client_that_goes_in_its_body_is_no_failure_of_the_worker() -> None:
    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()

    metrics = Metrics()
    sent, _ = passed(whole, [piece(b"a", True), {"type": "http.disconnect"}], metrics=metrics)
    assert sent == [] and not [line for line in metrics.lines({}) if "INTERNAL" in line]


def test_a_compressed_body_is_refused_by_name() -> None:
    sent, _ = passed(reads, [piece(b"x", False)], headers=[(b"content-encoding", b"gzip")])
    assert sent[0]["status"] == 400 and b"gzip" in sent[1]["body"]


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"9999999")]])
def test_a_body_that_is_too_large_is_answered(headers: list[tuple[bytes, bytes]]) -> None:
    small = config(HTTP_MAX_BODY_BYTES="1024")
    sent, _ = passed(reads, [piece(b"x" * 1025, False)], headers=headers, config=small)
    assert (sent[0]["status"], code(sent)) == (413, "REQUEST_TOO_LARGE")


def test_an_answer_that_is_not_taken_is_cut_off() -> None:
    metrics = Metrics()
    _, cut = passed(reads, [piece(b"", False)], stuck=True, metrics=metrics, config=config(**BRIEF))
    assert cut == ["cut"]
    assert 'f5worker_errors_total{code="CLIENT_TOO_SLOW"} 1' in list(metrics.lines({}))


def test_an_error_before_the_answer_is_the_answer_and_after_it_cuts_it_off() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            raise InferenceFailed("No.", "Again.")

    sent, _ = passed(fails, [])
    assert (sent[0]["status"], code(sent)) == (500, "INFERENCE_FAILED")
    assert dict(sent[0]["headers"])[b"x-should-retry"] == b"true"

    async def begins(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise InferenceFailed("No.", "Again.")

    sent, cut = passed(begins, [])
    assert cut == ["cut"] and len(sent) == 1


def test_a_bug_is_told_without_its_traceback() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("secret")

    sent, _ = passed(broken, [])
    assert code(sent) == "INTERNAL" and b"secret" not in sent[1]["body"]


def test_a_request_that_the_ending_server_cancels_is_told_so() -> None:
    async def cancelled(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    sent, _ = passed(cancelled, [])
    assert (sent[0]["status"], code(sent)) == (503, "BUSY")
    assert dict(sent[0]["headers"])[b"x-should-retry"] == b"true"

    async def answers(scope: Scope, receive: Receive, send: Send) -> None:
        await reads(scope, receive, send)
        raise asyncio.CancelledError

    sent, cut = passed(answers, [piece(b"", False)])
    assert len(sent) == 2 and not cut, "what is complete is not cut off"


def test_bodies_have_a_bound_together() -> None:
    small = config(HTTP_MAX_BODY_BYTES="1024")
    large = piece(b"x" * 1024, False)

    async def asked() -> list[int]:
        door, held, statuses = Door(reads, small, Metrics()), asyncio.Event(), []

        async def one() -> None:
            async def send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])
                    if message["status"] == 503:
                        held.set()
                    await held.wait()

            messages = [large]

            async def receive() -> Message:
                return messages.pop()

            headers = [(b"host", b"localhost")]
            scope = {"type": "http", "method": "POST", "path": "/x", "headers": headers}
            await door(scope, receive, send)

        await asyncio.gather(*(one() for _ in range(9)))
        await one()
        return statuses

    assert asyncio.run(asked()) == [200] * 8 + [503, 200]
