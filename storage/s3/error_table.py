"""The tables of `storage.s3.errors`: what a service's codes, statuses and words mean.

A row claims no more than its code does. What has several causes names them all, and an answer that
nobody has described yet says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from errors import (
    BucketNotFound,
    ConfigError,
    InvalidInput,
    ObjectNotFound,
    StorageDenied,
    StorageError,
    StorageFull,
    StorageUnavailable,
    WorkerError,
)
from storage.files import NO_SUCH_OBJECT

# What a person can do next, once for all the rows that share it.
WAIT = "This is usually temporary: send the job again."
CREDENTIALS = "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
SECRET = (
    "The secret key is wrong or cut off, it belongs to another key id, or a proxy rewrites "
    "requests; copy AWS_SECRET_ACCESS_KEY again."
)
FORBIDDEN = (
    "Possible causes: a wrong key; a key scoped to another bucket or prefix; a key without the "
    "permission for this operation; a key without s3:ListBucket, for which a missing object looks "
    "like 403; a wrong clock; a wrong region."
)
CLOCK = "Synchronise the clock of this machine (NTP); S3 accepts 15 minutes of difference."
REGION = "Check AWS_REGION (or S3_REGION) and AWS_ENDPOINT_URL; the region must be the bucket's."
DNS = "Check AWS_ENDPOINT_URL for typing errors, then DNS and the firewall."
TLS = (
    "Check that AWS_ENDPOINT_URL uses the right scheme and port; for a private certificate "
    "authority set AWS_CA_BUNDLE."
)
UNREACHABLE = "The endpoint is slow or a firewall drops packets; check AWS_ENDPOINT_URL."
NOT_S3 = "Check AWS_ENDPOINT_URL: it must be the S3 API, not a console, a CDN or a website."
PLAIN_HTTP = "If the port speaks TLS, AWS_ENDPOINT_URL must begin with https://."
REPORT = "Report this to the provider, or check what a proxy in between leaves out."
SHORTER = "Use a shorter key."
SMALLER = "Store less at once: shorter text, another format, or several jobs."
LESS_METADATA = "Send fewer or shorter fields of metadata."
CAP = "Raise the cap at the provider (B2: Caps & Alerts), or wait for the next day."


class Meaning(NamedTuple):
    """The typed error, what is wrong, and what to do next. `speaks_tls`: plain HTTP to a TLS port
    may look like this. `one_object`: it says nothing of the service as a whole."""

    error: type[WorkerError]
    message: str
    hint: str
    speaks_tls: bool = False
    one_object: bool = False


def named(*rows: tuple[str, Meaning]) -> dict[str, Meaning]:
    """A table from rows of names, separated by spaces, and what they mean."""
    return {name: meaning for names, meaning in rows for name in names.split()}


BUSY = Meaning(StorageUnavailable, "the service is busy or failing", WAIT)
GATEWAY = Meaning(
    StorageUnavailable,
    "a gateway in front of the service answered instead of it, with a web page",
    "It usually passes: send the job again, or raise S3_RETRY_TIME (and the attempts, "
    "S3_MAX_ATTEMPTS, where they are limited). If this endpoint never worked: it must be the S3 "
    "API.",
)
DAMAGED = Meaning(StorageUnavailable, "the bytes were damaged on their way", WAIT, one_object=True)
_CHANGED = DAMAGED._replace(message="the object changed meanwhile")
_PARTS_GONE = DAMAGED._replace(message="parts of the multipart upload are gone")
_UPLOAD_GONE = DAMAGED._replace(message="the multipart upload is gone")
EXPIRED = Meaning(
    StorageDenied, "the credentials have expired", "Supply a fresh key or session token."
)
UNKNOWN_KEY_ID = Meaning(StorageDenied, "the service does not know this access key id", CREDENTIALS)
_SKEWED = Meaning(StorageDenied, "this machine's clock is wrong", CLOCK)
WRONG_REGION = Meaning(StorageDenied, "the request was signed for another region", REGION)
NEEDS_TLS = Meaning(
    ConfigError,
    "the endpoint answers over TLS only",
    "Write AWS_ENDPOINT_URL with https:// instead of http://.",
)
FULL = Meaning(
    StorageFull,
    "the storage cap or quota is reached, of the account or the bucket",
    "Raise it or delete objects.",
)
_DENIED = Meaning(StorageDenied, "access denied", FORBIDDEN)
_ACCOUNT = Meaning(StorageDenied, "the account has a problem", "Ask the provider.")
_LOCKED = Meaning(
    StorageDenied,
    "the object is locked against changes (Object Lock)",
    "Use another key, or wait for the end of its retention.",
)
_CHECKSUM = Meaning(
    StorageError,
    "the service wants a checksum that the request does not carry",
    "A bucket with Object Lock asks for Content-MD5; a proxy in between may have taken it out.",
)
_KMS = Meaning(
    StorageDenied,
    "the bucket's encryption key cannot be used",
    "Check the key's state and that these credentials may use it (KMS).",
)
_REQUESTER_PAYS = Meaning(
    StorageDenied,
    "the bucket bills whoever asks (requester pays)",
    "Use a bucket without it: the worker does not send a billing project.",
)
_DOWNLOAD_CAP = Meaning(StorageDenied, "the account's download cap is reached", CAP)
_TRANSACTION_CAP = Meaning(StorageDenied, "the account's transaction cap is reached", CAP)
BAD_BUCKET = Meaning(ConfigError, "the bucket's name is not valid", "Check S3_BUCKET.")
_LONG_KEY = Meaning(InvalidInput, "the key is longer than the service accepts", SHORTER)
_NO_LENGTH = Meaning(
    StorageError, "the body's length is missing", "A proxy in between changes requests."
)
_NO_OBJECT = Meaning(ObjectNotFound, "no such object", NO_SUCH_OBJECT)
NO_BUCKET = Meaning(
    BucketNotFound, "no such bucket", "Check S3_BUCKET; the worker makes no bucket."
)
NO_SUCH_PLACE = Meaning(
    BucketNotFound,
    "there is nothing to upload to",
    "Check S3_BUCKET, and the path of AWS_ENDPOINT_URL: most endpoints have none.",
)
_CLASH = Meaning(InvalidInput, "a file and a folder would have the same name", "Use another key.")
_NOT_OFFERED = Meaning(StorageError, "the service does not offer this operation", REPORT)
REFUSED = Meaning(StorageError, "the service refused the request", REPORT)

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, plus codes of B2, R2, Ceph,
# MinIO and Swift.
CODES: Mapping[str, Meaning] = named(
    ("NoSuchKey NotFound NoSuchVersion", _NO_OBJECT),
    ("NoSuchBucket BucketNotFound ContainerNotFound", NO_BUCKET),
    ("InvalidBucketName XMinioInvalidBucketName", BAD_BUCKET),
    ("NoSuchUpload", _UPLOAD_GONE),
    ("InvalidPart InvalidPartOrder", _PARTS_GONE),
    ("AccessDenied Forbidden UnauthorizedAccess Unauthorized", _DENIED),
    ("AllAccessDisabled", Meaning(StorageDenied, "access to the bucket is disabled", FORBIDDEN)),
    ("AccountProblem NotSignedUp UserSuspended", _ACCOUNT),
    ("UserProjectMissing", _REQUESTER_PAYS),
    ("SignatureDoesNotMatch", Meaning(StorageDenied, "the signature does not match", SECRET)),
    ("InvalidAccessKeyId InvalidClientTokenId UnrecognizedClientException", UNKNOWN_KEY_ID),
    ("InvalidToken", Meaning(StorageDenied, "the session token is not valid", CREDENTIALS)),
    ("InvalidSecurity", Meaning(StorageDenied, "the credentials are not valid", CREDENTIALS)),
    ("ExpiredToken ExpiredTokenException TokenRefreshRequired", EXPIRED),
    ("RequestTimeTooSkewed RequestExpired ExpiredRequest RequestNotYetValid", _SKEWED),
    (
        "AuthorizationHeaderMalformed AuthorizationQueryParametersError PermanentRedirect "
        "TemporaryRedirect Redirect IllegalLocationConstraintException IncorrectEndpoint "
        "InvalidRegion InvalidRegionName",
        WRONG_REGION,
    ),
    (
        "SlowDown SlowDownRead SlowDownWrite ServiceUnavailable InternalError InternalFailure "
        "ServerBusy RequestTimeout RequestTimeoutException Throttling ThrottlingException "
        "TooManyRequests TooManyRequestsException RequestLimitExceeded BandwidthLimitExceeded "
        "OperationAborted ConditionalRequestConflict XMinioServerNotInitialized XMinioBackendDown",
        BUSY,
    ),
    ("PreconditionFailed InvalidRange", _CHANGED),
    ("BadDigest InvalidDigest IncompleteBody XAmzContentSHA256Mismatch", DAMAGED),
    (
        "QuotaExceeded InsufficientStorage storage_cap_exceeded XMinioStorageFull "
        "XMinioAdminBucketQuotaExceeded",
        FULL,
    ),
    ("download_cap_exceeded", _DOWNLOAD_CAP),
    ("transaction_cap_exceeded", _TRANSACTION_CAP),
    (
        "EntityTooLarge",
        Meaning(InvalidInput, "the object is larger than the service accepts", SMALLER),
    ),
    ("EntityTooSmall", Meaning(ConfigError, "a part is smaller than the service accepts", REPORT)),
    ("KeyTooLongError", _LONG_KEY),
    (
        "InvalidObjectName XMinioInvalidObjectName",
        Meaning(
            InvalidInput,
            "the service does not accept this key",
            "Use letters, digits, -, _, . and /.",
        ),
    ),
    ("XMinioParentIsObject XMinioObjectExistsAsDirectory", _CLASH),
    (
        "MetadataTooLarge",
        Meaning(InvalidInput, "the metadata is larger than the service accepts", LESS_METADATA),
    ),
    ("InvalidObjectState", Meaning(StorageDenied, "the object is archived", "Restore it first.")),
    ("ObjectLocked", _LOCKED),
    ("MissingContentMD5", _CHECKSUM),
    (
        "KMS.DisabledException KMS.NotFoundException KMS.InvalidStateException "
        "KMS.AccessDeniedException",
        _KMS,
    ),
    ("MissingContentLength", _NO_LENGTH),
    ("NotImplemented MethodNotAllowed", _NOT_OFFERED),
    ("InvalidArgument InvalidRequest MalformedXML", REFUSED),
)

# For answers whose code no table knows, and for those to HEAD, which have a status alone.
STATUSES: Mapping[int, Meaning] = {
    302: Meaning(
        ConfigError,
        "the request was redirected, which S3 does not do",
        "A login page or a proxy answers in its place; check AWS_ENDPOINT_URL.",
    ),
    400: Meaning(
        StorageError,
        "refused (400) without a reason",
        "Possible causes: another region than the bucket's, wrong or expired keys, a wrong clock.",
        speaks_tls=True,
    ),
    401: _DENIED,
    403: Meaning(StorageDenied, "access denied, the answer does not say why", FORBIDDEN),
    404: _NO_OBJECT,
    405: _NOT_OFFERED,
    407: Meaning(
        ConfigError,
        "the proxy wants a user name and password",
        "Write them into HTTPS_PROXY, or except the endpoint in NO_PROXY.",
    ),
    408: BUSY,
    411: _NO_LENGTH,
    412: _CHANGED,
    413: Meaning(
        StorageError,
        "the body is larger than the service or a proxy in front of it accepts",
        "Raise the proxy's limit (nginx: client_max_body_size).",
    ),
    414: _LONG_KEY,
    416: _CHANGED,
    417: Meaning(
        StorageError,
        "a proxy refuses Expect: 100-continue",
        "Let the proxy pass it on, or reach the endpoint without the proxy (NO_PROXY).",
    ),
    425: BUSY,
    429: BUSY,
    431: Meaning(
        InvalidInput, "the metadata is larger than the service or a proxy accepts", LESS_METADATA
    ),
    501: _NOT_OFFERED,
    507: FULL,
}

# What some services say in words alone; all the words of a row must be there, the first row counts.
WORDS: tuple[tuple[tuple[str, ...], Meaning], ...] = (
    (("storage", "cap exceeded"), FULL),  # B2, as AccessDenied
    (("download", "cap exceeded"), _DOWNLOAD_CAP),
    (("cap exceeded",), _TRANSACTION_CAP),
    (
        ("malformed access key",),  # B2: the master key, or a truncated key id
        Meaning(
            StorageDenied,
            "this is not an application key id for the S3 API",
            "B2's master key does not work with S3: create an application key for this bucket.",
        ),
    ),
    (
        ("unsupported header",),
        Meaning(
            StorageError,
            "the service refuses a header of the request",
            "A proxy or an AWS_* setting adds checksum headers; remove it.",
        ),
    ),
    (("content-md5", "required"), _CHECKSUM),
    (("worm protected",), _LOCKED),
    (("object lock",), _LOCKED),
    (("quota is reached",), FULL),  # Garage, as Forbidden
    (("quota exceeded",), FULL),
    (("request has expired",), _SKEWED),
)
