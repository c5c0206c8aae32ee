"""A job's files into storage and the URLs that come back.

The target is worked out and checked before inference: a job whose result could not be stored or
given a URL fails before it costs GPU time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from errors import InvalidInput, WorkerError
from s3_utils import ObjectUrl, Storage, StoredObject, encode_metadata
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


@dataclass(frozen=True)
class Stored:
    """What was stored: the receipt and URL of the audio, URLs of timing files, warnings."""

    audio: StoredObject
    url: ObjectUrl
    timing_urls: Mapping[str, str | None]
    warnings: tuple[str, ...]


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
    target = Target(
        files,
        audio,
        {fmt: files.timing(fmt) for fmt in request.timings},
        Links.wanted(files.storage, settings.urls, request.url, request.url_expires),
        {**request.metadata, **_facts(files.job_id, voice, request)},
        _no_s3(files.storage) if request.use_s3 else (),
    )
    encode_metadata({**target.metadata, **_LONGEST_FACTS}, "0" * 64)
    target.links.to(audio.key)
    return target


async def store(
    target: Target,
    audio: bytes,
    timings: Mapping[TimingFormat, str],
    facts: Mapping[str, str],
    answer: bytes,
) -> Stored:
    """Stores the audio, its timing files and the job's answer side by side, all or none.

    Args:
        audio: the encoded file.
        timings: format to the file's text.
        facts: what is only known now, for the audio's metadata.
        answer: as `encode_answer` gives it.

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
    )
    warnings = dict.fromkeys(w for receipt in receipts for w in receipt.warnings)
    url = await in_thread(Lane.STORE, target.links.to, target.audio.key)
    if url.kind != target.links.kind:
        warnings[f"The audio has a {url.kind} URL: local files cannot be presigned."] = None
    timing_urls: dict[str, str | None] = {
        fmt: target.links.to(target.timings[fmt].key).url for fmt in timings
    }
    return Stored(receipts[0], url, timing_urls, (*target.warnings, *warnings))


async def _all_or_none(
    files: JobFiles, puts: Sequence[tuple[JobFile, bytes, Mapping[str, str]]]
) -> list[StoredObject]:
    """Receipts of all `puts`; when one fails the others are deleted again."""
    outcomes = await asyncio.gather(
        *(in_thread(Lane.STORE, files.put, *put) for put in puts), return_exceptions=True
    )
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    stored = [outcome for outcome in outcomes if isinstance(outcome, StoredObject)]
    if not failures:
        return stored
    try:
        await in_thread(Lane.STORE, files.delete, [receipt.key for receipt in stored])
    except WorkerError as error:
        log.warning("files stay of a job that failed: %s", error.message)
    raise failures[0]


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


def _no_s3(storage: Storage) -> tuple[str, ...]:
    if "s3" in storage.stores():
        return ()
    return ("`use_s3` was asked for, but this worker stores locally: set S3_BUCKET.",)
