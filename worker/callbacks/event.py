"""What is posted when a job has ended, and how it is kept in storage until somebody takes it.

callbacks/{job_id}.completed.json   the address, the id and the body, byte by byte
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from errors import InvalidInput
from s3_utils import Storage

Outcome = Literal["completed", "failed", "cancelled"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_FOR_THE_SDK = ("refresh_worker",)  # which takes it out as well
MAX_KEPT_BYTES = 64 << 20  # over the largest answer, whatever JSON makes of it


@dataclass(frozen=True)
class Event:
    """One callback: what `body` goes to `url`, under which id. `outcome` is how the job ended."""

    job_id: str
    outcome: Outcome
    url: str
    webhook_id: str
    body: str

    @property
    def host(self) -> str:
        """For the log: path and query of an address may hold what lets anybody post there."""
        return urlsplit(self.url).hostname or ""

    def encode(self) -> bytes:
        """As it is kept."""
        return json.dumps(asdict(self), ensure_ascii=False).encode(errors="replace")


def event_of(answer: Mapping[str, Any], job_id: str, url: str, *, repeats: bool) -> Event:
    """The event of a job's answer.

    Args:
        repeats: whether another job may have this id, so that the event needs an id of its own. On
            the platform a job that is delivered again is the same job, and so is its event.
    """
    outcome = outcome_of(answer)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {name: value for name, value in answer.items() if name not in _FOR_THE_SDK}
    body = {"type": f"speech.{outcome}", "timestamp": now, "data": told}
    name = f"{job_id}\n{outcome}" + (f"\n{uuid.uuid4()}" if repeats else "")
    digits = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:32]
    return Event(job_id, outcome, url, f"msg_{digits}", _one_text(body))


def outcome_of(answer: Mapping[str, Any]) -> Outcome:
    """How the job of an answer ended."""
    status = answer.get("status")
    return next((outcome for outcome in OUTCOMES if outcome == status), "completed")


def read_event(storage: Storage, key: str) -> Event | None:
    """The event kept under `key`; None if there is none that this worker wrote."""
    try:
        kept = json.loads(storage.get(key, max_bytes=MAX_KEPT_BYTES))
        event = Event(**kept)
    except (ValueError, TypeError, RecursionError, InvalidInput):
        return None
    whole = all(isinstance(value, str) for value in asdict(event).values())
    return event if whole and event.outcome in OUTCOMES else None


def _one_text(body: Mapping[str, Any]) -> str:
    """JSON; half a surrogate pair, which a job id or an error may repeat, as an escape."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text if _is_utf8(text) else json.dumps(body, separators=(",", ":"))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
