"""The endpoints beside `tts`: the voice library, stored objects, checks. Each returns its output.

All run on a thread (storage is blocking). Results are found again from the stored objects alone:
there is no database, and any worker can answer for any other.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from errors import InvalidInput, ObjectNotFound, WorkerError
from s3_utils import ObjectInfo, ObjectUrl, Storage, UrlKind, run_check
from worker.app import App
from worker.files.cleanup import clean_up, result_prefixes
from worker.files.find import facts_of, find_result, load_record, result_key, timing_keys
from worker.keys import safe_piece
from worker.operations.base import (
    CleanupInput,
    DeleteInput,
    DownloadInput,
    InfoInput,
    ListInput,
    MigrateInput,
    ObjectInput,
    Operation,
    PresignInput,
    ResultInput,
    StatusInput,
    StorageInfoInput,
    UploadInput,
)

Answer = dict[str, Any]
LOCAL_PRESIGN = "Local files cannot be presigned: other services need an S3 bucket for this."
NO_TRANSCRIPT = (
    "This voice has no transcript: jobs must bring `ref_text`. Upload it again with `ref_text`, or "
    "put NAME.txt or NAME.srt beside it."
)


class Operations:
    """Runs operations on one worker's storage and voices."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._storage: Storage = app.storage
        self._table: Mapping[str, Callable[[Any], Answer]] = {
            "upload": self._upload,
            "list_voices": self._list_voices,
            "list": self._list,
            "info": self._info,
            "download": self._download,
            "status": self._status,
            "result": self._result,
            "delete": self._delete,
            "cleanup": self._cleanup,
            "presign": self._presign,
            "storage_info": self._storage_info,
            "migrate": self._migrate,
            "doctor": self._doctor,
        }

    def run(self, request: Operation) -> Answer:
        """The output of one operation.

        Raises:
            WorkerError: typed as its cause.
        """
        return self._table[request.endpoint](request)

    def _upload(self, request: UploadInput) -> Answer:
        voices = self._app.voices
        voice = voices.add(request.voice_name, request.voice, request.ref_text)
        return {
            "voice_name": voice.name,
            "s3_key": voice.key,
            "size": voice.size,
            "has_transcript": voice.has_transcript,
            "warnings": [] if voice.has_transcript else [NO_TRANSCRIPT],
        }

    def _list_voices(self, _request: Operation) -> Answer:
        voices = self._app.voices.list()
        return {
            "voices": [
                {
                    "name": voice.name,
                    "key": voice.key,
                    "size": voice.size,
                    "has_transcript": voice.has_transcript,
                }
                for voice in voices
            ],
            "count": len(voices),
        }

    def _list(self, request: ListInput) -> Answer:
        files: list[Answer] = []
        truncated = False
        for item in self._storage.list(request.prefix):
            if request.after is not None and item.key.encode() <= request.after.encode():
                continue
            if len(files) == request.limit:
                truncated = True
                break
            files.append(_described(item))
        return {"files": files, "count": len(files), "truncated": truncated}

    def _info(self, request: InfoInput) -> Answer:
        item = self._storage.info(self._key(request))
        return {
            **_described(item),
            "content_type": item.content_type,
            "metadata": dict(item.metadata),
        }

    def _download(self, request: DownloadInput) -> Answer:
        item = self._storage.info(self._key(request))
        url = self._url(item.key, request.url, request.url_expires)
        answer: Answer = {"s3_key": item.key, "size": item.size, **_url_fields(url)}
        audio = request.kind == "audio"
        if audio:
            answer["audio_url"] = url.url
        if request.return_audio:
            limit = self._app.settings.jobs.inline_audio_max_bytes
            data = self._storage.get(item.key, max_bytes=limit)
            answer["audio_data" if audio else "timing_data"] = base64.b64encode(data).decode()
        return answer

    def _status(self, request: StatusInput) -> Answer:
        """A job this worker has no object of is unknown, not failed: its queue knows more."""
        item = find_result(self._app, request.job_id)
        return {"job_id": request.job_id, "status": "completed" if item else "not_found"}

    def _result(self, request: ResultInput) -> Answer:
        item = find_result(self._app, request.job_id)
        if item is None:
            raise _no_result(request.job_id)
        url = self._url(item.key, request.url, request.url_expires)
        record = load_record(self._app, request.job_id)
        timings = timing_keys(self._app, request.job_id, record)
        return {
            **(record if record is not None else facts_of(item)),
            **_url_fields(url),
            "audio_url": url.url,
            "timing_keys": list(timings.values()),
            "timing_files": {
                fmt: self._url(key, request.url, request.url_expires).url
                for fmt, key in timings.items()
            },
        }

    def _delete(self, request: DeleteInput) -> Answer:
        if request.voice_name is not None:
            keys = self._app.voices.remove(request.voice_name)
        elif request.key is not None:
            self._must_be_ours(request.key)
            keys = [request.key] if self._storage.delete(request.key) else []
        else:
            keys = self._delete_job(str(request.job_id))
        if not keys:
            raise ObjectNotFound("There is nothing to delete.", "`list` shows what is stored.")
        return {"deleted": keys, "count": len(keys)}

    def _delete_job(self, job_id: str) -> list[str]:
        """Everything a job left: audio, timings, its answer, streamed and unfinished chunks."""
        jobs, piece = self._app.settings.jobs, safe_piece(job_id)
        audio = find_result(self._app, job_id)
        keys = [audio.key] if audio else []
        prefixes = (
            f"{jobs.timings_prefix}{piece}.",
            f"{jobs.results_prefix}{piece}.json",
            f"{jobs.stream_prefix}{piece}/",
            f"{jobs.parts_prefix}{piece}/",
        )
        keys += [item.key for prefix in prefixes for item in self._storage.list(prefix)]
        return [key for key in keys if self._storage.delete(key)]

    def _must_be_ours(self, key: str) -> None:
        """A bucket may hold more than this worker's files; those are not deleted."""
        prefixes = (*result_prefixes(self._app.settings), self._app.settings.voices.prefix)
        if key.startswith(prefixes) or "job-id" in self._storage.info(key).metadata:
            return
        raise InvalidInput(
            f"{key} was not made by this worker, so it is not deleted.",
            "Delete it with the storage provider's own tools.",
        )

    def _cleanup(self, request: CleanupInput) -> Answer:
        return clean_up(self._app, request)

    def _presign(self, request: PresignInput) -> Answer:
        expires = request.url_expires or self._app.settings.urls.expires_s
        if request.method == "put":
            url = self._storage.presign_put(
                request.key, content_type=request.content_type, expires_s=expires
            )
        else:
            url = self._storage.url(request.key, "presigned", expires_s=expires)
        local = [LOCAL_PRESIGN] if url.kind != "presigned" else []
        return {
            "s3_key": request.key, "method": request.method, **_url_fields(url), "warnings": local
        }  # fmt: skip

    def _storage_info(self, request: StorageInfoInput) -> Answer:
        answer: Answer = dict(self._storage.describe())
        if request.total_size:
            answer["total_bytes"] = self._storage.total_size()
        return answer

    def _migrate(self, request: MigrateInput) -> Answer:
        return self._storage.migrate(request.prefix).as_dict()

    def _doctor(self, _request: Operation) -> Answer:
        steps = run_check(self._storage)
        answer: Answer = {
            "storage": {**self._storage.describe(), "steps": [step.as_dict() for step in steps]},
        }
        answer["model"] = self._model()
        problems = [f"{step.step}: {step.detail}" for step in steps if step.ok is False]
        problems += [answer["model"]["error"]] if "error" in answer["model"] else []
        answer["healthy"] = not problems
        if problems:  # a check that fails is a job that fails, for scripts
            answer |= {"status": "failed", "error": problems[0], "error_code": "UNHEALTHY"}
        return answer

    def _model(self) -> Answer:
        try:
            engine = self._app.engine.result()
        except WorkerError as error:
            return {"error": error.message, "hint": error.hint}
        return {
            "model": engine.model,
            "device": engine.device,
            "dtype": engine.dtype,
            "load_s": round(engine.load_s, 3),
        }

    def _key(self, request: ObjectInput) -> str:
        """The key of the object a request means.

        Raises:
            ObjectNotFound: the job has no such file.
        """
        if request.key is not None:
            return request.key
        job_id = str(request.job_id)
        key = result_key(self._app, job_id, request.kind, request.format)
        if key is None:
            raise _no_result(job_id)
        return key

    def _url(self, key: str, kind: UrlKind | None, expires_s: int | None) -> ObjectUrl:
        urls = self._app.settings.urls
        return self._storage.url(key, kind or urls.kind, expires_s=expires_s or urls.expires_s)


def _no_result(job_id: str) -> ObjectNotFound:
    return ObjectNotFound(
        f"No stored file of the job {job_id} was found.",
        "The job may still run or have failed; with an OUTPUT_KEY of your own, ask by `key`.",
    )


def _described(item: ObjectInfo) -> Answer:
    return {
        "key": item.key,
        "name": PurePosixPath(item.key).name,
        "size": item.size,
        "last_modified": item.last_modified.isoformat(),
    }


def _url_fields(url: ObjectUrl) -> Answer:
    return {
        "url": url.url,
        "url_kind": url.kind,
        "expires_at": url.expires,
    }
