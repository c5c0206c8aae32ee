"""What a finished job answered, stored beside its audio as `results/{job_id}.json`.

A job delivered again is answered from it without inference; the `result` operation reads it too.
URLs and inline audio are left out: they are made anew for whoever asks.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from errors import ObjectNotFound, StorageDenied, StorageUnavailable
from s3_utils import Storage
from worker.keys import safe_piece
from worker.log import get_logger
from worker.request.parse import SpeechInput

log = get_logger("records")

# How a result is handed over, not what it is: a job sent again may ask for another way.
_HANDED_OVER = {"url", "url_expires", "return_audio", "stream"}
_NOT_STORED = (
    "audio_url", "url_kind", "expires_at", "audio_base64", "timing_files", "bucket", "storage_type",
)  # fmt: skip
_MAX_BYTES = 16 << 20


def request_mark(speech: SpeechInput, model: str) -> str:
    """64 hex digits naming what was asked for, and of which model."""
    asked = speech.model_dump(mode="json", exclude=_HANDED_OVER, warnings=False)
    return hashlib.sha256(json.dumps([model, asked], sort_keys=True).encode()).hexdigest()


class Records:
    """The stored answers of one store. Blocking."""

    def __init__(self, storage: Storage, prefix: str) -> None:
        self._storage = storage
        self._prefix = prefix

    def key(self, job_id: str) -> str:
        return f"{self._prefix}{safe_piece(job_id)}.json"

    @staticmethod
    def body(mark: str, output: dict[str, Any]) -> bytes:
        """What is stored under `key`: the answer without what is made anew for whoever asks."""
        kept = {name: value for name, value in output.items() if name not in _NOT_STORED}
        kept["timing_formats"] = list(output["timing_files"])
        return json.dumps({"request": mark, "output": kept}, ensure_ascii=False).encode()

    def load(self, job_id: str, mark: str | None = None) -> dict[str, Any] | None:
        """The stored answer of a job, None when there is none, or it answers another request.

        None as well when its audio is gone or is not the one it speaks of, while storage does not
        answer, or when the key may not be read: a missing object looks so to a key without the
        list permission.
        """
        try:
            record = json.loads(self._storage.get(self.key(job_id), max_bytes=_MAX_BYTES))
            output = record["output"]
            if mark is not None and record["request"] != mark:
                return None
            audio = self._storage.info(output["s3_key"])
        except (ObjectNotFound, StorageDenied):
            return None
        except StorageUnavailable as error:  # a job that can go on without it shall
            log.warning("stored answer not read: %s", error.message)
            return None
        except (ValueError, KeyError, TypeError):
            log.warning("%s is not a record of this worker", self.key(job_id))
            return None
        if audio.size != output["bytes"] or audio.metadata.get("sha256") != output["sha256"]:
            return None
        return {**output, "bucket": audio.bucket, "storage_type": audio.storage_type}
