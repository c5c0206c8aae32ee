"""A job's result into storage, whole or not at all, beside other attempts at the same job.

Files whose keys were free are stored under a condition where the provider has one: of two attempts
that store at once, the one whose audio is there first has the job, and the other one answers with
what it stored (`Overtaken`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from errors import WorkerError
from s3_utils import AlreadyThere, ObjectInfo, ObjectUrl, StoredObject
from worker.files.guard import made_here, not_replaced
from worker.files.jobfiles import JobFiles
from worker.files.layout import JobFile
from worker.files.target import Target, held
from worker.log import get_logger
from worker.subtitles.write import TimingFormat
from worker.threads import Lane, in_thread

log = get_logger("files")

_Put = tuple[JobFile, bytes, Mapping[str, str]]


class Overtaken(Exception):
    """Another attempt at the same job has stored its audio meanwhile, and will store its answer."""


@dataclass(frozen=True)
class Stored:
    """What was stored: its receipts, the audio's first, the URL of the audio, and warnings."""

    receipts: tuple[StoredObject, ...]
    url: ObjectUrl
    warnings: tuple[str, ...]

    @property
    def audio(self) -> StoredObject:
        return self.receipts[0]


async def store(
    target: Target,
    audio: bytes,
    timings: Mapping[TimingFormat, str],
    facts: Mapping[str, str],
    answer: bytes,
    *,
    taken: Collection[str],
) -> Stored:
    """Stores the audio, its timing files and the job's answer side by side.

    When one fails the others are deleted again, except what another attempt at the same job may
    have announced.

    Args:
        audio: the encoded file.
        timings: format to the file's text.
        facts: what is only known now, for the audio's metadata.
        answer: as `encode_answer` gives it.
        taken: as `taken_keys` gave it before inference.

    Raises:
        StorageError: of any kind; see errors.
        InvalidInput: another program stored something under the audio's key meanwhile.
        Overtaken: another attempt did.
    """
    data = {target.timings[fmt]: text.encode() for fmt, text in timings.items()}
    data[target.files.answer] = answer
    puts: list[_Put] = [(target.audio, audio, {**target.metadata, **facts})]
    puts += [(file, content, {}) for file, content in data.items()]
    receipts = await _all_or_none(target.files, puts, taken)
    said = (warning for receipt in receipts for warning in receipt.warnings)
    url = await in_thread(Lane.STORE, target.links.to, target.audio.key)
    warnings = dict.fromkeys([*target.warnings, *said, *target.links.warnings(url)])
    return Stored(tuple(receipts), url, tuple(warnings))


async def withdraw(target: Target, storing: asyncio.Task[Stored], taken: Collection[str]) -> None:
    """Takes back what a cancelled attempt stores or has stored, as if it had failed.

    Args:
        storing: `store` of this attempt, which is waited for: an upload must not outlive a delete.
        taken: as it was given to `store`.
    """
    await asyncio.wait({storing})
    if storing.cancelled() or storing.exception():
        return  # it has taken back everything itself
    await _take_back_all(target.files, storing.result().receipts, taken)


async def _all_or_none(
    files: JobFiles, puts: Sequence[_Put], taken: Collection[str]
) -> list[StoredObject]:
    """Receipts of all `puts`, the audio's first; when one fails the others are taken back.

    Where another attempt was in between, the audio decides: whose it is has the job, and writes
    over the other's files.
    """
    outcomes = await _put_all(files, puts, taken)
    overtaken = isinstance(outcomes[0], AlreadyThere)
    if overtaken:
        await in_thread(Lane.STORE, _check_replaceable, files, puts[0][0].key)
    late = [put for put, done in zip(puts, outcomes, strict=True) if isinstance(done, AlreadyThere)]
    again = iter(await _put_all(files, late, {file.key for file, *_ in late}))
    outcomes = [next(again) if isinstance(done, AlreadyThere) else done for done in outcomes]
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    stored = [outcome for outcome in outcomes if isinstance(outcome, StoredObject)]
    if not failures:
        return stored
    if not overtaken:
        await _take_back_all(files, stored, taken)
    raise failures[0]


async def _put_all(
    files: JobFiles, puts: Sequence[_Put], taken: Collection[str]
) -> list[StoredObject | BaseException]:
    """Receipts or errors of all `puts`, side by side; only what is `taken` is replaced."""
    return await asyncio.gather(
        *(in_thread(Lane.STORE, files.put, *put, replace=put[0].key in taken) for put in puts),
        return_exceptions=True,
    )


def _check_replaceable(files: JobFiles, key: str) -> None:
    """What was stored under the audio's key meanwhile may be replaced: it is another job's.

    Raises:
        Overtaken: it is this job's; InvalidInput: it is another program's.
    """
    item = held(files.storage, key)
    if not isinstance(item, ObjectInfo):
        return
    if files.owns(item):
        raise Overtaken
    if not made_here(files.storage, files.settings, item):
        raise not_replaced(key)


async def _take_back_all(
    files: JobFiles, stored: Sequence[StoredObject], taken: Collection[str]
) -> None:
    try:
        await in_thread(Lane.STORE, _take_back, files, stored, taken)
    except WorkerError as error:
        log.warning("files of a job without a result were left behind: %s", error.message)


def _take_back(files: JobFiles, stored: Sequence[StoredObject], taken: Collection[str]) -> None:
    """Deletes what was `stored`, if its keys were free and no other attempt's answer names it.

    An attempt that stores its answer between this look and the delete still loses its audio: no
    store of the table deletes on a condition.

    Raises:
        StorageError: storage does not say whether there is an answer; nothing was deleted.
    """
    answer = held(files.storage, files.answer.key)
    if isinstance(answer, WorkerError):
        raise answer
    ours = {receipt.sha256 for receipt in stored}
    if files.answer.key in taken or (answer and answer.metadata.get("sha256") not in ours):
        log.warning("files of a job without a result stay: another attempt may have been answered")
        return
    files.delete(receipt.key for receipt in stored if receipt.key not in taken)
