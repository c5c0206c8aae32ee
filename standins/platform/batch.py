"""The Batch API as RunPod documents it (beta, August 2026): many jobs under one name.

A batch is a DRAFT until it is finalized; there is no state of being done, only counts. Its requests
run in no promised order, here on the endpoint's one queue. What RunPod does not document (the
answers to adding, finalizing and cancelling, the bodies of errors) is a guess.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from standins.platform import options

if TYPE_CHECKING:
    from standins.platform import Platform

MOST_REQUESTS, MOST_ACTIVE, MOST_BYTES = 5_000, 10, 10 << 20
_PAGE = 50

Reply = tuple[int, Any]


@dataclass
class Batch:
    """Requests by id, in the order they were added."""

    batch_id: str
    created_ms: int
    status: str = "DRAFT"
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)


def answer(
    platform: Platform, method: str, parts: list[str], query: dict[str, list[str]], body: bytes
) -> Reply:
    """Status and answer of one request; `parts` is the path after /v2/ENDPOINT/batch."""
    batch_id, operation, request_id = (*parts, "", "", "")[:3]
    if len(body) > MOST_BYTES:
        return 413, {"error": "the body is larger than 10 MiB"}
    with platform.arrived:
        if not batch_id:
            return _listed(platform) if method == "GET" else _created(platform, body)
        batch = platform.batches.get(batch_id)
        if batch is None:
            return 404, {"error": "batch not found"}
        match method, operation:
            case "GET", "":
                return 200, summary(platform, batch)
            case "GET", "requests":
                return 200, _page(platform, batch, query)
            case "POST", "requests":
                return _added(platform, batch, _parsed(body, "requests"))
            case "DELETE", "requests" if batch.status == "DRAFT":
                batch.requests.pop(request_id, None)
                return 200, summary(platform, batch)
            case "POST", "finalize" if batch.status == "DRAFT":
                return 200, _finalized(platform, batch)
            case "POST", "cancel":
                return 200, _cancelled(platform, batch)
    return 409, {"error": f"not while the batch is {batch.status}"}


def summary(platform: Platform, batch: Batch) -> dict[str, Any]:
    """A batch with its counts."""
    states = [record.status for i in batch.requests if (record := platform.records.get(i))]
    return {
        "id": batch.batch_id,
        "endpointId": platform.endpoint_id,
        "status": batch.status,
        "requestTotal": len(batch.requests),
        "requestInProgress": states.count("IN_PROGRESS"),
        "requestCompleted": states.count("COMPLETED"),
        "requestFailed": states.count("FAILED") + states.count("TIMED_OUT"),
        "createdAt": batch.created_ms,
    }


def _created(platform: Platform, body: bytes) -> Reply:
    active = sum(batch.status in ("DRAFT", "FINALIZED") for batch in platform.batches.values())
    if active >= MOST_ACTIVE:
        return 429, {"error": f"at most {MOST_ACTIVE} batches may be active"}
    batch = Batch(f"batch_{uuid.uuid4().hex[:10]}", round(time.time() * 1000))
    status, told = _added(platform, batch, _parsed(body, None))
    if status != 200:
        return status, told
    platform.batches[batch.batch_id] = batch
    return 200, {"id": batch.batch_id, "status": batch.status}


def _parsed(body: bytes, name: str | None) -> Any:
    """The list in a body: the body itself, or its member of that name; None if there is none."""
    try:
        value = json.loads(body)
        return value if name is None else value[name]
    except (ValueError, KeyError, TypeError):
        return None


def _added(platform: Platform, batch: Batch, requests: Any) -> Reply:
    if batch.status != "DRAFT":
        return 409, {"error": f"not while the batch is {batch.status}"}
    if not isinstance(requests, list):
        return 400, {"error": "the body must hold a list of requests"}
    for request in requests:
        if not isinstance(request, dict) or "input" not in request:
            return 400, {"error": "each request must be an object with `input`"}
        if wrong := options.fault(request):
            return 400, {"error": wrong}
    if len(batch.requests) + len(requests) > MOST_REQUESTS:
        return 400, {"error": f"a batch has at most {MOST_REQUESTS} requests"}
    batch.requests |= {f"req_{uuid.uuid4().hex}": request for request in requests}
    return 200, summary(platform, batch)


def _finalized(platform: Platform, batch: Batch) -> dict[str, Any]:
    batch.status = "FINALIZED"
    for request_id, request in batch.requests.items():
        platform.submit(request_id, request["input"])
        options.follow(platform, platform.records[request_id], request)
    return summary(platform, batch)


def _cancelled(platform: Platform, batch: Batch) -> dict[str, Any]:
    """Waiting requests are cancelled, running ones go on."""
    batch.status = "CANCELLED"
    for request_id in batch.requests:
        record = platform.records.get(request_id)
        if record and record.status == "IN_QUEUE":
            platform.cancel(request_id)
    return summary(platform, batch)


def _listed(platform: Platform) -> Reply:
    newest = reversed(platform.batches.values())
    return 200, {"batches": [summary(platform, batch) for batch in newest]}


def _page(platform: Platform, batch: Batch, query: dict[str, list[str]]) -> dict[str, Any]:
    offset, limit = (int(query.get(name, [str(usual)])[0]) for name, usual in
                     (("offset", 0), ("limit", _PAGE)))  # fmt: skip
    chosen = list(batch.requests)[offset : offset + limit]
    return {
        "requests": [_request(platform, request_id) for request_id in chosen],
        "total": len(batch.requests),
        "offset": offset,
        "limit": limit,
        "hasMore": offset + len(chosen) < len(batch.requests),
    }


def _request(platform: Platform, request_id: str) -> dict[str, Any]:
    told: dict[str, Any] = {"id": request_id, "status": "IN_QUEUE"}
    record = platform.records.get(request_id)
    if record is not None:
        told["status"] = record.status
        told |= {} if record.output is None else {"output": record.output}
        told |= {} if record.error is None else {"error": record.error}
    return told
