"""Jobs of many chunks, for tests that look at them or end them on the way."""

from __future__ import annotations

from typing import Any

from s3_utils import Storage
from standins.local_worker import FAST
from standins.platform import Platform

SENTENCES = [f"This is sentence number {i} of a long story that goes on and on." for i in range(16)]
# One chunk a pass, so that chunks finish one after the other.
ONE_BY_ONE = {"F5_MAX_BATCH_FRAMES": "1", "PROGRESS_INTERVAL_S": "0.05"}


def long_job(sentences: int, **fields: Any) -> dict[str, Any]:
    text = " [pause:0.1] ".join(SENTENCES[:sentences])
    return {"text": text, **FAST, **fields}


LONG_CHUNKS = 16
LONG = long_job(LONG_CHUNKS, seed=1)


def keys(storage: Storage, prefix: str) -> list[str]:
    return [item.key for item in storage.list(prefix)]


def chunks_done(platform: Platform, job_id: str) -> int:
    """What the platform has been told of the job's progress last."""
    updates = platform.progress.get(job_id)
    return int(updates[-1]["chunks_done"]) if updates else 0
