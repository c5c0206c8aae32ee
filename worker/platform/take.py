"""Taking jobs from the platform: what is broken in an answer costs nothing but itself.

The SDK ends the worker, running jobs and all, when an element of a batch has no id, and drops the
whole batch for JSON that Python cannot hold. Imported late, see `worker.platform.start`.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
from runpod.http_client import TooManyRequests
from runpod.serverless.modules.rp_job import _job_get_url

from worker.log import get_logger

log = get_logger("runpod")

Job = dict[str, Any]

_NO_JOB = (204, 400)  # 400 is what FlashBoot answers
_TOO_MANY = 429
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_DEEPEST = 100  # no field of a job nests as deep, so what is cut there is refused all the same


class Taking:
    """Takes jobs, and asks less and less often while the platform cannot be asked: the SDK's loop
    asks again at once, which took a core and a gigabyte of log an hour."""

    def __init__(self) -> None:
        self._failed = 0

    async def __call__(self, session: aiohttp.ClientSession, count: int = 1) -> list[Job] | None:
        """As `take_jobs`; after a failure it waits before it raises."""
        try:
            jobs = await take_jobs(session, count)
        except TooManyRequests:  # the SDK's loop waits
            raise
        except Exception:
            self._failed += 1
            await asyncio.sleep(pause_after(self._failed))
            raise
        self._failed = 0
        return jobs


def pause_after(failed: int) -> float:
    """Seconds to wait after so many failures in a row."""
    return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failed - 1, 16))


async def take_jobs(session: aiohttp.ClientSession, count: int = 1) -> list[Job] | None:
    """Up to `count` jobs; None when there are none.

    Raises:
        TooManyRequests, aiohttp.ClientError: the platform answered so; the SDK's loop asks again.
    """
    async with session.get(_job_get_url(count)) as answer:
        if answer.status in _NO_JOB:
            return None
        if answer.status == _TOO_MANY:
            raise TooManyRequests(answer.request_info, answer.history, status=answer.status)
        answer.raise_for_status()
        text = await answer.text(errors="replace")
    return jobs_in(text)


def jobs_in(text: str) -> list[Job]:
    """The jobs of an answer of the platform: one, or a batch. Whatever is none is logged.

    A job without `input` is one, and is told so.
    """
    found: list[Job] = []
    try:
        answer = _parsed(text) if text.strip() else None
    except (ValueError, RecursionError) as error:
        log.error("the platform answered no JSON where jobs are taken (%s)", type(error).__name__)
        return found
    for element in answer if isinstance(answer, list) else [answer]:
        job = element if isinstance(element, dict) else {}
        if isinstance(job.get("id"), str) and job["id"]:
            # Only what the worker reads: the SDK makes attributes of anything else.
            found.append({"id": job["id"], "input": job.get("input")})
        elif element is not None or isinstance(answer, list):
            log.error("the platform sent something that is no job (%s)", type(element).__name__)
    return found


def _parsed(text: str) -> Any:
    """JSON; what Python refuses to hold (depth, digits) in a form that the job's schema refuses."""
    try:
        return json.loads(text)
    except RecursionError:
        return json.loads(_shallow(text), parse_int=_number)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of more than 4300 digits
        return json.loads(text, parse_int=_number)


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 1_000 else float(digits)  # infinite


def _shallow(text: str) -> str:
    """`text` with null in place of every list and object below the deepest level."""
    kept: list[str] = []
    depth, in_string, escaped = 0, False, False
    for character in text:
        opens = not in_string and character in "[{"
        closes = not in_string and character in "]}"
        depth += opens
        if depth <= _DEEPEST:
            kept.append(character)
        elif opens and depth == _DEEPEST + 1:
            kept.append("null")
        depth -= closes
        if escaped:
            escaped = False
        elif in_string and character == "\\":
            escaped = True
        elif character == '"':
            in_string = not in_string
    return "".join(kept)
