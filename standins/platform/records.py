"""What the local platform keeps of each job, and what workers posted about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

FINAL = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")


@dataclass(frozen=True)
class Event:
    """Something a worker posted about a job; `at` is `time.monotonic()` seconds."""

    kind: Literal["progress", "stream", "final"]
    job_id: str
    body: dict[str, Any]
    at: float
    is_stream: bool


@dataclass
class Record:
    """What the platform knows of a job; times are `time.monotonic()` seconds."""

    job_id: str
    job_input: object
    queued_at: float
    status: str = "IN_QUEUE"
    pod: str | None = None
    taken_at: float | None = None
    done_at: float | None = None
    deliveries: int = 0
    output: Any = None
    error: str | None = None
    stream_read: int = 0  # pieces a client has already been given
    asked_at: list[float] = field(default_factory=list)  # when a client asked for its status
