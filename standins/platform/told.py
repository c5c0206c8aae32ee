"""What /status tells a client of a job, and RunPod's webhook posts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standins.platform.records import Record


def status(record: Record) -> dict[str, Any]:
    """Times in milliseconds."""
    answer: dict[str, Any] = {"id": record.job_id, "status": record.status}
    if record.taken_at is not None:
        answer["delayTime"] = round((record.taken_at - record.queued_at) * 1000)
        answer["workerId"] = record.pod
        if record.done_at is not None:
            answer["executionTime"] = round((record.done_at - record.taken_at) * 1000)
    if record.output is not None:
        answer["output"] = record.output
    if record.error is not None:
        answer["error"] = record.error
    return answer
