"""Every way S3 or the network can fail, as one of the worker's typed errors.

Two tables: service error codes (what the server answered) and exception classes (what botocore
raised before or instead of an answer). Classes are matched by name along the exception's MRO, most
specific first, so botocore need not be imported to hold the table; tests/storage/test_errors.py
enumerates botocore.exceptions and fails if a class has no row of its own or of a named parent.
What neither table knows follows the answer's status, and claims no more than is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from errors import StorageError, StorageUnavailable, WorkerError
from storage.s3.class_table import CLASSES, INTERNAL, UNREADABLE
from storage.s3.error_table import (
    BUSY,
    CODES,
    GATEWAY,
    NEEDS_TLS,
    NO_BUCKET,
    NO_SUCH_PLACE,
    PLAIN_HTTP,
    REFUSED,
    STATUSES,
    UNKNOWN_KEY_ID,
    WAIT,
    WORDS,
    WRONG_REGION,
    Meaning,
)

_QUERY = re.compile(r"\?[^\s\"'<>]*")  # of a URL, whatever it begins with
_LIBRARIES = {"boto3", "botocore", "urllib3", "dateutil", "http", "email", "ssl", "socket", "xml"}


@dataclass(frozen=True)
class Where:
    """What was being done, for messages. `key` is the bucket's full key, None for the bucket;
    `worked`: the bucket has answered this client before."""

    operation: str
    bucket: str
    key: str | None
    endpoint: str
    region: str
    create_bucket_hint: str = ""
    worked: bool = False

    def __str__(self) -> str:
        target = f"{self.bucket}/{self.key}" if self.key is not None else self.bucket
        return f"{self.operation} {target}"


def is_foreign(exc: BaseException) -> bool:
    """True for what the S3 libraries or the network raise, whatever its class: reading an answer
    that is not as described, botocore fails with a ValueError or KeyError of its own. A bug of
    ours is not translated."""
    modules = {kind.__module__.split(".")[0] for kind in type(exc).__mro__}
    if isinstance(exc, OSError) or not modules.isdisjoint({"botocore", "boto3", "urllib3"}):
        return True
    raised_in = exc.__traceback__
    while raised_in is not None and raised_in.tb_next is not None:
        raised_in = raised_in.tb_next
    if raised_in is None:
        return False
    return str(raised_in.tb_frame.f_globals.get("__name__", "")).split(".")[0] in _LIBRARIES


def meaning_of_class(kind: type[BaseException]) -> Meaning | None:
    """The row of the nearest class in `kind`'s MRO that has one."""
    return next((CLASSES[c.__name__] for c in kind.__mro__ if c.__name__ in CLASSES), None)


