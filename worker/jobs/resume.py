"""Finished chunks of long jobs in storage, so that a job that died continues from them.

A chunk is stored once it has been finished for a second while others of its job are not, so short
jobs never pay for it. Raw fp32 samples are stored, then the chunk's warnings and a checksum, so a
resumed job has the bits and the warnings of an uninterrupted one, and what was cut or damaged is
spoken again. The fingerprint
covers everything a chunk's sound depends on; a job sent again with other parameters finds nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Self

import numpy as np

from engine.chunk import Chunk, SpokenChunk
from errors import InvalidInput, ObjectNotFound, WorkerError
from s3_utils import brief_beside_a_disk, side_by_side
from text.front import versions
from worker.files.jobfiles import JobFiles
from worker.log import get_logger
from worker.threads import Lane, in_thread

log = get_logger("resume")

DELAY_S = 1.0
# Of a chunk, beside its parameters and voice, what its sound depends on; its pause is not in it.
_HEARD = ("index", "text", "tokens", "frames", "ref_frames", "seed")
_AT_ONCE = 8
_FORMAT = 2  # of a stored chunk; those of another are not looked for
_CHECKSUM_BYTES = 32
_LENGTH_BYTES = 4
_MOST_WARNINGS, _LONGEST_WARNING = 8, 1000
_MAX_BYTES = 64 << 20  # far above the longest chunk the model can make, 8 MB


def fingerprint(chunks: Sequence[Chunk], model: str) -> str:
    """16 hex digits that change whenever any chunk would sound different."""
    facts = [
        [
            {name: getattr(chunk, name) for name in _HEARD},
            asdict(chunk.parameters),
            chunk.voice.content_hash,
            chunk.voice.ref_text,
        ]
        for chunk in chunks
    ]
    text = json.dumps([_FORMAT, model, versions(), facts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class ChunkStore:
    """The stored chunks of one job. Its methods block; failures to store never fail the job."""

    def __init__(self, files: JobFiles, fingerprint: str) -> None:
        self._files, self._fingerprint = files, fingerprint

    def load(self, count: int) -> dict[int, SpokenChunk]:
        """Chunks of an earlier run, by index below `count`; empty if they cannot be read.

        Damaged ones are deleted, to be spoken and stored again.
        """
        try:
            with brief_beside_a_disk(self._files.storage.stores()):
                stored = self._files.stored_parts(self._fingerprint)
            keys = {index: key for index, key in stored.items() if index < count}
            read = side_by_side(self._read, keys.items(), _AT_ONCE)
        except WorkerError as error:
            log.warning("stored chunks not read: %s", error.message)
            return {}
        found = {chunk.index: chunk for chunk in read if chunk is not None}
        if damaged := sorted(keys.keys() - found.keys()):
            log.warning("stored chunks are damaged and spoken again: %s", damaged)
            self.remove(damaged)
        return found

    def save(self, chunk: SpokenChunk) -> bool:
        """Stores a chunk; False if storage did not take it."""
        try:
            file = self._files.part(self._fingerprint, chunk.index)
            self._files.put(file, _as_stored(chunk))
        except WorkerError as error:
            log.warning("chunk %d not stored: %s", chunk.index, error.message)
            return False
        return True

    def remove(self, indices: Sequence[int]) -> None:
        """Deletes chunks; what cannot be deleted is left to the clean-up operation."""
        try:
            self._files.delete(self._files.part(self._fingerprint, i).key for i in indices)
        except WorkerError as error:
            log.warning("stored chunks not deleted: %s", error.message)

    def _read(self, place: tuple[int, str]) -> SpokenChunk | None:
        """The chunk of that index and key, None if it is not as it was stored."""
        index, key = place
        try:
            data = self._files.storage.get(key, max_bytes=_MAX_BYTES)
        except (InvalidInput, ObjectNotFound):  # far too large; deleted meanwhile
            return None
        return _as_spoken(index, data)


def _as_stored(chunk: SpokenChunk) -> bytes:
    """Samples, warnings as JSON, how long that is, and the checksum of all this."""
    said = json.dumps(chunk.warnings).encode()
    samples = chunk.samples.astype("<f4").tobytes()
    data = samples + said + len(said).to_bytes(_LENGTH_BYTES, "little")
    return data + _checksum(data)


def _as_spoken(index: int, stored: bytes) -> SpokenChunk | None:
    """The chunk that was `stored`; None if it was not, or is damaged."""
    data, checksum = stored[:-_CHECKSUM_BYTES], stored[-_CHECKSUM_BYTES:]
    if checksum != _checksum(data):
        return None
    data, length = data[:-_LENGTH_BYTES], int.from_bytes(data[-_LENGTH_BYTES:], "little")
    split = len(data) - length
    if split <= 0 or split % 4:
        return None
    warnings = _warnings(data[split:])
    samples = np.frombuffer(data[:split], dtype="<f4").astype(np.float32)
    if warnings is None or not np.isfinite(samples).all():
        return None
    return SpokenChunk(index, samples, warnings=warnings)


def _warnings(data: bytes) -> tuple[str, ...] | None:
    """What was said of a chunk; None if it is not what a worker writes."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, list) or len(said) > _MOST_WARNINGS:
        return None
    fits = all(isinstance(one, str) and len(one) <= _LONGEST_WARNING for one in said)
    return tuple(said) if fits else None


