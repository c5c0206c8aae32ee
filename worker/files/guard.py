"""What a job may replace or delete: what this worker made, and nothing else in the bucket.

Whose an object is, its metadata says: everything a job stores carries the job's id, and the voice
library is a folder of the worker's own. Where a service keeps no metadata the job's stored answer
says it, and chunks are known by their names.
"""

from __future__ import annotations

import re

from errors import InvalidInput, ObjectNotFound, show
from s3_utils import ObjectInfo, Storage
from worker.audio.formats import AUDIO_FORMATS
from worker.files.jobfiles import OWNER, stored_answer
from worker.files.layout import ANSWERS, KINDS, PARTS, STREAMED, without_extension
from worker.keys import HOLE
from worker.settings.load import Settings

_ENDINGS = "|".join(row.extension for row in AUDIO_FORMATS.values())
_CHUNKS = {
    PARTS: re.compile(r"[^/]+/[0-9a-f]{16}/[0-9]{5,}\.f32"),
    STREAMED: re.compile(rf"[^/]+/[0-9]{{3,}}\.({_ENDINGS})"),
}


def made_here(storage: Storage, settings: Settings, item: ObjectInfo) -> bool:
    """Whether this worker made an object, or it lies in the voice library.

    Args:
        item: as `info` gives it; entries of a list have no metadata.

    Raises:
        StorageError: the answer that could say so cannot be read.
    """
    if OWNER in item.metadata or item.key.startswith(settings.voices.prefix):
        return True
    if item.metadata:
        return False
    for kind, name in _CHUNKS.items():  # older versions marked none of them
        prefix = kind.prefix(settings)
        if item.key.startswith(prefix) and name.fullmatch(item.key.removeprefix(prefix)):
            return True
    return _is_answered_for(storage, settings, item.key)


def check_replaceable(storage: Storage, settings: Settings, key: str) -> None:
    """A key may be written to if it is free, or holds what this worker made.

    Raises:
        InvalidInput: it holds another's object.
        StorageError: storage does not say.
    """
    try:
        item = storage.info(key)
    except ObjectNotFound:
        return
    if not made_here(storage, settings, item):
        raise not_replaced(key)


def not_replaced(key: str) -> InvalidInput:
    """The refusal to write over another's object."""
    return InvalidInput(
        f"{show(key)} holds an object that this worker did not make, so it is not replaced.",
        "Use another key, or delete the object with the storage provider's own tools.",
    )


def check_deletable(storage: Storage, settings: Settings, key: str) -> None:
    """Only what this worker made is deleted, in each store that holds it.

    Raises:
        InvalidInput: another made it, or it is a lexicon or a record of cost.
        StorageError: storage does not say.
    """
    _check_no_record(settings, key)
    if settings.in_lexicons(key):
        raise InvalidInput(
            f"{show(key)} lies among the lexicons, so it is not deleted by its key.",
            "Use the `delete_lexicon` operation with its `name`.",
        )
    stores = [store for store in storage.stores().values() if store.exists(key)]
    if not all(made_here(store, settings, store.info(key)) for store in stores):
        raise InvalidInput(
            f"{show(key)} was not made by this worker, so it is not deleted.",
            "Delete it with the storage provider's own tools.",
        )


def check_uploadable(storage: Storage, settings: Settings, key: str) -> None:
    """A client may upload to a free key or over this worker's own object, but never an answer or
    another file that the worker reads back or hands out as made by itself.

    Raises:
        InvalidInput: not to this key.
        StorageError: storage does not say what it holds.
    """
    _check_no_record(settings, key)
    for kind in KINDS:
        prefix = kind.prefix(settings)
        if key.casefold().startswith(prefix.casefold()):
            raise InvalidInput(
                f"{show(key)} lies below {prefix}, which the worker alone writes to.",
                "Upload to another folder.",
            )
    if settings.in_lexicons(key):
        raise InvalidInput(
            f"{show(key)} lies among the lexicons, which all jobs are spoken by.",
            "Use the `store_lexicon` operation.",
        )
    check_replaceable(storage, settings, key)


def _check_no_record(settings: Settings, key: str) -> None:
    """Sums of what jobs cost are made from these keys. Raises InvalidInput: it is one of them."""
    prefix = settings.cost.usage_prefix
    if key.casefold().startswith(prefix.casefold()):
        raise InvalidInput(
            f"{show(key)} lies below {prefix}, where what jobs cost is recorded.",
            "Use another folder; old records are deleted with the storage provider's own tools.",
        )


def _is_answered_for(storage: Storage, settings: Settings, key: str) -> bool:
    """Whether the stored answer of the job that such a key belongs to names it."""
    piece = _piece_in(settings, key)
    if piece is None:
        return False
    stored = stored_answer(storage, f"{ANSWERS.prefix(settings)}{piece}.json")
    if stored is None:
        return False
    is_beside = key.startswith(tuple(kind.prefix(settings) for kind in KINDS))
    return is_beside or stored["output"].get("s3_key") == key


def _piece_in(settings: Settings, key: str) -> str | None:
    """The job's id as a key of the worker's own layout has it, None if the key is not one."""
    for kind in KINDS:
        prefix = kind.prefix(settings)
        if key.startswith(prefix):
            name, slash, _ = key.removeprefix(prefix).partition("/")
            if not kind.endings:
                return name if slash else None
            ending = next((each for each in kind.endings if name.endswith(each)), None)
            return name.removesuffix(ending) if ending and not slash else None
    template = without_extension(settings.jobs.output_template)
    pattern, seen = "", False
    for position, text in enumerate(HOLE.split(template)):
        if position % 2 == 0:
            pattern += re.escape(text)
        elif text == "job_id" and not seen:
            pattern, seen = pattern + "(?P<job>[^/]+)", True
        else:
            pattern += "[^/]+"
    found = re.fullmatch(pattern, without_extension(key)) if seen else None
    return found["job"] if found else None
