"""A job's files in storage: storing, finding and deleting what is its own.

Older versions gave two ids that fold to the same ASCII (`abc` and `abc_`) the same keys. What they
stored is still found there: whose a file is, its metadata says.

To credentials that may not list, a missing file looks forbidden. Where the job's answer can be read
they are good, and what they may not see counts as missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from pathlib import PurePosixPath
from typing import Any

from errors import InvalidInput, ObjectNotFound, StorageDenied
from s3_utils import ObjectInfo, Storage, StoredObject, side_by_side
from worker.audio.formats import AUDIO_FORMATS
from worker.files.layout import (
    ANSWERS,
    KINDS,
    PART_ENDING,
    PARTS,
    JobFile,
    Layout,
    without_extension,
)
from worker.keys import user_key_fault
from worker.log import get_logger
from worker.settings.load import Settings
from worker.subtitles.write import TimingFormat

log = get_logger("files")

OWNER = "job-id"  # name of the metadata that says whose a file is
_MAX_ANSWER_BYTES = 16 << 20
_MAX_SEARCHED = 10_000  # keys looked at for one id; ten requests to S3
_AT_ONCE = 8  # requests to storage


class JobFiles(Layout):
    """The files of one job in one store.

    What reads or writes storage blocks, and raises StorageError of any kind.
    """

    def __init__(self, storage: Storage, settings: Settings, job_id: str) -> None:
        super().__init__(settings, job_id)
        self.storage = storage
        self._read: tuple[dict[str, Any] | None] | None = None

    def put(
        self,
        file: JobFile,
        data: bytes,
        metadata: Mapping[str, str] | None = None,
        *,
        replace: bool = True,
    ) -> StoredObject:
        """Stores a file, marked as this job's; InvalidInput for more metadata than S3 keeps.
        `replace` as in `Storage.put`."""
        return self.storage.put(
            file.key,
            data,
            content_type=file.content_type,
            metadata={**(metadata or {}), OWNER: self.job_id},
            replace=replace,
        )

    def stored_audio(self, fmt: str | None = None) -> list[ObjectInfo]:
        """The job's audio of one format or any, newest first: what its answer names, under
        whatever key, and what lies under the worker's own template."""
        found = self._ours(dict.fromkeys([*self._answered_key(fmt), *self._audio_keys(fmt)]))
        return sorted(found, key=lambda item: item.last_modified, reverse=True)

    def stored_timings(self, formats: Iterable[TimingFormat]) -> dict[str, str]:
        """Keys of the job's timing files by format, of those formats that are there."""
        formats = list(formats)
        found: dict[str, str] = {}
        for piece in self.pieces:
            keys = {fmt: self.timing(fmt, piece).key for fmt in formats if fmt not in found}
            ours = {item.key for item in self._ours(keys.values())}
            found |= {fmt: key for fmt, key in keys.items() if key in ours}
        return {fmt: found[fmt] for fmt in formats if fmt in found}

    def stored_parts(self, fingerprint: str) -> dict[int, str]:
        """Keys of the job's unfinished chunks with that fingerprint, by index."""
        folders = [self.key(PARTS, f"/{fingerprint}/", piece) for piece in self.pieces]
        keys = {
            int(path.stem): item.key
            for folder in reversed(folders)  # the newest counts
            for item in self.storage.list(folder)
            if (path := PurePosixPath(item.key)).suffix == PART_ENDING and path.stem.isdecimal()
        }
        ours = {item.key for item in self._ours(keys.values())}
        return {index: key for index, key in keys.items() if key in ours}

    def read_answer(self) -> dict[str, Any] | None:
        """What is stored as the job's answer, None if absent or not written by this worker.

        It may be of another job if it is not stored where older versions did.

        Raises:
            StorageUnavailable: storage does not answer.
        """
        for piece in self.pieces:
            stored = stored_answer(self.storage, self.key(ANSWERS, ".json", piece))
            if stored and (piece == self.piece or stored["output"].get("job_id") == self.job_id):
                return stored
        return None

    def delete_all(self) -> list[str]:
        """Deletes everything the job left; returns the keys."""
        return self.delete([*self._answered_key(), *self._audio_keys(), *self._other_keys()])

    def delete(self, keys: Iterable[str]) -> list[str]:
        """Deletes those of `keys` that are this job's, the rest also if one fails; returns them."""
        keys = list(dict.fromkeys(keys))
        gone = side_by_side(self._delete, keys, _AT_ONCE)
        return [key for key, deleted in zip(keys, gone, strict=True) if deleted]

    def _delete(self, key: str) -> bool:
        """Each store is asked: one may hold this job's file, the other another's."""
        stores = self.storage.stores().values()
        holding = [(store, item) for store in stores if (item := self._info(store, key))]
        ours = [store for store, item in holding if self.owns(item)]
        if len(ours) == len(holding):
            return bool(ours) and self.storage.delete(key)
        return any([store.delete(key) for store in ours])

    def _answered_key(self, fmt: str | None = None) -> list[str]:
        """The key of the audio that the job's answer names, if it is of that format."""
        found = self._answered or {}
        key = found.get("s3_key")
        if found.get("job_id") != self.job_id or fmt not in (None, found.get("format")):
            return []
        return [key] if isinstance(key, str) and user_key_fault(key) is None else []

    def _audio_keys(self, fmt: str | None = None) -> Iterator[str]:
        """Keys under the worker's own template that may be this job's."""
        for piece in self.pieces:
            yield from self._audio_keys_with(piece, fmt)

    def _audio_keys_with(self, piece: str, fmt: str | None) -> Iterable[str]:
        template = self.settings.jobs.output_template.replace("{job_id}", piece)
        stem = without_extension(template)
        rows = [row for name, row in AUDIO_FORMATS.items() if fmt in (None, name)]
        extensions = {row.extension for row in rows}
        if "{" not in stem:
            keys = {f"{stem}.{each}" for each in extensions}
            listed = self._listed(f"{stem}.", sorted(keys))
            return [key for key in listed if key in keys]
        name, endings = re.escape(without_extension(piece)), "|".join(extensions)
        named = re.compile(rf"(?<![A-Za-z0-9]){name}(?![A-Za-z0-9]).*\.({endings})$")
        found = islice(self._listed(stem.partition("{")[0], ()), _MAX_SEARCHED)
        return [key for key in found if named.search(key)]

    def _other_keys(self) -> Iterator[str]:
        for kind, piece in product(KINDS, self.pieces):
            base = self.key(kind, "", piece)
            if not kind.endings:
                yield from self._listed(f"{base}/", ())
                continue
            keys = [base + ending for ending in kind.endings]
            yield from (key for key in self._listed(f"{base}.", keys) if key in keys)

    def _listed(self, prefix: str, otherwise: Iterable[str]) -> Iterator[str]:
        """Keys below `prefix`; `otherwise` for credentials that may not list them."""
        try:
            for item in self.storage.list(prefix):
                yield item.key
        except StorageDenied:
            if self._answered is None:
                raise
            yield from otherwise

    def _ours(self, keys: Iterable[str]) -> list[ObjectInfo]:
        """Those of `keys` that are stored and this job's."""
        found = side_by_side(lambda key: self._info(self.storage, key), keys, _AT_ONCE)
        return [item for item in found if item and self.owns(item)]

    def _info(self, storage: Storage, key: str) -> ObjectInfo | None:
        try:
            return storage.info(key)
        except ObjectNotFound:
            return None
        except StorageDenied:
            if self._answered is None:
                raise
            return None

    def owns(self, item: ObjectInfo) -> bool:
        """Whether the file is this job's, by its metadata; by the stored answer and its name where
        a service keeps no metadata."""
        owner = item.metadata.get(OWNER)
        if owner is not None:
            return owner == self.job_id.encode(errors="replace").decode()
        if self._answered is None:
            return self.is_clear(item.key)
        of_this_job = self._answered.get("job_id") == self.job_id
        named = (self._answered.get("s3_key"), self._answered.get("bytes")) == (item.key, item.size)
        return of_this_job and (named or self.is_clear(item.key))

    @property
    def _answered(self) -> dict[str, Any] | None:
        """What the job answered, read once. Not by `cached_property`: on Python 3.11 all jobs share
        its lock, and each would wait for another's storage."""
        if self._read is None:
            stored = self.read_answer()
            self._read = (stored["output"] if stored else None,)
        return self._read[0]


def stored_answer(storage: Storage, key: str) -> dict[str, Any] | None:
    """What is stored under `key` as the answer of a job, None if it is none of this worker's.

    Raises:
        StorageUnavailable: storage does not answer.
    """
    try:
        stored = json.loads(storage.get(key, max_bytes=_MAX_ANSWER_BYTES))
    except (ObjectNotFound, StorageDenied):
        return None  # to credentials that may not list, what is missing looks forbidden
    except (ValueError, RecursionError, InvalidInput):  # no JSON, nested too deep, far too large
        stored = None
    if isinstance(stored, dict) and isinstance(stored.get("output"), dict):
        return stored
    log.warning("%s is not an answer of this worker", key)
    return None
