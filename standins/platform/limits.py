"""What RunPod does not carry, and when it gives a job up for lost: as documented, and kept here
apart from the worker's own idea of it.

10 MB for a job of /run and 20 MB for one of /runsync (its id begins with `sync-`), 1 MB for a piece
of a stream. A job whose worker stops naming it in its pings goes back to the queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standins.platform.records import Record

RUN_BYTES = 10_000_000
RUNSYNC_BYTES = 20_000_000
PIECE_BYTES = 1_000_000


def limit(kind: str, job_id: str) -> int:
    """Bytes of a post of `kind` ("done" or "stream") about a job."""
    if kind == "stream":
        return PIECE_BYTES
    return RUNSYNC_BYTES if job_id.startswith("sync-") else RUN_BYTES


class Sightings:
    """When each running job was last given out or named by its worker; `time.monotonic()` seconds.

    `lost_after_s`: None for a platform that gives no job up by itself.
    """

    def __init__(self) -> None:
        self.lost_after_s: float | None = None
        self._seen: dict[str, float] = {}

    def saw(self, job_ids: Iterable[str], now: float) -> None:
        self._seen.update(dict.fromkeys(job_ids, now))

    def lost(self, records: Mapping[str, Record], now: float) -> list[str]:
        """The running jobs that nobody has named for too long; told once."""
        if self.lost_after_s is None:
            return []
        before = now - self.lost_after_s
        running = (job_id for job_id, job in records.items() if job.status == "IN_PROGRESS")
        found = [job_id for job_id in running if self._seen.get(job_id, now) < before]
        self.saw(found, now)
        return found