def translate(exc: Exception, where: Where) -> WorkerError:
    """The typed error for anything that `is_foreign`; its message holds no secret. `exc` is a
    ClientError (has `.response`) or any other exception of those libraries."""
    response = getattr(exc, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return _from_response(response, where)
    found = meaning_of_class(type(exc)) or (
        INTERNAL if type(exc).__module__.startswith("botocore") else UNREADABLE
    )
    # These texts name classes, fields or hosts; a URL among them may carry a signed query.
    plain = found.error is not StorageError and found is not UNREADABLE
    detail = _QUERY.sub("", str(exc)) if plain else ""
    if not detail or "None" in detail:  # a library that knows no address says so
        detail = type(exc).__name__
    hint = found.hint
    if where.worked and found.error is StorageUnavailable:
        hint = f"It answered before. {WAIT}"  # no typing error, no wrong port
    elif found.speaks_tls and where.endpoint.startswith("http://"):
        hint = f"{hint} {PLAIN_HTTP}"
    return found.error(f"{where}: {found.message} ({_one_line(detail)}).", hint)


def _from_response(response: dict[str, Any], where: Where) -> WorkerError:
    error = response["Error"]
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code, said = str(error.get("Code") or ""), _one_line(str(error.get("Message") or ""))
    found = _meaning_of_answer(code, said, status, response, where)
    detail = f" ({said})" if said and not code.isdigit() else ""
    hint = found.hint
    if found is NO_BUCKET:
        hint = where.create_bucket_hint or hint
    elif found is WRONG_REGION and (region := _region_told(response)):
        hint = f"Set the region (AWS_REGION or S3_REGION) to {region}; {where.region} was used."
    elif found.speaks_tls and where.endpoint.startswith("http://"):
        hint = f"{hint} {PLAIN_HTTP}"
    return found.error(f"{where}: {found.message}{detail} [{code or status}].", hint)


def _meaning_of_answer(
    code: str, said: str, status: int, response: dict[str, Any], where: Where
) -> Meaning:
    if status == 429:
        return BUSY
    lowered = said.lower()
    for words, meaning in WORDS:
        if all(word in lowered for word in words):
            return meaning
    if code in {"AuthorizationHeaderMalformed", "InvalidArgument"} and "credential" in lowered:
        return UNKNOWN_KEY_ID if "region" not in lowered else WRONG_REGION
    known = CODES.get(code)
    if status in {301, 302, 303, 307, 308} and (known is None or known is WRONG_REGION):
        return _meaning_of_redirect(code, response, where)
    if status == 404 and where.key is None and known in (None, CODES["NoSuchKey"]):
        return CODES["NoSuchBucket"]
    if where.operation == "upload" and status == 404 and known in (None, CODES["NoSuchKey"]):
        return NO_SUCH_PLACE  # an upload cannot miss the object
    if known is not None:
        return known
    if "quota" in code.lower() or code.endswith("StorageFull"):
        return CODES["QuotaExceeded"]
    if status >= 500 and _is_web_page(response):
        return GATEWAY
    if code and not code.isdigit() and status in {400, 403}:  # it does give a reason
        return REFUSED if status == 400 else CODES["AccessDenied"]
    if status in STATUSES:
        return STATUSES[status]
    return BUSY if status >= 500 else REFUSED


def _meaning_of_redirect(code: str, response: dict[str, Any], where: Where) -> Meaning:
    """S3 names the region; a proxy wants TLS, or a login."""
    try:
        target = urlsplit(headers_of(response).get("location", ""))
    except ValueError:  # no URL
        target = urlsplit("")
    if _region_told(response) or (code in CODES and not code.isdigit()):
        return WRONG_REGION
    here = urlsplit(where.endpoint)
    if target.scheme == "https" and here.scheme == "http" and target.hostname == here.hostname:
        return NEEDS_TLS
    if target.hostname and "amazonaws" not in target.hostname:
        redirected = STATUSES[302]
        return redirected._replace(message=f"{redirected.message} (to {target.hostname})")
    return CODES.get(code, WRONG_REGION)


def headers_of(answer: Mapping[str, Any]) -> Mapping[str, str]:
    """The headers of an answer, names in lower case."""
    found = (answer.get("ResponseMetadata") or {}).get("HTTPHeaders") or {}
    return {str(name).lower(): str(value) for name, value in found.items()}


def _is_web_page(response: dict[str, Any]) -> bool:
    """True for what a website or a gateway in front of the service answers; S3 speaks XML."""
    return headers_of(response).get("content-type", "").startswith("text/html")


def _answer_behind(error: Exception) -> dict[str, Any] | None:
    """What the service answered, behind a typed error; None if it did not answer."""
    response = getattr(error.__cause__, "response", None)
    return response if isinstance(response, dict) and "Error" in response else None


def answer_code(error: Exception) -> str:
    """The service's code behind a typed error, "" if no service answered. After a HEAD it is the
    bare status, such as "403"."""
    response = _answer_behind(error)
    return str(response["Error"].get("Code") or "") if response else ""


def answer_headers(error: Exception) -> Mapping[str, str]:
    """The headers of the answer behind a typed error; empty if no service answered."""
    return headers_of(_answer_behind(error) or {})


def answer_region(error: Exception) -> str | None:
    """The bucket's region, if the answer behind a typed error says it."""
    response = _answer_behind(error)
    return _region_told(response) if response else None


def is_outage(error: Exception) -> bool:
    """Whether the service as a whole does not work, rather than one request or object."""
    if not isinstance(error, StorageUnavailable) or error.__cause__ is None:
        return False
    response = _answer_behind(error)
    if response is None:
        found = meaning_of_class(type(error.__cause__))
        return found is not None and found.error is StorageUnavailable and not found.one_object
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    known = CODES.get(answer_code(error), STATUSES.get(status))
    return status >= 500 or status == 429 or known is BUSY


def is_time_out(error: Exception) -> bool:
    """Whether the service was silent, rather than refusing at once."""
    return any("Timeout" in kind.__name__ for kind in type(error.__cause__).__mro__)


def retry_after(error: Exception) -> float:
    """Seconds the service asked to wait before the next try (Retry-After), 0.0 if it did not."""
    headers = answer_headers(error)
    asked = headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return float(asked[:9])
    try:
        until = parsedate_to_datetime(asked)
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):  # none, not a date, or one without a time zone
        return 0.0


def _region_told(response: dict[str, Any]) -> str | None:
    """The bucket's region if the answer says it, in its body or its header."""
    region = response["Error"].get("Region") or headers_of(response).get("x-amz-bucket-region")
    return str(region) if region else None


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
