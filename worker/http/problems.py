"""Errors as OpenAI's clients expect them, with this worker's code, hint and whether to try again.

{"error": {"message", "type", "param", "code", "hint", "retryable"}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from errors import Busy, WorkerError

# By `code`; what is not listed is 500.
STATUS: Mapping[str, int] = {
    "INVALID_INPUT": 400,
    "FORMAT_UNAVAILABLE": 400,
    "TRANSCRIPT_MISSING": 400,
    "VOICE_UNUSABLE": 400,
    "KEY_REFUSED": 401,
    "ORIGIN_REFUSED": 403,
    "CONSENT_MISSING": 403,
    "VOICE_NOT_FOUND": 404,
    "MODEL_NOT_FOUND": 404,
    "OBJECT_NOT_FOUND": 404,
    "NO_SUCH_PATH": 404,
    "CLIENT_TOO_SLOW": 408,
    "VOICE_EXISTS": 409,
    "REQUEST_TOO_LARGE": 413,
    "ANSWER_TOO_LARGE": 413,
    "BUSY": 503,
    "MODEL_UNAVAILABLE": 503,
    "DEVICE_FAILED": 503,
    "STORAGE_UNAVAILABLE": 503,
    "JOB_TIMEOUT": 504,
    "STORAGE_FULL": 507,
}
_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error"}
_RETRY_AFTER_S = 5
# What a job's messages call something, and where it is here. Nothing that a prepared voice warns
# of: its warnings are kept, and repeated to whoever uses the voice next, by `/v1/jobs` as well.
HERE = {
    "`list_voices`": "GET /v1/audio/voices",
    "Call `list_voices` for the names.": "GET /v1/audio/voices has the names.",
    "Add it with `upload`, or call `list_voices`.": "Add it with POST /v1/audio/voices, "
    "or call GET /v1/audio/voices.",
    "Correct it and send the job again; docs/job.md lists the fields.": "Correct it and send it "
    "again; docs/http.md lists the fields.",
    "`describe_voice`": "`describe_voice` by POST /v1/jobs",
    "Use `restore_voice`.": "POST /v1/jobs takes `restore_voice`.",
    "Name each with `mood`.": "Name each by itself, as NAME/MOOD.",
}

ENDING = Busy("This worker is ending.", "Send the request again: another one takes it.")


def problem(error: WorkerError | Mapping[str, Any]) -> dict[str, Any]:
    """The error object of a typed error, or of a failed job's answer."""
    told = error.as_output() if isinstance(error, WorkerError) else error
    code = str(told["error_code"])
    status = STATUS.get(code, 500)
    more = {"report": told["report"]} if "report" in told else {}
    return {
        "error": {
            "message": str(told["error"]),
            "type": _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error"),
            "param": None,
            "code": code,
            "hint": told["hint"],
            "retryable": told["retryable"],
            **more,
        }
    }


def refusal(
    error: WorkerError | Mapping[str, Any],
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response to a request that failed. OpenAI's clients mind `x-should-retry`."""
    body = problem(error)
    told = body["error"]
    status = status or STATUS.get(told["code"], 500)
    extra = {"X-Should-Retry": str(told["retryable"]).lower(), **(headers or {})}
    if status == 503:
        extra["Retry-After"] = str(_RETRY_AFTER_S)
    if status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, extra)
