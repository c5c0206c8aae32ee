"""Deleting files of jobs by age: audio, timings, answers and chunks; never voices, records of
cost, nor what another program put beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from errors import ConfigError, ObjectNotFound
from s3_utils import Storage, side_by_side
from worker.files.guard import made_here
from worker.files.layout import prefixes
from worker.settings.load import Settings

_AT_ONCE = 8  # requests to storage


def clean_up(
    stores: Mapping[str, Storage],
    settings: Settings,
    *,
    days: float,
    dry_run: bool,
    deleting: Callable[[str], None] = lambda key: None,
) -> dict[str, dict[str, int]]:
    """Deletes files of jobs older than `days`; counts (`deleted`, `freed_bytes`) for each store.
    `deleting` is told each key before.

    Raises:
        ConfigError: the key template has no fixed folder, so results cannot be told from what
            else the bucket holds.
    """
    if "/" not in settings.jobs.output_beginning:
        raise ConfigError(
            "OUTPUT_KEY starts with no fixed folder: results cannot be told from other files.",
            "Give it a fixed folder, such as output/{user_id}/{job_id}.{ext}.",
        )
    before = datetime.now(UTC) - timedelta(days=days)
    counts = {}
    for place, store in stores.items():
        old = _old(store, settings, before)
        gone = [key for key in old if dry_run or _deleted(store, key, deleting)]
        counts[place] = {"deleted": len(gone), "freed_bytes": sum(old[key] for key in gone)}
    return counts


def _old(store: Storage, settings: Settings, before: datetime) -> dict[str, int]:
    """Sizes of what is to go, by key."""
    kept = (settings.voices.prefix, settings.cost.usage_prefix)
    old = {
        item.key: item.size
        for prefix in prefixes(settings)
        for item in store.list(prefix)
        if item.last_modified < before and not item.key.startswith(kept)
    }
    ours = side_by_side(lambda key: _is_ours(store, settings, key), old, _AT_ONCE)
    return {key: size for (key, size), mine in zip(old.items(), ours, strict=True) if mine}


def _deleted(store: Storage, key: str, deleting: Callable[[str], None]) -> bool:
    deleting(key)
    return store.delete(key)


def _is_ours(store: Storage, settings: Settings, key: str) -> bool:
    try:
        return made_here(store, settings, store.info(key))
    except ObjectNotFound:
        return False  # deleted meanwhile
