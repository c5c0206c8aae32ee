"""Stored objects: those of jobs by id, any by key."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from errors import AnswerTooLarge, InvalidInput, ObjectNotFound, StorageUnavailable
from s3_utils import ObjectInfo, Storage, UrlKind, brief_beside_a_disk
from worker.app import App
from worker.audio.formats import AudioFormat
from worker.files.answers import load_answer
from worker.files.find import facts_of, find_audio, find_timing, find_timings
from worker.files.guard import check_deletable, check_uploadable
from worker.files.inline import inline_limit
from worker.files.jobfiles import JobFiles
from worker.files.links import Links
from worker.operations.base import Answer, Operation, url_fields
from worker.operations.records import full_name, moods_left
from worker.request.fields import Expires, JobId, Key, KeyPrefix, LibraryName, VoiceName
from worker.subtitles.write import TimingFormat

LOCAL_PRESIGN = "Local files cannot be presigned: other services need an S3 bucket for this."
ON_DISK = "S3 does not answer: this is what the worker's own disk has."

T = TypeVar("T")


def _files(app: App, job_id: str) -> JobFiles:
    return JobFiles(app.storage, app.settings, job_id)


def _of_job(app: App, job_id: str, find: Callable[[JobFiles], T]) -> tuple[T, list[str]]:
    """What `find` gives, with warnings. In hybrid mode, while S3 does not answer, it is asked for
    the disk's files, if the job's audio is among them: a job only S3 may know stays unknown. Raises
    StorageUnavailable: S3 does not answer, and the disk has nothing of the job."""
    stores = app.storage.stores()
    disk = (
        JobFiles(stores["local"], app.settings, job_id) if {"local", "s3"} <= set(stores) else None
    )
    on_disk = disk if disk and disk.stored_audio() else None
    try:
        with brief_beside_a_disk(stores if on_disk else ()):
            return find(_files(app, job_id)), []
    except StorageUnavailable:
        if on_disk is None:
            raise
        return find(on_disk), [ON_DISK]


def _described(item: ObjectInfo) -> Answer:
    return {
        "key": item.key,
        "name": PurePosixPath(item.key).name,
        "size": item.size,
        "last_modified": item.last_modified.isoformat(),
    }


class ListObjects(Operation):
    """Lists stored objects by key; `after` continues a cut list."""

    endpoint: Literal["list"]
    prefix: KeyPrefix = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Key | None = None

    def run(self, app: App, caller: str) -> Answer:
        try:
            return self._page(app.storage)
        except StorageUnavailable as error:
            disk = app.storage.stores().get("local")
            if disk is None:
                raise
            # Half a list must not pass for a whole one: it says so twice.
            text = f"Not all files are listed, only those on the worker's disk. {error.message}"
            return {**self._page(disk), "incomplete": True, "warnings": [text]}

    def _page(self, storage: Storage) -> Answer:
        files: list[Answer] = []
        truncated = False
        for item in storage.list(self.prefix):
            if self.after is not None and item.key.encode() <= self.after.encode():
                continue
            if len(files) == self.limit:
                truncated = True
                break
            files.append(_described(item))
        return {"files": files, "count": len(files), "truncated": truncated}


class ObjectOperation(Operation):
    """Base of what is done with one stored object, given by key or by the job that made it."""

    one_of = ("job_id", "key")

    key: Key | None = None
    job_id: JobId | None = None
    kind: Literal["audio", "timing"] = "audio"
    format: AudioFormat | TimingFormat | None = None

    def find(self, app: App) -> tuple[ObjectInfo, list[str]]:
        """The object, with warnings. Raises ObjectNotFound: it is not stored."""
        if self.job_id is None:
            return app.storage.info(str(self.key)), []

        def of_job(files: JobFiles) -> ObjectInfo:
            if self.kind == "audio":
                return find_audio(files, self.format)
            return files.storage.info(find_timing(files, self.format))

        return _of_job(app, self.job_id, of_job)


class Info(ObjectOperation):
    """Describes one object, with its metadata."""

    endpoint: Literal["info"]

    def run(self, app: App, caller: str) -> Answer:
        item, warnings = self.find(app)
        return {
            **_described(item),
            "content_type": item.content_type,
            "metadata": dict(item.metadata),
            "warnings": warnings,
        }


class Download(ObjectOperation):
    """A URL of one object; `return_audio` also answers its bytes as base64, if they fit."""

    endpoint: Literal["download"]
    url: UrlKind | None = None
    url_expires: Expires | None = None
    return_audio: bool = False

    def run(self, app: App, caller: str) -> Answer:
        item, warnings = self.find(app)
        links = Links.wanted(app.storage, app.settings.urls, self.url, self.url_expires)
        url = links.to(item.key)
        answer: Answer = {"s3_key": item.key, "size": item.size, **url_fields(url)}
        answer["warnings"] = warnings
        audio = self.kind == "audio"
        if audio:
            answer["audio_url"] = url.url
        if self.return_audio:
            limit = inline_limit(app.settings.jobs.inline_audio_max_bytes, caller)
            if item.size > limit:
                raise AnswerTooLarge(
                    f"{item.key} has {item.size} bytes, more than the {limit} that fit an answer.",
                    "Leave `return_audio` out: `url` is where it can be had.",
                )
            data = app.storage.get(item.key, max_bytes=limit)
            answer["audio_data" if audio else "timing_data"] = base64.b64encode(data).decode()
        return answer


class Status(Operation):
    """Whether a job's result is stored. Without stored audio it is `not_found`, not failed: only
    the queue knows how it ended."""

    endpoint: Literal["status"]
    job_id: JobId

    def run(self, app: App, caller: str) -> Answer:
        stored, warnings = _of_job(app, self.job_id, JobFiles.stored_audio)
        status = "completed" if stored else "not_found"
        return {"job_id": self.job_id, "status": status, "warnings": warnings}


class Result(Operation):
    """What a job answered, with fresh URLs."""

    endpoint: Literal["result"]
    job_id: JobId
    url: UrlKind | None = None
    url_expires: Expires | None = None

    def run(self, app: App, caller: str) -> Answer:
        links = Links.wanted(app.storage, app.settings.urls, self.url, self.url_expires)

        def of_job(files: JobFiles) -> tuple[ObjectInfo, Answer | None, dict[str, str]]:
            answer = load_answer(files)
            return find_audio(files), answer, find_timings(files, answer)

        (item, answer, timings), warnings = _of_job(app, self.job_id, of_job)
        url = links.to(item.key)
        facts: Answer = facts_of(item) if answer is None else answer
        return {
            **facts,
            "warnings": [*facts.get("warnings", ()), *warnings, *links.warnings(url)],
            **url_fields(url),
            "audio_url": url.url,
            "timing_keys": list(timings.values()),
            "timing_files": {fmt: links.to(key).url for fmt, key in timings.items()},
        }


class Delete(Operation):
    """Deletes a job's files, one object, or a voice (or a `mood` of it) with all that is beside it,
    which `restore_voice` brings back."""

    one_of = ("job_id", "key", "voice_name")

    endpoint: Literal["delete"]
    key: Key | None = None
    job_id: JobId | None = None
    voice_name: LibraryName | None = None
    mood: VoiceName | None = None

    def run(self, app: App, caller: str) -> Answer:
        if self.mood is not None and self.voice_name is None:
            raise InvalidInput("`mood` is one of a voice.", "Give `voice_name` as well.")
        warnings: list[str] = []
        if self.voice_name is not None:
            name = full_name(self.voice_name, self.mood)
            keys = app.voices.shelf.remove(name)
            warnings = moods_left(app, name, "deleted")
        elif self.job_id is not None:
            keys = _files(app, self.job_id).delete_all()
        else:
            key = str(self.key)
            check_deletable(app.storage, app.settings, key)
            keys = [key] if app.storage.delete(key) else []
        if not keys:
            raise ObjectNotFound("There is nothing to delete.", "`list` shows what is stored.")
        return {"deleted": keys, "count": len(keys), "warnings": warnings}


class Presign(Operation):
    """A URL for others: `get` reads an object, `put` lets a client upload one: under a free key or
    over what this worker made."""

    endpoint: Literal["presign"]
    key: Key
    method: Literal["get", "put"] = "get"
    content_type: Annotated[str, Field(max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+$")] | None = (
        None
    )
    url_expires: Expires | None = None

    def run(self, app: App, caller: str) -> Answer:
        links = Links.wanted(app.storage, app.settings.urls, "presigned", self.url_expires)
        if self.method == "get":
            url = links.to(self.key)
        else:
            check_uploadable(app.storage, app.settings, self.key)
            url = app.storage.presign_put(
                self.key, content_type=self.content_type, expires_s=links.expires_s
            )
        local = [LOCAL_PRESIGN] if url.kind != "presigned" else []
        answer = {"s3_key": self.key, "method": self.method, **url_fields(url)}
        return {**answer, "warnings": local}
