"""What an answer can carry: RunPod's documented limits of a job's payload.

10 MB for /run, 20 MB for /runsync (the platform's ids of the latter begin with `sync-`). An answer
over them is refused by the platform, and its job never ends for whoever waits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from errors import AnswerTooLarge

RUN_BYTES = 10_000_000
RUNSYNC_BYTES = 20_000_000
_RUNSYNC = "sync-"
_ROOM_BYTES = 400_000  # of an answer, for everything that is not audio


def answer_limit(job_id: str) -> int:
    """Bytes of JSON the platform takes as the answer of a job."""
    return RUNSYNC_BYTES if job_id.startswith(_RUNSYNC) else RUN_BYTES


def check_size(answer: Mapping[str, object], job_id: str) -> None:
    """Refuses an answer that the platform would not take.

    Raises:
        AnswerTooLarge: with its size and the limit.
    """
    size, limit = _json_bytes(answer), answer_limit(job_id)
    if size > limit:
        raise AnswerTooLarge(
            f"The answer has {size} bytes, more than the {limit} that the platform carries.",
            "Ask for less: a `limit`, a URL instead of the bytes, or the files by their keys.",
        )


def inline_limit(configured: int, job_id: str) -> int:
    """Bytes of a file that a job's answer may carry as base64, which takes 4/3 of their size."""
    return min(configured, (answer_limit(job_id) - _ROOM_BYTES) * 3 // 4)


def _json_bytes(answer: Mapping[str, object]) -> int:
    return len(json.dumps(answer, ensure_ascii=False).encode(errors="surrogatepass"))