def _checksum(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class ChunkSaver:
    """Stores chunks of a running job in the background; see the module's docstring for when.

    Entering its block finds what an interrupted run stored. Leaving it ends it: after a job that is
    done, or that nobody will send again, what was stored is deleted; otherwise (`worth_keeping`)
    everything finished is stored now.

    Args:
        count: chunks of the job.
        enabled: whether to do any of this.
    """

    def __init__(
        self,
        store: ChunkStore,
        count: int,
        *,
        enabled: bool,
        worth_keeping: Callable[[BaseException], bool],
    ) -> None:
        self.found: Mapping[int, SpokenChunk] = {}
        self._store, self._count, self._enabled = store, count, enabled
        self._worth_keeping = worth_keeping
        self._stored: set[int] = set()  # indices
        self._pending: dict[int, asyncio.Task[None]] = {}
        self._saving: list[asyncio.Future[None]] = []
        self._chunks: dict[int, SpokenChunk] = {}

    def add(self, chunk: SpokenChunk) -> None:
        """A chunk has finished; it is stored in a second unless the job is done by then."""
        if self._enabled and chunk.index not in self._stored:
            self._chunks[chunk.index] = chunk
            self._pending[chunk.index] = asyncio.create_task(self._later(chunk))

    async def __aenter__(self) -> Self:
        if self._enabled:
            self.found = await in_thread(Lane.STORE, self._store.load, self._count)
            self._stored = set(self.found)
        if self.found:
            log.info("continuing with %d of %d chunks stored", len(self.found), self._count)
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        await self._settle()
        if error is not None and self._worth_keeping(error):
            await self._keep()
        elif self._stored:
            await in_thread(Lane.STORE, self._store.remove, sorted(self._stored))

    async def _keep(self) -> None:
        left = [chunk for index, chunk in self._chunks.items() if index not in self._stored]
        await asyncio.gather(*(self._save(chunk) for chunk in left))
        if self._stored:
            log.info("interrupted; %d finished chunks are stored", len(self._stored))

    async def _settle(self) -> None:
        """Stops what has not begun, waits for what has: an upload must not outlive a delete."""
        for task in self._pending.values():
            task.cancel()
        await asyncio.gather(*self._pending.values(), return_exceptions=True)
        await asyncio.gather(*self._saving, return_exceptions=True)

    async def _later(self, chunk: SpokenChunk) -> None:
        await asyncio.sleep(DELAY_S)
        self._saving.append(asyncio.ensure_future(self._save(chunk)))
        await asyncio.shield(self._saving[-1])

    async def _save(self, chunk: SpokenChunk) -> None:
        if await in_thread(Lane.STORE, self._store.save, chunk):
            self._stored.add(chunk.index)
