"""The few ways a job can fail, each with a stable code and a next step for the user; how their
messages repeat a wrong value (`show`) and guess the name that was meant (`nearest`).

    WorkerError
    ├── InvalidInput          the job itself is wrong; sending it again cannot help
    │   ├── AnswerTooLarge    what was asked for does not fit one answer of the platform
    │   ├── VoiceNotFound     no such voice; names the nearest ones
    │   ├── VoiceUnusable     the voice file is empty, truncated, silent, too short or too long
    │   └── TranscriptMissing the reference has no transcript
    ├── ConfigError           an environment variable is wrong; the worker refuses to start
    ├── StorageError
    │   ├── ObjectNotFound    no object under that key
    │   ├── BucketNotFound    no such bucket at that endpoint
    │   ├── StorageDenied     403: wrong key, wrong scope, clock skew, wrong region ...
    │   ├── StorageFull       the configured quota is used up
    │   └── StorageUnavailable  DNS, TLS, time-out, 5xx, throttling (retryable)
    ├── ModelUnavailable      checkpoint, vocabulary or vocoder missing or damaged
    ├── InferenceFailed       the model gave NaN or silence, or a pass failed (retryable)
    │   └── DeviceFailed      the device is broken: the worker asks to be replaced (retryable)
    ├── JobTimeout            the job's time budget is used up (retryable)
    ├── Unexpected            a fault of the worker itself; its log has the cause (retryable)
    └── Cancelled             the platform's stop signal

This module imports nothing of the project, so every layer may raise these.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar

_MAX_SHOWN = 60  # characters of a wrong value that are repeated to the user


class WorkerError(Exception):
    """Base of every error a user may see.

    Args:
        message: one line saying what is wrong; no secrets, no traceback.
        hint: what the user can do next; may be empty.
    """

    code: ClassVar[str] = "INTERNAL"
    retryable: ClassVar[bool] = False
    replace_worker: ClassVar[bool] = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_output(self) -> dict[str, object]:
        """The failed job's output: `error` is a string, as the RunPod SDK requires.

        `refresh_worker` is for the SDK, which takes it out and asks the platform for a new worker.
        """
        line = f"{self.message} {self.hint}".strip()
        refresh = {"refresh_worker": True} if self.replace_worker else {}
        return {
            **refresh,
            "error": line,
            "error_code": self.code,
            "retryable": self.retryable,
            "hint": self.hint,
            "status": "failed",
        }


class InvalidInput(WorkerError):
    code = "INVALID_INPUT"


class AnswerTooLarge(InvalidInput):
    code = "ANSWER_TOO_LARGE"


class VoiceNotFound(InvalidInput):
    code = "VOICE_NOT_FOUND"


class VoiceUnusable(InvalidInput):
    code = "VOICE_UNUSABLE"


class TranscriptMissing(InvalidInput):
    code = "TRANSCRIPT_MISSING"


class ConfigError(WorkerError):
    code = "CONFIG_ERROR"


class StorageError(WorkerError):
    code = "STORAGE_ERROR"


class ObjectNotFound(StorageError):
    code = "OBJECT_NOT_FOUND"


class BucketNotFound(StorageError):
    code = "BUCKET_NOT_FOUND"


class StorageDenied(StorageError):
    code = "STORAGE_DENIED"


class StorageFull(StorageError):
    code = "STORAGE_FULL"


class StorageUnavailable(StorageError):
    code = "STORAGE_UNAVAILABLE"
    retryable = True


class ModelUnavailable(WorkerError):
    code = "MODEL_UNAVAILABLE"


class InferenceFailed(WorkerError):
    code = "INFERENCE_FAILED"
    retryable = True


class DeviceFailed(InferenceFailed):
    """The device is broken until the process ends: every further job would fail as well."""

    code = "DEVICE_FAILED"
    replace_worker = True


class Cancelled(WorkerError):
    code = "CANCELLED"


class JobTimeout(WorkerError):
    code = "JOB_TIMEOUT"
    retryable = True


class Unexpected(WorkerError):
    """A bug or a broken machine; `kind` is the exception's class, the log has the rest."""

    retryable = True

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"The worker failed unexpectedly ({kind}).",
            "Send the job again; if it recurs, report the worker's log.",
        )


def show(value: object) -> str:
    """A value as an error message repeats it: short, printable, on one line."""
    try:
        text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    except ValueError:  # an int of more than 4300 digits has no decimal form
        text = "a very large number"
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known name most like `name`, whatever its case; None below a likeness of `cutoff`."""
    by_fold = {item.casefold(): item for item in known}
    found = difflib.get_close_matches(name[:100].casefold(), by_fold, n=1, cutoff=cutoff)
    return by_fold[found[0]] if found else None
