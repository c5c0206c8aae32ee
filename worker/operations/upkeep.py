"""Looking after a worker and its storage."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import Field

from s3_utils import Storage
from worker.app import App
from worker.files.cleanup import clean_up
from worker.operations.base import Answer, Operation
from worker.request.fields import KeyPrefix

_DRY = {"deleted": "would_delete", "freed_bytes": "would_free_bytes"}


class Cleanup(Operation):
    """Deletes files of jobs older than `days_old` days (else CLEANUP_DAYS), and voices that were
    deleted longer ago than they can be restored. With `dry_run` nothing is deleted: `would_delete`
    counts what would be."""

    endpoint: Literal["cleanup"]
    days_old: Annotated[float, Field(ge=0, le=36_500)] | None = None
    cleanup_local: bool = True
    cleanup_s3: bool = True
    dry_run: bool = False

    def run(self, app: App, caller: str) -> Answer:
        days = app.settings.jobs.cleanup_days if self.days_old is None else self.days_old
        wanted = {"local": self.cleanup_local, "s3": self.cleanup_s3}
        stores: dict[str, Storage] = {
            place: store for place, store in app.storage.stores().items() if wanted[place]
        }
        kept = {} if self.cleanup_local else {"deleting": app.storage.keep_on_disk}
        found = clean_up(stores, app.settings, days=days, dry_run=self.dry_run, **kept)
        names = _DRY if self.dry_run else {}
        counts: Answer = {
            f"{place}_{names.get(what, what)}": count
            for place, of_place in found.items()
            for what, count in of_place.items()
        }
        total = sum(of_place["deleted"] for of_place in found.values())
        if self.dry_run:
            counts |= {"would_delete": total, "deleted": 0}
        else:
            app.voices.shelf.purge()
            counts |= {"deleted": total}
        return {**counts, "days_old": days, "dry_run": self.dry_run}


class StorageInfo(Operation):
    """Where objects go; `total_size` also counts the bytes, which lists everything."""

    endpoint: Literal["storage_info"]
    total_size: bool = False

    def run(self, app: App, caller: str) -> Answer:
        answer: Answer = dict(app.storage.describe())
        if self.total_size:
            answer["total_bytes"] = app.storage.total_size()
        return answer


class Migrate(Operation):
    """Copies files of local storage to S3."""

    endpoint: Literal["migrate"]
    prefix: KeyPrefix = ""

    def run(self, app: App, caller: str) -> Answer:
        return asdict(app.storage.migrate(self.prefix))
