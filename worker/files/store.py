"""A job's files into storage and the URLs that come back.

The target is worked out and checked before inference: a job whose result could not be stored or
given a URL fails before it costs GPU time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from errors import InvalidInput, ObjectNotFound, StorageDenied, StorageUnavailable, WorkerError
from s3_utils import (
    ObjectInfo,
    ObjectUrl,
    Storage,
    StoredObject,
    brief_beside_a_disk,
    encode_metadata,
    side_by_side,
)
from worker.files.guard import made_here, not_replaced
from worker.files.jobfiles import OWNER, JobFiles
from worker.files.layout import JobFile
from worker.files.links import Links
from worker.log import get_logger
from worker.request.speech import SpeechInput
from worker.subtitles.write import TimingFormat
from worker.threads import Lane, in_thread

log = get_logger("files")

# Stand-ins as long as the facts can get, to check the 2 KB of metadata before there are any.
_LONGEST_FACTS = {"duration": "9" * 10, "seed": "9" * 19, "model": "m" * 80, "sample-rate": "9" * 5}
# Names of metadata that the worker vouches for: whoever reads them must not read a user's claim.
VOUCHED = frozenset({OWNER, "voice", "format", "nfe-step", "user-id", *_LONGEST_FACTS})
ON_DISK_ONLY = "The audio is on local disk only; it is sent to S3 as soon as S3 takes it."
_MAX_JOB_ID = 256
_MAX_VOICE = 128


@dataclass(frozen=True)
class Target:
    """Where one job's result goes, and what is known of it before it is made."""

    files: JobFiles
    audio: JobFile
    timings: Mapping[TimingFormat, JobFile]
    links: Links
    metadata: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    @property
    def timing_urls(self) -> dict[str, str | None]:
        """URLs of its timing files by format, None where the store gives none."""
        return {fmt: self.links.to(file.key).url for fmt, file in self.timings.items()}


@dataclass(frozen=True)
class Stored:
    """What was stored: its receipts, the audio's first, the URL of the audio, and warnings."""

    receipts: tuple[StoredObject, ...]
    url: ObjectUrl
    warnings: tuple[str, ...]

    @property
    def audio(self) -> StoredObject:
        return self.receipts[0]


def plan_target(files: JobFiles, request: SpeechInput) -> Target:
    """The target of a job.

    Raises:
        InvalidInput: a bad key, or metadata over 2 KB.
        ConfigError: the kind of URL asked for is not possible with this store.
    """
    settings = files.settings
    voice = voice_label(request.voice or settings.voices.default_voice)
    audio = files.audio(
        request.output_format,
        request.output_key,
        date=datetime.now(UTC).date().isoformat(),
        voice=voice,
        user_id=request.user_id,
        session=request.session,
        index=request.index,
    )
    given = {name: text for name, text in request.metadata.items() if name not in VOUCHED}
    target = Target(
        files,
        audio,
        {fmt: files.timing(fmt) for fmt in request.timings},
        Links.wanted(files.storage, settings.urls, request.url, request.url_expires),
        {**given, **_facts(files.job_id, voice, request)},
        (*_claimed(request.metadata), *(_no_s3(files.storage) if request.use_s3 else ())),
    )
    encode_metadata({**target.metadata, **_LONGEST_FACTS}, "0" * 64)
    target.links.to(audio.key)
    return target


def taken_keys(target: Target) -> frozenset[str]:
    """Keys of the target that hold something before this attempt, or may: storage did not say.

    Raises:
        InvalidInput: the audio's key holds an object that this worker did not make.
        StorageError: storage cannot be asked whether it does, and the key is not the job's alone.
    """
    files = target.files
    keys = [target.audio.key, files.answer.key, *(file.key for file in target.timings.values())]
    with brief_beside_a_disk(files.storage.stores()):
        holds = side_by_side(lambda key: _held(files.storage, key), keys, len(keys))
    found = dict(zip(keys, holds, strict=True))
    held, key = found[target.audio.key], target.audio.key
    if isinstance(held, ObjectInfo):
        if not (files.owns(held) or made_here(files.storage, files.settings, held)):
            raise not_replaced(key)
    # To credentials that may not look, what is missing looks forbidden.
    elif held is not None and not isinstance(held, StorageDenied):
        # On a disk beside S3 the audio is kept meanwhile.
        if not files.is_clear(key) and "local" not in files.storage.stores():
            raise held
        log.warning("not known whether %s is free: %s", key, held.message)
    return frozenset(key for key, held in found.items() if held is not None)


