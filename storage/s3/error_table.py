"""The two tables of `storage.s3.errors`: what service codes and exception classes mean."""

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


class Meaning(NamedTuple):
    """The typed error, what is wrong, and what to do next."""

    error: type[WorkerError]
    message: str
    hint: str = ""


BUSY = Meaning(StorageUnavailable, "the service is busy or failing", WAIT)
_DAMAGED = Meaning(StorageUnavailable, "the bytes were damaged on their way", WAIT)
EXPIRED = Meaning(
    StorageDenied, "the credentials have expired", "Supply a fresh key or session token."
)
UNKNOWN_KEY_ID = Meaning(StorageDenied, "the service does not know this access key id", CREDENTIALS)
_SKEWED = Meaning(StorageDenied, "this machine's clock is wrong", CLOCK)
WRONG_REGION = Meaning(StorageDenied, "the request was signed for another region", REGION)
FULL = Meaning(
    StorageFull, "the account's storage cap is reached", "Raise the cap or delete objects."
)
REFUSED = Meaning(StorageError, "the service refused the request as malformed")

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, plus codes of B2 and R2.
CODES: Mapping[str, Meaning] = {
    "NoSuchKey": Meaning(ObjectNotFound, "no such object"),
    "404": Meaning(ObjectNotFound, "no such object"),
    "NotFound": Meaning(ObjectNotFound, "no such object"),
    "NoSuchVersion": Meaning(ObjectNotFound, "no such object"),
    "NoSuchBucket": Meaning(BucketNotFound, "no such bucket"),
    "InvalidBucketName": Meaning(ConfigError, "the bucket's name is not valid", "Check S3_BUCKET."),
    "NoSuchUpload": Meaning(StorageUnavailable, "the multipart upload is gone", WAIT),
    "AccessDenied": Meaning(StorageDenied, "access denied", FORBIDDEN),
    "Forbidden": Meaning(StorageDenied, "access denied", FORBIDDEN),
    "403": Meaning(StorageDenied, "access denied, the answer does not say why", FORBIDDEN),
    "AllAccessDisabled": Meaning(StorageDenied, "access to the bucket is disabled", FORBIDDEN),
    "AccountProblem": Meaning(StorageDenied, "the account has a problem", "Ask the provider."),
    "UnauthorizedAccess": Meaning(StorageDenied, "access denied", FORBIDDEN),
    "Unauthorized": Meaning(StorageDenied, "access denied", FORBIDDEN),
    "SignatureDoesNotMatch": Meaning(StorageDenied, "the signature does not match", SECRET),
    "InvalidAccessKeyId": UNKNOWN_KEY_ID,
    "InvalidClientTokenId": UNKNOWN_KEY_ID,
    "UnrecognizedClientException": UNKNOWN_KEY_ID,
    "InvalidToken": Meaning(StorageDenied, "the session token is not valid", CREDENTIALS),
    "InvalidSecurity": Meaning(StorageDenied, "the credentials are not valid", CREDENTIALS),
    "ExpiredToken": EXPIRED,
    "ExpiredTokenException": EXPIRED,
    "TokenRefreshRequired": EXPIRED,
    "RequestTimeTooSkewed": _SKEWED,
    "RequestExpired": _SKEWED,
    "AuthorizationHeaderMalformed": WRONG_REGION,
    "AuthorizationQueryParametersError": WRONG_REGION,
    "PermanentRedirect": WRONG_REGION,
    "TemporaryRedirect": WRONG_REGION,
    "Redirect": WRONG_REGION,
    "IllegalLocationConstraintException": WRONG_REGION,
    "IncorrectEndpoint": WRONG_REGION,
    "301": WRONG_REGION,
    "307": WRONG_REGION,
    "SlowDown": BUSY,
    "ServiceUnavailable": BUSY,
    "InternalError": BUSY,
    "InternalFailure": BUSY,
    "ServerBusy": BUSY,
    "RequestTimeout": BUSY,
    "RequestTimeoutException": BUSY,
    "Throttling": BUSY,
    "ThrottlingException": BUSY,
    "TooManyRequests": BUSY,
    "TooManyRequestsException": BUSY,
    "RequestLimitExceeded": BUSY,
    "BandwidthLimitExceeded": BUSY,
    "OperationAborted": BUSY,
    "ConditionalRequestConflict": BUSY,
    "PreconditionFailed": Meaning(StorageUnavailable, "the object changed meanwhile", WAIT),
    "412": Meaning(StorageUnavailable, "the object changed meanwhile", WAIT),
    "BadDigest": _DAMAGED,
    "InvalidDigest": _DAMAGED,
    "IncompleteBody": _DAMAGED,
    "XAmzContentSHA256Mismatch": _DAMAGED,
    "InvalidRange": Meaning(StorageUnavailable, "the object changed meanwhile", WAIT),
    "416": Meaning(StorageUnavailable, "the object changed meanwhile", WAIT),
    "QuotaExceeded": FULL,
    "InsufficientStorage": FULL,
    "storage_cap_exceeded": FULL,
    "XMinioStorageFull": FULL,
    "download_cap_exceeded": Meaning(
        StorageDenied, "the account's download cap is reached", "Raise the cap at the provider."
    ),
    "transaction_cap_exceeded": Meaning(
        StorageDenied, "the account's transaction cap is reached", "Raise the cap at the provider."
    ),
    "EntityTooLarge": Meaning(InvalidInput, "the object is larger than the service accepts"),
    "EntityTooSmall": Meaning(ConfigError, "a part is smaller than the service accepts"),
    "KeyTooLongError": Meaning(InvalidInput, "the key is longer than the service accepts"),
    "MetadataTooLarge": Meaning(InvalidInput, "the metadata is larger than the service accepts"),
    "InvalidObjectState": Meaning(StorageDenied, "the object is archived", "Restore it first."),
    "NotImplemented": Meaning(StorageError, "the service does not offer this operation"),
    "MethodNotAllowed": Meaning(StorageError, "the service does not offer this operation"),
    "405": Meaning(StorageError, "the service does not offer this operation"),
    "InvalidArgument": REFUSED,
    "InvalidRequest": REFUSED,
    "MalformedXML": REFUSED,
    "400": Meaning(StorageError, "refused (400) without a reason", f"{REGION} {CREDENTIALS}"),
    "BadRequest": Meaning(
        StorageError, "refused (400) without a reason", f"{REGION} {CREDENTIALS}"
    ),
}

