"""What a finished job answered, stored beside its audio as `results/{job_id}.json`.

A redelivered job is answered from it without inference; the `result` operation reads it too.
URLs and inline audio are left out: they are made anew for whoever asks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from errors import InvalidInput, ObjectNotFound, StorageDenied, StorageUnavailable
from s3_utils import brief_beside_a_disk
from worker.files.jobfiles import JobFiles
from worker.log import get_logger
from worker.request.fields import HandedOver
from worker.request.speech import SpeechInput

log = get_logger("answers")

HANDED_OVER = frozenset(
    name
    for name, field in SpeechInput.model_fields.items()
    if any(isinstance(mark, HandedOver) for mark in field.metadata)
)
_NOT_STORED = ("timing_files", "bucket", "storage_type")  # said of the stored files when asked


def request_fingerprint(request: SpeechInput, model: str) -> str:
    """64 hex digits naming what was asked for, and of which model."""
    asked = request.model_dump(mode="json", exclude=set(HANDED_OVER), warnings=False)
    return hashlib.sha256(json.dumps([model, asked], sort_keys=True).encode()).hexdigest()


def encode_answer(fingerprint: str, facts: Mapping[str, Any]) -> bytes:
    """What is stored: a job's facts without those that are looked up for whoever asks."""
    kept = {name: value for name, value in facts.items() if name not in _NOT_STORED}
    kept["timing_formats"] = list(facts["timing_files"])
    return json.dumps({"request": fingerprint, "output": kept}, ensure_ascii=False).encode()


def load_answer(files: JobFiles, fingerprint: str | None = None) -> dict[str, Any] | None:
    """The stored answer of a job; None if absent, or if it answers another request or job.

    Also None if its audio is gone or has changed, and while storage does not answer.
    """
    try:
        with brief_beside_a_disk(files.storage.stores()):
            stored = files.read_answer()
        if stored is None or fingerprint not in (None, stored.get("request")):
            return None
        answer: dict[str, Any] = stored["output"]
        _check(answer)
        if answer["job_id"] != files.job_id:
            return None
        audio = files.storage.info(answer["s3_key"])
        if (audio.size, audio.metadata.get("sha256")) != (answer["bytes"], answer["sha256"]):
            return None
        if not files.owns(audio):
            return None
    except (ObjectNotFound, StorageDenied):
        return None
    except StorageUnavailable as error:  # the job can go on without it
        log.warning("stored answer not read: %s", error.message)
        return None
    except (KeyError, TypeError, AttributeError, InvalidInput):
        log.warning("%s is not an answer of this worker", files.answer.key)
        return None
    return {**answer, "bucket": audio.bucket, "storage_type": audio.storage_type}


def _check(answer: Mapping[str, Any]) -> None:
    """Raises TypeError or KeyError unless what is read of an answer is what the worker writes."""
    texts = [answer["job_id"], answer["s3_key"], answer["sha256"]]
    for name in ("warnings", "timing_formats"):
        if not isinstance(answer.get(name, []), list):
            raise TypeError(name)
        texts += answer.get(name, [])
    if not all(isinstance(text, str) for text in texts) or type(answer["bytes"]) is not int:
        raise TypeError("not text")
    if answer.keys() & {"error", "error_code", "refresh_worker"}:
        raise TypeError("only answers of finished jobs are stored")
