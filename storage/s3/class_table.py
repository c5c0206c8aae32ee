"""What an exception of the S3 libraries means, by its class's name (see `storage.s3.errors`)."""

from __future__ import annotations

from collections.abc import Mapping

from errors import ConfigError, InvalidInput, StorageDenied, StorageError, StorageUnavailable
from storage.s3.error_table import (
    BAD_BUCKET,
    BUSY,
    CREDENTIALS,
    DAMAGED,
    DNS,
    NOT_S3,
    REGION,
    REPORT,
    TLS,
    UNREACHABLE,
    WAIT,
    Meaning,
    named,
)

_CREDENTIALS = Meaning(StorageDenied, "no usable credentials", CREDENTIALS)
_CONFIG = Meaning(
    ConfigError, "the S3 client is not configured correctly", "Check the AWS_* and S3_* settings."
)
_CHAIN = Meaning(StorageDenied, "the shared AWS credentials cannot be read", CREDENTIALS)
_SOURCE = Meaning(
    StorageUnavailable, "the source of the credentials does not give any", f"{WAIT} {CREDENTIALS}"
)
_PARAMETER = Meaning(
    InvalidInput, "the request's parameters are not valid", "Check the key and the metadata."
)
_BROKEN = Meaning(StorageUnavailable, "the connection broke", WAIT, speaks_tls=True)
_TIMEOUT = Meaning(StorageUnavailable, "no answer in time", UNREACHABLE)
_PROXY = Meaning(
    StorageUnavailable, "the proxy cannot be reached", "Check HTTPS_PROXY and NO_PROXY."
)
_ON_ITS_WAY = Meaning(  # botocore's wrapping of whatever happened meanwhile
    StorageUnavailable, "the request failed on its way", WAIT, speaks_tls=True
)
_FOREIGN = Meaning(
    ConfigError, "the endpoint does not answer like an S3 service", NOT_S3, speaks_tls=True
)
_HOST_LABEL = Meaning(
    ConfigError, "the bucket's name does not fit a host name", "Set S3_ADDRESSING_STYLE=path."
)
INTERNAL = Meaning(StorageError, "the S3 library failed", "Please report this.")
UNREADABLE = Meaning(StorageError, "the service's answer cannot be read", REPORT)

CLASSES: Mapping[str, Meaning] = named(
    # the network
    ("EndpointConnectionError", Meaning(StorageUnavailable, "the endpoint cannot be reached", DNS)),
    ("ConnectTimeoutError ReadTimeoutError TimeoutError", _TIMEOUT),
    ("SSLError", Meaning(StorageUnavailable, "the TLS handshake failed", TLS)),
    ("ProxyConnectionError", _PROXY),
    ("ConnectionClosedError ResponseStreamingError IncompleteReadError ConnectionError", _BROKEN),
    ("HTTPError OSError", _BROKEN),  # urllib3's base, and the system's
    ("HTTPClientError", _ON_ITS_WAY),
    ("ResponseParserError", _FOREIGN),
    ("ChecksumError FlexibleChecksumError", DAMAGED),
    ("CapacityNotAvailableError", BUSY),
    # credentials
    ("NoCredentialsError PartialCredentialsError", _CREDENTIALS),
    ("CredentialRetrievalError MetadataRetrievalError", _SOURCE),
    (
        "UnknownCredentialError NoAuthTokenError TokenRetrievalError UnknownTokenProviderError "
        "ProfileNotFound ConfigParseError ConfigNotFound InvalidConfigError SSOError LoginError "
        "RefreshWithMFAUnsupportedError InvalidIMDSEndpointError InvalidIMDSEndpointModeError",
        _CHAIN,
    ),
    # settings
    (
        "BaseEndpointResolverError EndpointProviderError",
        Meaning(ConfigError, "no endpoint for this region", REGION),
    ),
    ("UnknownRegionError InvalidRegionError", Meaning(ConfigError, "no such region", REGION)),
    ("ServiceNotInRegionError", Meaning(ConfigError, "no S3 in this region", REGION)),
    ("InvalidDNSNameError", BAD_BUCKET),
    ("InvalidHostLabelError", _HOST_LABEL),
    (
        "UnknownSignatureVersionError UnsupportedSignatureVersionError "
        "InvalidS3AddressingStyleError UnsupportedS3ArnError UnsupportedS3ControlArnError "
        "UnsupportedOutpostResourceError UnsupportedS3ConfigurationError "
        "UnsupportedS3AccesspointConfigurationError UnsupportedS3ControlConfigurationError "
        "InvalidEndpointDiscoveryConfigurationError InvalidRetryConfigurationError "
        "InvalidS3UsEast1RegionalEndpointConfigError InvalidSTSRegionalEndpointsConfigError "
        "InvalidProxiesConfigError InvalidDefaultsMode InvalidEndpointConfigurationError "
        "InvalidChecksumConfigError MissingDependencyException MD5UnavailableError",
        _CONFIG,
    ),
    # the request
    ("ParamValidationError MissingParametersError ValidationError", _PARAMETER),
    ("UnseekableStreamError AwsChunkedWrapperError", INTERNAL),
    # misuse of botocore: bugs of ours or a broken installation
    (
        "DataNotFoundError ApiVersionNotFoundError UnknownServiceStyle PaginationError "
        "OperationNotPageableError WaiterError WaiterConfigError InvalidExpressionError "
        "UnknownClientMethodError StubResponseError UndefinedModelAttributeError "
        "UnsupportedServiceProtocolsError",
        INTERNAL,
    ),
)
