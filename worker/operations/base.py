"""Inputs of the endpoints beside `tts`: the voice library, stored objects, checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from s3_utils import UrlKind
from worker.audio.encode import AudioFormat
from worker.request.fields import (
    CleanText,
    Expires,
    JobId,
    Key,
    KeyPrefix,
    Strict,
    Voice,
    VoiceName,
)
from worker.subtitles.write import TimingFormat


class Operation(Strict):
    """Base of every operation's input."""

    endpoint: str


class UploadInput(Operation):
    """Stores a voice: `voice` is a URL, an s3:// location or inline audio."""

    endpoint: Literal["upload"]
    voice_name: VoiceName
    voice: Voice
    ref_text: CleanText | None = None


class ListVoicesInput(Operation):
    endpoint: Literal["list_voices"]


class ListInput(Operation):
    """Lists stored objects by key; `after` continues a cut list."""

    endpoint: Literal["list"]
    prefix: KeyPrefix = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Key | None = None


class ObjectInput(Operation):
    """One stored object, by key or by the job that made it."""

    key: Key | None = None
    job_id: JobId | None = None
    kind: Literal["audio", "timing"] = "audio"
    format: AudioFormat | TimingFormat | None = None

    @model_validator(mode="after")
    def _one_object(self) -> Self:
        if (self.key is None) == (self.job_id is None):
            raise ValueError("give `job_id` or `key`, one of them")
        return self


class InfoInput(ObjectInput):
    endpoint: Literal["info"]


class DownloadInput(ObjectInput):
    """`return_audio` also answers the bytes as base64 while they fit."""

    endpoint: Literal["download"]
    url: UrlKind | None = None
    url_expires: Expires | None = None
    return_audio: bool = False


class StatusInput(Operation):
    endpoint: Literal["status"]
    job_id: JobId


class ResultInput(Operation):
    endpoint: Literal["result"]
    job_id: JobId
    url: UrlKind | None = None
    url_expires: Expires | None = None


class DeleteInput(Operation):
    """Deletes a job's files, one object, or a voice with its transcript."""

    endpoint: Literal["delete"]
    key: Key | None = None
    job_id: JobId | None = None
    voice_name: VoiceName | None = None

    @model_validator(mode="after")
    def _one_object(self) -> Self:
        if sum(v is not None for v in (self.key, self.job_id, self.voice_name)) != 1:
            raise ValueError("give `job_id`, `key` or `voice_name`, one of them")
        return self


class CleanupInput(Operation):
    """Deletes results older than `days_old` days."""

    endpoint: Literal["cleanup"]
    days_old: Annotated[float, Field(ge=0, le=36_500)] | None = None
    cleanup_local: bool = True
    cleanup_s3: bool = True
    dry_run: bool = False


class PresignInput(Operation):
    """A URL for others: `get` reads an object, `put` lets a client upload one."""

    endpoint: Literal["presign"]
    key: Key
    method: Literal["get", "put"] = "get"
    content_type: Annotated[str, Field(max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+$")] | None = (
        None
    )
    url_expires: Expires | None = None


class StorageInfoInput(Operation):
    """Where objects go; `total_size` also counts the bytes, which lists everything."""

    endpoint: Literal["storage_info"]
    total_size: bool = False


class MigrateInput(Operation):
    """Copies files of local storage to S3."""

    endpoint: Literal["migrate"]
    prefix: KeyPrefix = ""


class DoctorInput(Operation):
    """Tries storage step by step and describes the model."""

    endpoint: Literal["doctor"]


OPERATIONS: Mapping[str, type[Operation]] = {
    "upload": UploadInput,
    "list_voices": ListVoicesInput,
    "list": ListInput,
    "info": InfoInput,
    "download": DownloadInput,
    "status": StatusInput,
    "result": ResultInput,
    "delete": DeleteInput,
    "cleanup": CleanupInput,
    "presign": PresignInput,
    "storage_info": StorageInfoInput,
    "migrate": MigrateInput,
    "doctor": DoctorInput,
}
