"""What a finished job answered, stored beside its audio as `results/{job_id}.json`.

A redelivered job is answered from it without inference; the `result` operation reads it too.
URLs and inline audio are left out: they are made anew for whoever asks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from errors import ConfigError, InvalidInput, ObjectNotFound, StorageDenied, StorageError
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
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("text", "voice", "format", "status"), str),
    **dict.fromkeys(("sample_rate", "seed", "word_count"), int),
    "duration": (int, float),
    "segments": list,
    "metrics": dict,
}
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

    Also None if its audio is gone or has changed, and where storage does not give it.
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
    except (StorageError, ConfigError) as error:  # the job can go on without it
        log.warning("stored answer not read: %s", error.message)
        return None
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInput):
        log.warning("%s is not an answer of this worker", files.answer.key)
        return None
    return {**answer, "bucket": audio.bucket, "storage_type": audio.storage_type}


def _check(answer: Mapping[str, Any]) -> None:
    """Raises TypeError, KeyError or ValueError unless what is read of an answer is what the worker
    writes. Older versions left some of it out."""
    texts = [answer["job_id"], answer["s3_key"], answer["sha256"]]
    for name in ("warnings", "timing_formats"):
        if not isinstance(answer.get(name, []), list):
            raise TypeError(name)
        texts += answer.get(name, [])
    for name, kind in _TYPES.items():
        if name in answer and not isinstance(answer[name], kind):
            raise TypeError(name)
    json.dumps(answer, allow_nan=False)  # the platform takes no other numbers
    if not all(isinstance(text, str) for text in texts) or type(answer["bytes"]) is not int:
        raise TypeError("not text")
    if answer.keys() & {"error", "error_code", "refresh_worker"}:
        raise TypeError("only answers of finished jobs are stored")
