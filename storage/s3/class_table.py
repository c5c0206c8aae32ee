"""What an exception of the S3 libraries means, by its class's name (see `storage.s3.errors`)."""

from __future__ import annotations

from collections.abc import Mapping

from errors import ConfigError, InvalidInput, StorageDenied, StorageError, StorageUnavailable
from storage.s3.error_table import (
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
)

_CREDENTIALS = Meaning(StorageDenied, "no usable credentials", CREDENTIALS)
_CONFIG = Meaning(ConfigError, "the S3 client is not configured correctly")
_CHAIN = Meaning(StorageDenied, "the shared AWS credentials cannot be read", CREDENTIALS)
_SOURCE = Meaning(
    StorageUnavailable, "the source of the credentials does not give any", f"{WAIT} {CREDENTIALS}"
)
_PARAMETER = Meaning(InvalidInput, "the request's parameters are not valid")
_BROKEN = Meaning(StorageUnavailable, "the connection broke", WAIT, speaks_tls=True)
_TIMEOUT = Meaning(StorageUnavailable, "no answer in time", UNREACHABLE)
INTERNAL = Meaning(StorageError, "the S3 library failed", "Please report this.")
UNREADABLE = Meaning(StorageError, "the service's answer cannot be read", REPORT)

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
    "HTTPClientError": Meaning(  # botocore's wrapping of whatever happened meanwhile
        StorageUnavailable, "the request failed on its way", WAIT, speaks_tls=True
    ),
    "HTTPError": _BROKEN,  # urllib3's base
    "OSError": _BROKEN,
    "ResponseParserError": Meaning(
        ConfigError,
        "the endpoint does not answer like an S3 service",
        NOT_S3,
        speaks_tls=True,
    ),
    "ChecksumError": DAMAGED,
    "FlexibleChecksumError": DAMAGED,
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
