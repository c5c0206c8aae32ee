"""The few ways a job can fail, each with a stable code and a next step for the user; how their
messages repeat a wrong value (`show`) and guess the name that was meant (`nearest`).

This module imports nothing of the project, so every layer may raise these. docs/errors.md is made
from it (`make config-doc`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import ClassVar

_QUERY = re.compile(r"(://[^\s?\[\]{}<>\"']*)\?[^\s\[\]{}<>\"']+")
_MAX_SHOWN = 60  # characters of a wrong value that are repeated to the user
_MAX_COMPARED = 100  # characters of a wrong name


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
    """The job itself is wrong; the message names what to change."""

    code = "INVALID_INPUT"


class AnswerTooLarge(InvalidInput):
    """What was asked for does not fit one answer of the platform."""

    code = "ANSWER_TOO_LARGE"


class VoiceNotFound(InvalidInput):
    """There is no such voice; the message names the nearest ones."""

    code = "VOICE_NOT_FOUND"


class VoiceUnusable(InvalidInput):
    """The voice file is empty, cut off, silent, too short or too long; or doubtful, where `strict`
    asks for good ones only.

    `report`: what was measured of it, if anything was.
    """

    code = "VOICE_UNUSABLE"

    def __init__(
        self, message: str, hint: str = "", *, report: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message, hint)
        self.report = report

    def as_output(self) -> dict[str, object]:
        """With the `report`, if there is one."""
        return super().as_output() | ({"report": dict(self.report)} if self.report else {})


class VoiceExists(InvalidInput):
    """There is a voice of that name already, and it is not to be replaced."""

    code = "VOICE_EXISTS"


class ConsentMissing(InvalidInput):
    """REQUIRE_CONSENT is set, and the voice's record names nobody who agreed."""

    code = "CONSENT_MISSING"


class TranscriptMissing(InvalidInput):
    """Nothing says which words the reference speaks."""

    code = "TRANSCRIPT_MISSING"


class FormatUnavailable(InvalidInput):
    """That audio format needs a part that this worker was installed without."""

    code = "FORMAT_UNAVAILABLE"


class ModelNotFound(InvalidInput):
    """The HTTP face serves no model of that name."""

    code = "MODEL_NOT_FOUND"


class NoSuchPath(InvalidInput):
    """The HTTP face has no such address, or not with that method."""

    code = "NO_SUCH_PATH"


class KeyRefused(InvalidInput):
    """The request's API key is missing or wrong."""

    code = "KEY_REFUSED"


class OriginRefused(InvalidInput):
    """A page of another site, or another machine's name: not what a browser may ask here."""

    code = "ORIGIN_REFUSED"


class RequestTooLarge(InvalidInput):
    """The request's body is larger than HTTP_MAX_BODY_BYTES."""

    code = "REQUEST_TOO_LARGE"


class ClientTooSlow(WorkerError):
    """A client sends its request, or takes its answer, too slowly."""

    code = "CLIENT_TOO_SLOW"


class Busy(WorkerError):
    """As many requests wait as may; or the worker is ending."""

    code = "BUSY"
    retryable = True


class ConfigError(WorkerError):
    """An environment variable is wrong; the worker refuses to start."""

    code = "CONFIG_ERROR"


class StorageError(WorkerError):
    """Storage refused a request for a reason of its own."""

    code = "STORAGE_ERROR"


class ObjectNotFound(StorageError):
    """There is no object under that key."""

    code = "OBJECT_NOT_FOUND"


class BucketNotFound(StorageError):
    """There is no such bucket at that endpoint."""

    code = "BUCKET_NOT_FOUND"


class StorageDenied(StorageError):
    """Storage refused the credentials: wrong key or scope, wrong clock, wrong region."""

    code = "STORAGE_DENIED"


class StorageFull(StorageError):
    """The configured quota is used up."""

    code = "STORAGE_FULL"


class StorageUnavailable(StorageError):
    """Storage does not answer: DNS, TLS, a time-out, throttling or its own fault."""

    code = "STORAGE_UNAVAILABLE"
    retryable = True


class ModelUnavailable(WorkerError):
    """Checkpoint, vocabulary or vocoder are missing or damaged."""

    code = "MODEL_UNAVAILABLE"


class InferenceFailed(WorkerError):
    """The model gave no usable sound, or a pass failed."""

    code = "INFERENCE_FAILED"
    retryable = True


class DeviceFailed(InferenceFailed):
    """The device is broken until the process ends: every further job would fail as well."""

    code = "DEVICE_FAILED"
    replace_worker = True


class Unhealthy(WorkerError):
    """A check of the worker found a fault; the answer lists every step."""

    code = "UNHEALTHY"


class JobTimeout(WorkerError):
    """The job's time budget is used up."""

    code = "JOB_TIMEOUT"
    retryable = True


class Unexpected(WorkerError):
    """A bug or a broken machine; the worker's log has the cause.

    `kind` is the class of the exception.
    """

    code = "INTERNAL"
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
    text = without_queries(text)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def without_queries(text: str) -> str:
    """`text` without what follows "?" in its URLs, where signatures stand."""
    return _QUERY.sub(r"\1?...", text)


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known name closest to `name`, ignoring case; None if none is as close as `cutoff`."""
    return next(iter(alike(name, known, count=1, cutoff=cutoff)), None)


def alike(name: str, known: Iterable[str], *, count: int, cutoff: float) -> list[str]:
    """At most `count` known names like `name`, the closest first, as `nearest` compares them."""
    by_fold = {item.casefold(): item for item in known}
    start = name[:_MAX_COMPARED].casefold()
    return [by_fold[item] for item in difflib.get_close_matches(start, by_fold, count, cutoff)]
