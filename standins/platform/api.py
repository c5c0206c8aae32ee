"""The client's side of the local platform: what https://api.runpod.ai/v2/ENDPOINT offers.

Shapes follow RunPod's documentation (endpoint operations) and what the SDK's client reads; where
both are silent (the bodies of errors, the output of a failed job) they are a guess.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from standins.platform import batch, options
from standins.platform.told import status

if TYPE_CHECKING:
    from standins.platform import Platform
    from standins.platform.records import Record

_SYNC_WAIT_MS = 90_000


def answer(
    platform: Platform,
    method: str,
    parts: list[str],
    query: dict[str, list[str]],
    authorization: str | None,
    body: bytes,
) -> tuple[int, Any]:
    """Status and JSON answer of one request; `parts` is the path after /v2."""
    if authorization != f"Bearer {platform.api_key}":
        return 401, None
    endpoint, operation, job_id = (*parts, "", "", "")[:3]
    if operation == "batch" and endpoint == platform.endpoint_id:
        return batch.answer(platform, method, parts[2:], query, body)
    if endpoint != platform.endpoint_id:
        return 404, {"error": f"endpoint not found: {endpoint}"}
    match method, operation:
        case "POST", "run" | "runsync":
            return _run(platform, body, query, sync=operation == "runsync")
        case "POST", "purge-queue":
            return 200, {"removed": platform.purge(), "status": "completed"}
        case "GET", "health":
            return 200, _health(platform)
        case ("GET" | "POST", "status" | "stream") | ("POST", "cancel"):
            with platform.arrived:
                record = platform.records.get(job_id)
                if record is None:
                    return 404, {"error": "job not found"}
                return 200, _about(platform, operation, record)
    return 404, {"error": f"no such operation: {method} {operation}"}


def _run(
    platform: Platform, body: bytes, query: dict[str, list[str]], *, sync: bool
) -> tuple[int, Any]:
    from standins.platform import FINAL

    try:
        job = json.loads(body)
        job_input = job["input"]
    except (ValueError, KeyError, TypeError):
        return 400, {"error": "the body must be JSON with an `input`"}
    if wrong := options.fault(job):
        return 400, {"error": wrong}
    job_id = f"{'sync-' if sync else ''}{uuid.uuid4()}-u1"
    platform.submit(job_id, job_input)
    record = platform.records[job_id]
    options.follow(platform, record, job)
    if not sync:
        return 200, {"id": job_id, "status": "IN_QUEUE"}
    wait_s = int(query.get("wait", [str(_SYNC_WAIT_MS)])[0]) / 1000
    with platform.arrived:
        platform.arrived.wait_for(lambda: record.status in FINAL, wait_s)
        return 200, status(record)


def _about(platform: Platform, operation: str, record: Record) -> dict[str, Any]:
    if operation == "cancel":
        platform.cancel(record.job_id)
        return {"id": record.job_id, "status": record.status}
    if operation == "status":
        record.asked_at.append(time.monotonic())
        return status(record)
    pieces = platform.stream.get(record.job_id, [])
    fresh, record.stream_read = pieces[record.stream_read :], len(pieces)
    return {"status": record.status, "stream": fresh}


def _health(platform: Platform) -> dict[str, Any]:
    with platform.arrived:
        records = list(platform.records.values())
        busy = {record.pod for record in records if record.status == "IN_PROGRESS"}

        def count(status: str) -> int:
            return sum(record.status == status for record in records)

        return {
            "jobs": {
                "completed": count("COMPLETED"),
                "failed": count("FAILED"),
                "inProgress": count("IN_PROGRESS"),
                "inQueue": count("IN_QUEUE"),
                "retried": sum(max(0, record.deliveries - 1) for record in records),
            },
            "workers": {"idle": len(platform.pods.keys() - busy), "running": len(busy)},
        }
