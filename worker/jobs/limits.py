"""What RunPod carries in one answer.

Documented limits of a job's payload: 10 MB for /run, 20 MB for /runsync (the platform's ids of the
latter begin with `sync-`). An answer over the limit is lost, so audio above it is given as a URL.
"""

from __future__ import annotations

RUN_BYTES = 10_000_000
RUNSYNC_BYTES = 20_000_000
_ROOM_BYTES = 400_000  # of an answer, for everything that is not audio


def inline_limit(configured: int, job_id: str) -> int:
    """Bytes of audio that may be returned as base64 (4/3 of their size) in a job's answer."""
    platform = RUNSYNC_BYTES if job_id.startswith("sync-") else RUN_BYTES
    return min(configured, (platform - _ROOM_BYTES) * 3 // 4)
