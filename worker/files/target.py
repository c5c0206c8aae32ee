"""Where a job's result goes, worked out and checked before inference: a job whose result could not
be stored or given a URL fails before it costs GPU time. `worker.files.deliver` stores it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from errors import InvalidInput, ObjectNotFound, StorageDenied, StorageUnavailable, WorkerError
from s3_utils import (
    ObjectInfo,
    ObjectUrl,
    Storage,
    brief_beside_a_disk,
    encode_metadata,
    side_by_side,
)
from worker.files.guard import made_here, not_replaced
from worker.files.jobfiles import OWNER, JobFiles
from worker.files.layout import JobFile
from worker.files.links import Links
from worker.log import get_logger
from worker.request.clips import asked_voices
from worker.request.speech import SpeechInput
from worker.subtitles.write import TimingFormat

log = get_logger("files")

MODEL_CHARS = 80  # of the model's name, in the metadata of the audio: S3 keeps 2 KB
# Stand-ins as long as the facts can get, to check the 2 KB of metadata before there are any.
_LONGEST_FACTS = {
    "duration": "9" * 10,
    "seed": "9" * 19,
    "model": "m" * MODEL_CHARS,
    "sample-rate": "9" * 5,
}
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
    def keys(self) -> frozenset[str]:
        """Of every file of the result: the audio, its timing files and the job's answer."""
        others = (file.key for file in self.timings.values())
        return frozenset([self.audio.key, self.files.answer.key, *others])

    @property
    def timing_urls(self) -> dict[str, str | None]:
        """URLs of its timing files by format, None where the store gives none."""
        return {fmt: self.links.to(file.key).url for fmt, file in self.timings.items()}


def plan_target(files: JobFiles, request: SpeechInput) -> Target:
    """The target of a job.

    Raises:
        InvalidInput: a bad key, or metadata over 2 KB.
        ConfigError: the kind of URL asked for is not possible with this store.
    """
    settings = files.settings
    first = asked_voices(request.voice or settings.voices.default_voice, None)[0]
    voice = voice_label(first.voice)
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
    keys = sorted(target.keys)
    with brief_beside_a_disk(files.storage.stores()):
        holds = side_by_side(lambda key: held(files.storage, key), keys, len(keys))
    found = dict(zip(keys, holds, strict=True))
    there, key = found[target.audio.key], target.audio.key
    if isinstance(there, ObjectInfo):
        if not (files.owns(there) or made_here(files.storage, files.settings, there)):
            raise not_replaced(key)
    # To credentials that may not look, what is missing looks forbidden.
    elif there is not None and not isinstance(there, StorageDenied):
        # On a disk beside S3 the audio is kept meanwhile.
        if not files.is_clear(key) and "local" not in files.storage.stores():
            raise there
        log.warning("not known whether %s is free: %s", key, there.message)
    return frozenset(key for key, there in found.items() if there is not None)


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


def held(storage: Storage, key: str) -> ObjectInfo | WorkerError | None:
    """What lies under `key`: None is nothing, an error that storage does not say."""
    try:
        return storage.info(key)
    except ObjectNotFound:
        return None
    except WorkerError as error:
        return error


def warnings_again(target: Target, url: ObjectUrl, place: str) -> list[str]:
    """What there is to say of a result that is stored already, beside what its answer says.

    Args:
        url: the audio's, as it is given now.
        place: where the audio lies now, a `storage_type`.
    """
    kept = place == "local" and "s3" in target.files.storage.stores()
    waits = [ON_DISK_ONLY] if kept else []
    return [*target.warnings, *waits, *target.links.warnings(url)]


def voice_label(voice: str | Mapping[str, str]) -> str:
    """A short name of a voice for keys and metadata: the file's stem, `inline` for audio sent."""
    if not isinstance(voice, str):
        return "inline"
    path = urlsplit(voice).path if "://" in voice else voice
    return PurePosixPath(path).stem or "voice"


def _facts(job_id: str, voice: str, request: SpeechInput) -> dict[str, str]:
    """What another program may want to know of the file without asking this worker."""
    if len(job_id) > _MAX_JOB_ID:
        raise InvalidInput(
            f"The job's id is longer than {_MAX_JOB_ID} characters.", "Give the job a shorter id."
        )
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
