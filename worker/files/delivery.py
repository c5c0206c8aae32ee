"""A job's files into storage and the URLs that come back.

The target is worked out and checked before inference: a job whose result could not be stored or
given a URL fails before it costs GPU time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from errors import InvalidInput, WorkerError
from s3_utils import ObjectUrl, Storage, StoredObject, UrlKind, encode_metadata
from worker.app import App
from worker.audio.encode import CONTENT_TYPE, EXTENSION
from worker.keys import output_key, timing_key
from worker.log import get_logger
from worker.request.parse import SpeechInput

log = get_logger("delivery")

# Stand-ins as long as the facts can get, to check the 2 KB of metadata before there are any.
_LONGEST_FACTS = {"duration": "9" * 10, "seed": "9" * 19, "model": "m" * 80, "sample-rate": "9" * 5}


@dataclass(frozen=True)
class Target:
    """Where one job's result goes. `expires_s`: life of presigned URLs, seconds."""

    storage: Storage
    key: str
    content_type: str
    timing_keys: Mapping[str, str]
    kind: UrlKind
    expires_s: int
    metadata: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    def url(self, key: str) -> ObjectUrl:
        """The URL of a stored file in the kind the job asked for."""
        return self.storage.url(key, self.kind, expires_s=self.expires_s)


@dataclass(frozen=True)
class Delivered:
    """What was stored: the receipt and URL of the audio, URLs of timing files, warnings."""

    audio: StoredObject
    url: ObjectUrl
    timing_urls: Mapping[str, str | None]
    warnings: tuple[str, ...]


def plan_target(app: App, job_id: str, speech: SpeechInput) -> Target:
    """The target of a job.

    Raises:
        InvalidInput: a bad key, or metadata over 2 KB.
        ConfigError: the kind of URL asked for is not possible with this store.
    """
    settings = app.settings
    voice = voice_label(speech.voice or settings.voices.default_voice)
    key = output_key(
        speech.output_key or settings.jobs.output_template,
        job_id=job_id,
        date=datetime.now(UTC).date().isoformat(),
        voice=voice,
        ext=EXTENSION[speech.output_format],
        user_id=speech.user_id,
        session=speech.session,
        index=speech.index,
        voices_prefix=settings.voices.prefix,
    )
    storage = app.store(speech.use_s3)
    target = Target(
        storage,
        key,
        CONTENT_TYPE[speech.output_format],
        {fmt: timing_key(settings.jobs.timings_prefix, job_id, fmt) for fmt in speech.timings},
        speech.url or settings.urls.kind,
        speech.url_expires or settings.urls.expires_s,
        {**speech.metadata, **_facts(job_id, voice, speech)},
        _no_s3(storage) if speech.use_s3 else (),
    )
    encode_metadata({**target.metadata, **_LONGEST_FACTS}, "0" * 64)
    target.url(key)
    return target


async def deliver(
    target: Target,
    audio: bytes,
    timings: Mapping[str, str],
    facts: Mapping[str, str],
    others: Mapping[str, bytes],
) -> Delivered:
    """Stores the audio, its timing files and whatever goes with them side by side.

    Args:
        audio: the encoded file.
        timings: format to the file's text.
        facts: what is only known now, for the object's metadata.
        others: key to bytes.

    Raises:
        StorageError: of any kind; see errors.
    """
    puts = {
        target.key: asyncio.to_thread(
            target.storage.put,
            target.key,
            audio,
            content_type=target.content_type,
            metadata={**target.metadata, **facts},
        )
    }
    files = {target.timing_keys[fmt]: text.encode() for fmt, text in timings.items()}
    puts |= {
        key: asyncio.to_thread(
            target.storage.put, key, data, metadata={"job-id": target.metadata["job-id"]}
        )
        for key, data in {**files, **others}.items()
    }
    receipts = await _all_or_none(target.storage, puts)
    warnings = dict.fromkeys(w for receipt in receipts for w in receipt.warnings)
    url = await asyncio.to_thread(target.url, target.key)
    if url.kind != target.kind:
        warnings[f"The audio has a {url.kind} URL: local files cannot be presigned."] = None
    timing_urls = {fmt: target.url(target.timing_keys[fmt]).url for fmt in timings}
    return Delivered(receipts[0], url, timing_urls, (*target.warnings, *warnings))


async def _all_or_none(
    storage: Storage, puts: Mapping[str, Awaitable[StoredObject]]
) -> list[StoredObject]:
    """Receipts of all `puts`, by key; when one fails the others are deleted again."""
    outcomes = await asyncio.gather(*puts.values(), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if not failures:
        return [outcome for outcome in outcomes if isinstance(outcome, StoredObject)]
    for key, outcome in zip(puts, outcomes, strict=True):
        if isinstance(outcome, StoredObject):
            try:
                await asyncio.to_thread(storage.delete, key)
            except WorkerError as error:
                log.warning("%s stays of a job that failed: %s", key, error.message)
    raise failures[0]


def voice_label(voice: str | Mapping[str, str]) -> str:
    """A short name of a voice for keys and metadata: the file's stem, `inline` for audio sent."""
    if not isinstance(voice, str):
        return "inline"
    path = urlsplit(voice).path if "://" in voice else voice
    return PurePosixPath(path).stem or "voice"


def _facts(job_id: str, voice: str, speech: SpeechInput) -> dict[str, str]:
    """What another program may want to know of the file without asking this worker."""
    if len(job_id) > 256:
        raise InvalidInput("The job's id is longer than 256 characters.")
    facts = {
        "job-id": job_id,
        "voice": voice[:128],
        "format": speech.output_format,
        "nfe-step": str(speech.steps),
    }
    return facts | ({"user-id": speech.user_id} if speech.user_id else {})


def _no_s3(storage: Storage) -> tuple[str, ...]:
    if "s3" in storage.stores():
        return ()
    return ("`use_s3` was asked for, but this worker stores locally: set S3_BUCKET.",)