def check_room(target: Target, size: int) -> None:
    """Whether an audio file of `size` bytes could be stored; storage that does not say may.

    Raises:
        StorageFull: it could not.
    """
    try:
        with brief_beside_a_disk(target.files.storage.stores()):
            target.files.storage.check_room(target.audio.key, size)
    except StorageUnavailable as error:
        log.warning("not known whether there is room: %s", error.message)


def _held(storage: Storage, key: str) -> ObjectInfo | WorkerError | None:
    try:
        return storage.info(key)
    except ObjectNotFound:
        return None
    except WorkerError as error:
        return error


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
    """
    data = {target.timings[fmt]: text.encode() for fmt, text in timings.items()}
    data[target.files.answer] = answer
    receipts = await _all_or_none(
        target.files,
        [
            (target.audio, audio, {**target.metadata, **facts}),
            *((file, content, {}) for file, content in data.items()),
        ],
        taken,
    )
    said = (warning for receipt in receipts for warning in receipt.warnings)
    url = await in_thread(Lane.STORE, target.links.to, target.audio.key)
    warnings = dict.fromkeys([*target.warnings, *said, *target.links.warnings(url)])
    return Stored(tuple(receipts), url, tuple(warnings))


def warnings_again(target: Target, url: ObjectUrl, place: str) -> list[str]:
    """What there is to say of a result that is stored already, beside what its answer says.

    Args:
        url: the audio's, as it is given now.
        place: where the audio lies now, a `storage_type`.
    """
    kept = place == "local" and "s3" in target.files.storage.stores()
    waits = [ON_DISK_ONLY] if kept else []
    return [*target.warnings, *waits, *target.links.warnings(url)]


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
    files: JobFiles,
    puts: Sequence[tuple[JobFile, bytes, Mapping[str, str]]],
    taken: Collection[str],
) -> list[StoredObject]:
    """Receipts of all `puts`; when one fails the others are taken back."""
    outcomes = await asyncio.gather(
        *(in_thread(Lane.STORE, files.put, *put) for put in puts), return_exceptions=True
    )
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    stored = [outcome for outcome in outcomes if isinstance(outcome, StoredObject)]
    if not failures:
        return stored
    await _take_back_all(files, stored, taken)
    raise failures[0]


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
    answer = _held(files.storage, files.answer.key)
    if isinstance(answer, WorkerError):
        raise answer
    ours = {receipt.sha256 for receipt in stored}
    if files.answer.key in taken or (answer and answer.metadata.get("sha256") not in ours):
        log.warning("files of a job without a result stay: another attempt may have been answered")
        return
    files.delete(receipt.key for receipt in stored if receipt.key not in taken)


def voice_label(voice: str | Mapping[str, str]) -> str:
    """A short name of a voice for keys and metadata: the file's stem, `inline` for audio sent."""
    if not isinstance(voice, str):
        return "inline"
    path = urlsplit(voice).path if "://" in voice else voice
    return PurePosixPath(path).stem or "voice"


def _facts(job_id: str, voice: str, request: SpeechInput) -> dict[str, str]:
    """What another program may want to know of the file without asking this worker."""
    if len(job_id) > _MAX_JOB_ID:
        raise InvalidInput(f"The job's id is longer than {_MAX_JOB_ID} characters.")
    facts = {
        OWNER: job_id,
        "voice": voice[:_MAX_VOICE],
        "format": request.output_format,
        "nfe-step": str(request.steps),
    }
    return facts | ({"user-id": request.user_id} if request.user_id else {})


def _claimed(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """A warning for what the job's metadata may not say."""
    names = ", ".join(sorted(metadata.keys() & VOUCHED))
    return (f"metadata: {names} is set by the worker alone and was left out.",) if names else ()


def _no_s3(storage: Storage) -> tuple[str, ...]:
    if "s3" in storage.stores():
        return ()
    return ("`use_s3` was asked for, but this worker stores locally: set S3_BUCKET.",)
