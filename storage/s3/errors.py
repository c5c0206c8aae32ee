"""Every way S3 or the network can fail, as one of the worker's typed errors.

Two tables: service error codes (what the server answered) and exception classes (what botocore
raised before or instead of an answer). Classes are matched by name along the exception's MRO, most
specific first, so botocore need not be imported to hold the table; tests/storage/test_errors.py
enumerates botocore.exceptions and fails if a class has no row of its own or of a named parent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from errors import (
    BucketNotFound,
    StorageDenied,
    StorageError,
    WorkerError,
)
from storage.s3.error_table import (
    BUSY,
    CLASSES,
    CODES,
    FULL,
    INTERNAL,
    NOT_S3,
    REFUSED,
    UNKNOWN_KEY_ID,
    WRONG_REGION,
    Meaning,
)


@dataclass(frozen=True)
class Where:
    """What was being done, for messages. `key` is the bucket's full key, None for the bucket."""

    operation: str
    bucket: str
    key: str | None
    endpoint: str
    region: str
    create_bucket_hint: str = ""

    def __str__(self) -> str:
        target = f"{self.bucket}/{self.key}" if self.key is not None else self.bucket
        return f"{self.operation} {target}"


def meaning_of_class(kind: type[BaseException]) -> Meaning | None:
    """The row of the nearest class in `kind`'s MRO that has one."""
    return next((CLASSES[c.__name__] for c in kind.__mro__ if c.__name__ in CLASSES), None)


def translate(exc: Exception, where: Where) -> WorkerError:
    """The typed error for anything botocore or urllib3 raises; its message holds no secret.

    `exc` is a ClientError (has `.response`) or any other exception of those libraries.
    """
    response = getattr(exc, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return _from_response(response, where)
    found = meaning_of_class(type(exc)) or INTERNAL
    # These texts name classes, fields or hosts; a URL among them may carry a signed query.
    detail = str(exc).split("?", 1)[0] if found.error is not StorageError else type(exc).__name__
    return found.error(f"{where}: {found.message} ({_one_line(detail)}).", found.hint)


def _from_response(response: dict[str, Any], where: Where) -> WorkerError:
    error = response["Error"]
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code, said = str(error.get("Code", "")), _one_line(str(error.get("Message", "")))
    found = _meaning_of_answer(code, said, status, where)
    detail = f" ({said})" if said and not code.isdigit() else ""
    hint = found.hint
    if found.error is BucketNotFound:
        hint = where.create_bucket_hint
    elif found is WRONG_REGION and (region := _region_told(response)):
        hint = f"Set the region (AWS_REGION or S3_REGION) to {region}; {where.region} was used."
    elif found is BUSY and _is_web_page(response):
        hint = f"The answer is a web page. {NOT_S3}"
    return found.error(f"{where}: {found.message}{detail} [{code or status}].", hint)


def _meaning_of_answer(code: str, said: str, status: int, where: Where) -> Meaning:
    lowered = said.lower()
    if "cap exceeded" in lowered:  # B2 answers AccessDenied and says so in the text alone
        return FULL if "storage" in lowered else CODES["transaction_cap_exceeded"]
    if "malformed access key" in lowered:  # B2: the master key, or a truncated key id
        return Meaning(
            StorageDenied,
            "this is not an application key id for the S3 API",
            "B2's master key does not work with S3: create an application key for this bucket.",
        )
    if "unsupported header" in lowered:
        return Meaning(
            StorageError,
            "the service refuses a header of the request",
            "A proxy or an AWS_* setting adds checksum headers; remove it.",
        )
    if code in {"AuthorizationHeaderMalformed", "InvalidArgument"} and "credential" in lowered:
        return UNKNOWN_KEY_ID if "region" not in lowered else WRONG_REGION
    if code in {"404", "NotFound"} and where.key is None:
        return CODES["NoSuchBucket"]
    if code in CODES:
        return CODES[code]
    if status >= 500 or status == 429:
        return BUSY
    return CODES.get(str(status), REFUSED)


def _is_web_page(response: dict[str, Any]) -> bool:
    """True for what a website or a gateway in front of the service answers; S3 speaks XML."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("content-type", "")).startswith("text/html")


def answer_code(error: Exception) -> str:
    """The service's code behind a typed error, "" if no service answered. After a HEAD it is the
    bare status, such as "403"."""
    response = getattr(error.__cause__, "response", None)
    return str(response["Error"].get("Code", "")) if isinstance(response, dict) else ""


def _region_told(response: dict[str, Any]) -> str | None:
    """The bucket's region if the answer says it, in its body or its header."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = response["Error"].get("Region") or headers.get("x-amz-bucket-region")
    return str(region) if region else None


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
