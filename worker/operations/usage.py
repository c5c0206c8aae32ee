"""What jobs cost, over the queue."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from errors import InvalidInput
from worker.app import App
from worker.operations.base import Answer, Operation
from worker.request.fields import UserId
from worker.usage.record import user_piece
from worker.usage.sums import Row, rows, user_of

_MOST_DAYS = 366
_USUAL_DAYS = 31
_CURSOR = re.compile(r"\d{4}-\d{2}-\d{2}/[A-Za-z0-9._-]+/")


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as exc:
        raise ValueError("must be a day, as 2026-11-26") from exc


def _cursor(value: str) -> str:
    if not _CURSOR.fullmatch(value):
        raise ValueError("must be `next` of the page before")
    _day(value[:10])
    return value


Day = Annotated[str, AfterValidator(_day)]


class SumUsage(Operation):
    """Sums what jobs took and cost by day and user; `after` continues a cut list. Days are UTC's,
    `until` is counted too."""

    endpoint: Literal["usage"]
    since: Day | None = None
    until: Day | None = None
    user_id: UserId | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[str, AfterValidator(_cursor)] | None = None

    def run(self, app: App, caller: str) -> Answer:
        first, last = self._days()
        prefix = app.settings.cost.usage_prefix
        found: list[Row] = []
        for number in range((last - first).days + 1):
            day = first + timedelta(number)
            for row in rows(app.storage, prefix, day, self._user):
                if self.after is not None and row.cursor <= self.after:
                    continue
                if len(found) == self.limit:
                    return self._page(app, found, more=True)
                found.append(row)
        return self._page(app, found, more=False)

    def _page(self, app: App, found: list[Row], *, more: bool) -> Answer:
        told = [row.as_output(self.user_id or user_of(app.storage, row)) for row in found]
        cursor = found[-1].cursor if more else None
        warnings = (
            []
            if app.settings.cost.gpu_price
            else [
                "GPU_PRICE_PER_HOUR is not set on this worker: it records nothing of its own jobs."
            ]
        )
        return {"usage": told, "count": len(told), "truncated": more, "next": cursor,
                "warnings": warnings}  # fmt: skip

    @property
    def _user(self) -> str | None:
        return user_piece(self.user_id) if self.user_id else None

    def _days(self) -> tuple[date, date]:
        today = datetime.now(UTC).date()
        last = date.fromisoformat(self.until) if self.until else today
        usual = last - timedelta(min(_USUAL_DAYS - 1, (last - date.min).days))
        first = date.fromisoformat(self.since) if self.since else usual
        if last < first:
            raise InvalidInput("`since` is later than `until`.", "Swap them.")
        if (last - first).days >= _MOST_DAYS:
            raise InvalidInput(
                f"From `since` to `until` are over {_MOST_DAYS} days.", "Ask for a year at a time."
            )
        if self.after is not None:
            first = max(first, date.fromisoformat(self.after[:10]))
        return first, last
