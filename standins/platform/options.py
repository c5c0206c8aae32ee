"""What a client may ask for beside a job's `input`, as RunPod documents it: `webhook`, `policy`.

The answer is posted as /status gives it, unsigned; anything but 200 is tried twice more, 10 s
apart.
`executionTimeout` counts from when a worker takes the job, `ttl` from when it is sent.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from standins.platform.told import status

if TYPE_CHECKING:
    from standins.platform import Platform
    from standins.platform.records import Record

_DAY_MS = 86_400_000
_TRIES = 3
_LEAST = {"executionTimeout": 5_000, "ttl": 10_000}
_DEFAULT = {"executionTimeout": 600_000, "ttl": _DAY_MS}
_MOST_TTL_MS = 7 * _DAY_MS


def fault(job: Mapping[str, Any]) -> str | None:
    """What is wrong with what stands beside `input`, None if nothing."""
    policy = job.get("policy", {})
    if not isinstance(policy, dict):
        return "policy must be an object"
    for name, least in _LEAST.items():
        value = policy.get(name, _DEFAULT[name])
        if not isinstance(value, int) or value < least:
            return f"policy.{name} must be at least {least}"
    if policy.get("ttl", 0) > _MOST_TTL_MS:
        return "policy.ttl must be at most a week"
    if not isinstance(policy.get("lowPriority", False), bool):
        return "policy.lowPriority must be true or false"
    if not isinstance(job.get("webhook", ""), str):
        return "webhook must be a URL"
    return None


def follow(platform: Platform, record: Record, job: Mapping[str, Any]) -> None:
    """Sees to the options of a job that has been submitted. Only what was asked for: no other
    job is watched."""
    if policy := job.get("policy"):
        _thread(_keep, platform, record, {**_DEFAULT, **policy})
    if webhook := job.get("webhook"):
        _thread(_notify, platform, record, webhook)


def _thread(work: Any, *args: Any) -> None:
    threading.Thread(target=work, args=args, daemon=True).start()


def _keep(platform: Platform, record: Record, policy: Mapping[str, int]) -> None:
    """Ends the job when its time is up."""
    from standins.platform import FINAL

    speed = platform.policy_speed
    until = record.queued_at + policy["ttl"] / 1000 / speed
    with platform.arrived:
        platform.arrived.wait_for(
            lambda: record.taken_at or record.status in FINAL, until - time.monotonic()
        )
        if record.taken_at:
            until = min(until, record.taken_at + policy["executionTimeout"] / 1000 / speed)
        if not platform.arrived.wait_for(
            lambda: record.status in FINAL, max(0.0, until - time.monotonic())
        ):
            platform.cancel(record.job_id, "TIMED_OUT")


def _notify(platform: Platform, record: Record, url: str) -> None:
    from standins.platform import FINAL

    with platform.arrived:
        platform.arrived.wait_for(lambda: record.status in FINAL)
        body = json.dumps(status(record)).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    for number in range(_TRIES):
        if number:
            time.sleep(10 / platform.policy_speed)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            continue
