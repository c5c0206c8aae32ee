"""Callbacks that nobody took, over the queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from errors import ObjectNotFound, StorageError
from s3_utils import Storage, side_by_side
from worker.app import App
from worker.callbacks.event import read_event
from worker.callbacks.post import post
from worker.files.jobfiles import JobFiles
from worker.files.layout import CALLBACKS
from worker.log import get_logger
from worker.operations.base import Answer, Operation
from worker.request.fields import JobId, Key

log = get_logger("callbacks")

_AT_ONCE = 8  # tries


class SendCallbacks(Operation):
    """Posts callbacks that were not taken once more, and deletes those that are now; `dry_run`
    lists them. `after` continues a cut list."""

    endpoint: Literal["send_callbacks"]
    job_id: JobId | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 20
    after: Key | None = None
    dry_run: bool = False

    def run(self, app: App, caller: str) -> Answer:
        found = list(self._kept(app))
        chosen, more = found[: self.limit], len(found) > self.limit
        told = side_by_side(lambda each: self._sent(app, *each), chosen, _AT_ONCE)
        sent = [each for each in told if each.pop("taken", False)]
        kept = [each for each in told if each not in sent]
        answer: Answer = {"sent": sent, "count": len(sent), "kept": kept, "truncated": more}
        return {**answer, "next": chosen[-1][1] if more else None, "dry_run": self.dry_run}

    def _kept(self, app: App) -> Iterator[tuple[Storage, str]]:
        """One more than `limit` of them, by key, with the store each lies in."""
        found: dict[str, Storage] = {}
        for store in (app.storage, app.local):
            count = 0
            for key in self._keys(app, store):
                if self.after is not None and key.encode() <= self.after.encode():
                    continue
                found.setdefault(key, store)
                count += 1
                if count > self.limit:
                    break
        keys = sorted(found, key=str.encode)[: self.limit + 1]
        return ((found[key], key) for key in keys)

    def _keys(self, app: App, store: Storage) -> Iterator[str]:
        if self.job_id is None:
            prefix = CALLBACKS.prefix(app.settings)
            yield from (item.key for item in store.list(prefix) if _is_event(item.key))
            return
        files = JobFiles(store, app.settings, self.job_id)
        for ending in CALLBACKS.endings:
            key = files.key(CALLBACKS, ending)
            if store.exists(key):
                yield key

    def _sent(self, app: App, store: Storage, key: str) -> Answer:
        """What became of one: `taken`, or the `reason` why not."""
        told: Answer = {"key": key}
        try:
            event = read_event(store, key)
        except ObjectNotFound:
            return {**told, "reason": "another try took it meanwhile"}
        except StorageError as error:
            return {**told, "reason": error.message}
        if event is None:
            return {**told, "reason": "it is no callback of this worker; delete it"}
        told |= {
            "job_id": event.job_id,
            "outcome": event.outcome,
            "webhook_id": event.webhook_id,
            "host": event.host,
        }
        if self.dry_run:
            return told
        tried = post(event, app.settings.callbacks)
        if not tried.taken:
            return {**told, "reason": tried.reason}
        try:
            store.delete(key)
        except StorageError as error:
            log.warning("a delivered callback is still kept: %s", error.message)
        return {**told, "taken": True}


def _is_event(key: str) -> bool:
    return key.endswith(CALLBACKS.endings)
