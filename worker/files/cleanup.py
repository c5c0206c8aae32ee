"""Deleting results by age: audio, timings, answers and chunks of jobs, never voices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from errors import ConfigError
from s3_utils import Storage
from worker.app import App
from worker.operations.base import CleanupInput
from worker.settings.load import Settings


def result_prefixes(settings: Settings) -> tuple[str, ...]:
    """Beginnings of the keys that jobs write under the worker's own templates."""
    jobs = settings.jobs
    prefixes = (
        jobs.output_beginning,
        jobs.timings_prefix,
        jobs.results_prefix,
        jobs.stream_prefix,
        jobs.parts_prefix,
    )
    return tuple(dict.fromkeys(prefix for prefix in prefixes if prefix))


def clean_up(app: App, request: CleanupInput) -> dict[str, Any]:
    """Deletes results older than the request's days, with counts for each place.

    Raises:
        ConfigError: the key template has no fixed folder, so results cannot be told from what
            else the bucket holds.
    """
    settings = app.settings
    prefixes = result_prefixes(settings)
    if "/" not in settings.jobs.output_beginning:
        raise ConfigError(
            "OUTPUT_KEY starts with no fixed folder: results cannot be told from other files.",
            "Give it a fixed folder, such as output/{user_id}/{job_id}.{ext}.",
        )
    days = settings.jobs.cleanup_days if request.days_old is None else request.days_old
    before = datetime.now(UTC) - timedelta(days=days)
    counts: dict[str, dict[str, int]] = {}
    for name, store in app.storage.stores().items():
        if request.cleanup_local if name == "local" else request.cleanup_s3:
            counts[name] = _clean(store, prefixes, settings.voices.prefix, before, request.dry_run)
    return {
        **{
            f"{name}_{what}": count
            for name, found in counts.items()
            for what, count in found.items()
        },
        "deleted": sum(found["deleted"] for found in counts.values()),
        "days_old": days,
        "dry_run": request.dry_run,
    }


def _clean(
    store: Storage, prefixes: tuple[str, ...], voices: str, before: datetime, dry_run: bool
) -> dict[str, int]:
    old = {
        item.key: item.size
        for prefix in prefixes
        for item in store.list(prefix)
        if item.last_modified < before and not item.key.startswith(voices)
    }
    gone = [key for key in old if dry_run or store.delete(key)]
    return {"deleted": len(gone), "freed_bytes": sum(old[key] for key in gone)}
