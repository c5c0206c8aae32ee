"""What one attempt at a job took, as one small object whose key says it all.

    usage/2026-11-26/{user}/{job}.completed.c120-a8340-d512077-m283065-USD.json

`c` characters as sent, `a` milliseconds of audio, `d` microseconds of the device, `m` what they
cost, in billionths of the currency. So a day is summed from its list alone, a request for a
thousand jobs; the body, a few bytes, has the user's id as it was sent. The days are UTC's, by when
the job ended.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, get_args

from worker.files.jobfiles import OWNER
from worker.files.layout import ANONYMOUS
from worker.keys import safe_piece

# `interrupted`: cut off, to go on elsewhere. `repeated`: another attempt at the job was quicker.
Ending = Literal["completed", "failed", "cancelled", "interrupted", "repeated"]
MILLIONTHS, BILLIONTHS = 10**6, 10**9
_NAME = re.compile(
    r"(?P<job>.+)\.(?P<ending>[a-z]+)"
    r"\.c(?P<characters>\d+)-a(?P<audio>\d+)-d(?P<device>\d+)-m(?P<money>\d+)"
    r"-(?P<currency>[A-Z]{3})\.json"
)
_LONGEST_DIGITS = 18  # of a number in a key


@dataclass(frozen=True)
class Usage:
    """What an attempt took. `audio_ms`, `device_us` and `money` (billionths) are whole numbers, so
    sums are exact. `user` is a piece of a key."""

    day: date
    user: str
    job: str
    ending: Ending
    characters: int
    audio_ms: int
    device_us: int
    money: int
    currency: str

    def key(self, prefix: str) -> str:
        """Where it is kept."""
        numbers = f"c{self.characters}-a{self.audio_ms}-d{self.device_us}-m{self.money}"
        name = f"{self.job}.{self.ending}.{numbers}-{self.currency}.json"
        return f"{prefix}{self.day.isoformat()}/{self.user}/{name}"


def usage_of(
    job_id: str,
    user_id: str | None,
    ending: Ending,
    *,
    characters: int,
    audio_s: float,
    device_s: float,
    money: float,
    currency: str,
) -> Usage:
    """The record of an attempt that ends now."""
    return Usage(
        datetime.now(UTC).date(),
        user_piece(user_id),
        safe_piece(job_id),
        ending,
        characters,
        round(audio_s * 1000),
        round(device_s * MILLIONTHS),
        round(money * BILLIONTHS),
        currency,
    )


def user_piece(user_id: str | None) -> str:
    """A user's id as keys have it; that of nobody is `anonymous`."""
    return safe_piece(user_id, reserved=ANONYMOUS) if user_id else ANONYMOUS


def body(job_id: str, user_id: str | None) -> tuple[bytes, dict[str, str]]:
    """What lies under the key, and its metadata."""
    text = json.dumps({"job_id": job_id, "user_id": user_id}, ensure_ascii=True)
    return text.encode(), {OWNER: job_id}


def read_key(key: str, prefix: str) -> Usage | None:
    """The record that a key says, None if it says none."""
    day, _, rest = key.removeprefix(prefix).partition("/")
    user, _, name = rest.partition("/")
    found = _NAME.fullmatch(name)
    if not found or found["ending"] not in get_args(Ending) or not user:
        return None
    digits = found.group("characters", "audio", "device", "money")
    if any(len(each) > _LONGEST_DIGITS for each in digits):
        return None
    ending: Ending = found["ending"]  # type: ignore[assignment]
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return None
    characters, audio_ms, device_us, money = map(int, digits)
    return Usage(
        on, user, found["job"], ending, characters, audio_ms, device_us, money, found["currency"]
    )
