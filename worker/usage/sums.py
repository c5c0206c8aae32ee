"""Sums of what jobs took, by day and user, from the keys of their records alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from errors import StorageError
from s3_utils import Storage
from worker.files.layout import ANONYMOUS
from worker.usage.record import BILLIONTHS, MILLIONTHS, Usage, read_key

_MAX_BODY_BYTES = 4096


@dataclass
class Row:
    """What one user's jobs took in a day. `key` is that of one of the records."""

    day: date
    user: str
    key: str
    endings: Counter[str] = field(default_factory=Counter)
    characters: int = 0
    audio_ms: int = 0
    device_us: int = 0
    money: Counter[str] = field(default_factory=Counter)
    wasted: Counter[str] = field(default_factory=Counter)

    @property
    def cursor(self) -> str:
        """Orders rows as their keys are listed: `a-b/` comes before `a/`."""
        return f"{self.day.isoformat()}/{self.user}/"

    def add(self, usage: Usage) -> None:
        """Adds a record; characters and audio are of completed jobs, time and money of all."""
        self.endings[usage.ending] += 1
        self.device_us += usage.device_us
        self.money[usage.currency] += usage.money
        if usage.ending == "completed":
            self.characters += usage.characters
            self.audio_ms += usage.audio_ms
        else:
            self.wasted[usage.currency] += usage.money

    def as_output(self, user_id: str | None) -> dict[str, Any]:
        """As an answer has it; times in seconds."""
        return {
            "day": self.day.isoformat(),
            "user_id": user_id,
            "jobs": self.endings["completed"],
            "failed": self.endings["failed"],
            "cancelled": self.endings["cancelled"],
            "characters": self.characters,
            "audio_s": self.audio_ms / 1000,
            "device_s": self.device_us / MILLIONTHS,
            "cost": _amounts(self.money),
            "cost_without_result": _amounts(self.wasted),
        }


def _amounts(money: Counter[str]) -> dict[str, float]:
    return {currency: count / BILLIONTHS for currency, count in sorted(money.items())}


def rows(storage: Storage, prefix: str, day: date, user: str | None) -> Iterator[Row]:
    """The sums of a day, by user, of one user if one is named."""
    below = f"{prefix}{day.isoformat()}/" + (f"{user}/" if user else "")
    found = (
        (usage, item.key)
        for item in storage.list(below)
        if (usage := read_key(item.key, prefix)) is not None
    )
    for name, each in groupby(found, key=lambda pair: pair[0].user):
        yield _row(day, name, each)


def _row(day: date, user: str, found: Iterable[tuple[Usage, str]]) -> Row:
    """A job that was delivered twice counts once."""
    row: Row | None = None
    completed: dict[str, Usage] = {}
    for usage, key in found:
        row = row or Row(day, user, key)
        if usage.ending != "completed":
            row.add(usage)
        elif usage.job not in completed:
            completed[usage.job] = usage
    assert row is not None
    for usage in completed.values():
        row.add(usage)
    return row


def user_of(storage: Storage, row: Row) -> str | None:
    """The user's id as it was sent; None for jobs that named none. Where it cannot be read, as keys
    have it."""
    if row.user == ANONYMOUS:
        return None
    if not row.user.endswith("_"):  # only a folded one ends so: it is the id itself
        return row.user
    try:
        said = json.loads(storage.get(row.key, max_bytes=_MAX_BODY_BYTES))
    except (StorageError, ValueError):
        return row.user
    user_id = said.get("user_id") if isinstance(said, dict) else None
    return user_id if isinstance(user_id, str) else row.user