_CREDENTIALS = Meaning(StorageDenied, "no usable credentials", CREDENTIALS)
_CONFIG = Meaning(ConfigError, "the S3 client is not configured correctly")
_CHAIN = Meaning(StorageDenied, "the shared AWS credentials cannot be read", CREDENTIALS)
_SOURCE = Meaning(
    StorageUnavailable, "the source of the credentials does not give any", f"{WAIT} {CREDENTIALS}"
)
_PARAMETER = Meaning(InvalidInput, "the request's parameters are not valid")
_BROKEN = Meaning(StorageUnavailable, "the connection broke", WAIT)
_TIMEOUT = Meaning(StorageUnavailable, "no answer in time", UNREACHABLE)
INTERNAL = Meaning(StorageError, "the S3 library failed", "Please report this.")

CLASSES: Mapping[str, Meaning] = {
    # the network
    "EndpointConnectionError": Meaning(StorageUnavailable, "the endpoint cannot be reached", DNS),
    "ConnectTimeoutError": _TIMEOUT,
    "ReadTimeoutError": _TIMEOUT,
    "TimeoutError": _TIMEOUT,
    "SSLError": Meaning(StorageUnavailable, "the TLS handshake failed", TLS),
    "ProxyConnectionError": Meaning(
        StorageUnavailable, "the proxy cannot be reached", "Check HTTPS_PROXY and NO_PROXY."
    ),
    "ConnectionClosedError": _BROKEN,
    "ResponseStreamingError": _BROKEN,
    "IncompleteReadError": _BROKEN,
    "ConnectionError": _BROKEN,
    "HTTPClientError": _BROKEN,
    "HTTPError": _BROKEN,  # urllib3's base
    "OSError": _BROKEN,
    "ResponseParserError": Meaning(
        ConfigError,
        "the endpoint does not answer like an S3 service",
        NOT_S3,
    ),
    "ChecksumError": _DAMAGED,
    "FlexibleChecksumError": _DAMAGED,
    "CapacityNotAvailableError": BUSY,
    # credentials
    "NoCredentialsError": _CREDENTIALS,
    "PartialCredentialsError": _CREDENTIALS,
    "CredentialRetrievalError": _SOURCE,
    "UnknownCredentialError": _CHAIN,
    "NoAuthTokenError": _CHAIN,
    "TokenRetrievalError": _CHAIN,
    "UnknownTokenProviderError": _CHAIN,
    "ProfileNotFound": _CHAIN,
    "ConfigParseError": _CHAIN,
    "ConfigNotFound": _CHAIN,
    "InvalidConfigError": _CHAIN,
    "RefreshWithMFAUnsupportedError": _CHAIN,
    "MetadataRetrievalError": _SOURCE,
    "InvalidIMDSEndpointError": _CHAIN,
    "InvalidIMDSEndpointModeError": _CHAIN,
    "SSOError": _CHAIN,
    "LoginError": _CHAIN,
    # settings
    "BaseEndpointResolverError": Meaning(ConfigError, "no endpoint for this region", REGION),
    "EndpointProviderError": Meaning(ConfigError, "no endpoint for this region", REGION),
    "UnknownRegionError": Meaning(ConfigError, "no such region", REGION),
    "ServiceNotInRegionError": Meaning(ConfigError, "no S3 in this region", REGION),
    "InvalidRegionError": Meaning(ConfigError, "no such region", REGION),
    "UnknownSignatureVersionError": _CONFIG,
    "UnsupportedSignatureVersionError": _CONFIG,
    "InvalidDNSNameError": Meaning(
        ConfigError, "the bucket's name is not valid", "Check S3_BUCKET."
    ),
    "InvalidHostLabelError": Meaning(
        ConfigError, "the bucket's name does not fit a host name", "Set S3_ADDRESSING_STYLE=path."
    ),
    "InvalidS3AddressingStyleError": _CONFIG,
    "UnsupportedS3ArnError": _CONFIG,
    "UnsupportedS3ControlArnError": _CONFIG,
    "UnsupportedOutpostResourceError": _CONFIG,
    "UnsupportedS3ConfigurationError": _CONFIG,
    "UnsupportedS3AccesspointConfigurationError": _CONFIG,
    "UnsupportedS3ControlConfigurationError": _CONFIG,
    "InvalidEndpointDiscoveryConfigurationError": _CONFIG,
    "InvalidRetryConfigurationError": _CONFIG,
    "InvalidS3UsEast1RegionalEndpointConfigError": _CONFIG,
    "InvalidSTSRegionalEndpointsConfigError": _CONFIG,
    "InvalidProxiesConfigError": _CONFIG,
    "InvalidDefaultsMode": _CONFIG,
    "InvalidEndpointConfigurationError": _CONFIG,
    "InvalidChecksumConfigError": _CONFIG,
    "MissingDependencyException": _CONFIG,
    "MD5UnavailableError": _CONFIG,
    # the request
    "ParamValidationError": _PARAMETER,
    "MissingParametersError": _PARAMETER,
    "ValidationError": _PARAMETER,
    "UnseekableStreamError": INTERNAL,
    "AwsChunkedWrapperError": INTERNAL,
    # misuse of botocore: bugs of ours or a broken installation
    "DataNotFoundError": INTERNAL,
    "ApiVersionNotFoundError": INTERNAL,
    "UnknownServiceStyle": INTERNAL,
    "PaginationError": INTERNAL,
    "OperationNotPageableError": INTERNAL,
    "WaiterError": INTERNAL,
    "WaiterConfigError": INTERNAL,
    "InvalidExpressionError": INTERNAL,
    "UnknownClientMethodError": INTERNAL,
    "StubResponseError": INTERNAL,
    "UndefinedModelAttributeError": INTERNAL,
    "UnsupportedServiceProtocolsError": INTERNAL,
}
