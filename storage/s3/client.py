"""One botocore client for one bucket: built on first use, with retries and typed errors.

botocore is used without boto3 on top: boto3 adds the transfer manager, which sends checksum headers
that several S3-compatible services refuse (boto/s3transfer issue 327), and a tenth of a second of
import. Settings are passed in full, so that no AWS_* variable but a proxy or a certificate bundle
changes what is sent.
"""

from __future__ import annotations

import io
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from errors import ConfigError, StorageDenied, StorageError, WorkerError
from storage.config import StorageConfig
from storage.s3.endpoints import Endpoint, resolve_endpoint
from storage.s3.error_table import NOT_S3
from storage.s3.errors import Where, translate
from storage.s3.retry import Retry

if TYPE_CHECKING:
    from botocore.client import BaseClient

_EXPECT_BYTES = 1 << 20
_LIBRARIES = {"botocore", "urllib3"}
# What a request is called in messages.
_VERBS = {
    "put_object": "upload",
    "create_multipart_upload": "upload",
    "upload_part": "upload",
    "complete_multipart_upload": "upload",
    "abort_multipart_upload": "abort upload of",
    "get_object": "download",
    "head_object": "look up",
    "delete_object": "delete",
    "list_objects_v2": "list",
    "head_bucket": "look up bucket",
}


class S3Client:
    """Requests to one bucket. Thread-safe.

    Raises:
        ConfigError: the configuration names no bucket or no usable endpoint.
    """

    def __init__(self, config: StorageConfig) -> None:
        self.endpoint: Endpoint = resolve_endpoint(config)
        self.bucket = self.endpoint.bucket
        self.retry = Retry(config.max_attempts, config.retry_budget_s, config.retry_base_s)
        self.bucket_seen = False  # a request that needs the bucket has succeeded
        self._config = config
        self._client: BaseClient | None = None
        self._lock = threading.Lock()

    def call(self, method: str, key: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The answer of `once`, tried again while the failure may pass."""
        return self.retry.run(lambda: self.once(method, key, **parameters))

    def once(self, method: str, key: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One request about `key` (full key) or the bucket itself; the service's answer.

        Raises:
            StorageError and its kinds, ConfigError, InvalidInput: see `storage.s3.errors`.
        """
        if key is not None:
            parameters["Key"] = key
        try:
            request = getattr(self.botocore(), method)
            answer: dict[str, Any] = request(Bucket=self.bucket, **parameters)
        except Exception as exc:
            raise self.typed(exc, method, key) from exc
        if method in {"get_object", "head_object"} and "LastModified" not in answer:
            raise ConfigError(
                f"{self.where(method, key)}: {self.endpoint.label} does not answer like an S3 "
                "service.",
                NOT_S3,
            )
        self.bucket_seen = True
        return answer

    def presign(
        self, method: str, key: str, expires_s: int, parameters: dict[str, str] | None = None
    ) -> str:
        """A signed URL for `method` on `key`; no request is made."""
        values = {"Bucket": self.bucket, "Key": key, **(parameters or {})}
        try:
            url: str = self.botocore().generate_presigned_url(
                method, Params=values, ExpiresIn=expires_s
            )
        except Exception as exc:
            raise self.typed(exc, method, key) from exc
        return url

    def where(self, method: str, key: str | None) -> Where:
        """What a request was about, for messages."""
        hint = f"Create it first: {self.endpoint.provider.console}. Then check S3_BUCKET."
        verb = _VERBS.get(method, method)
        return Where(verb, self.bucket, key, self.endpoint.label, self.endpoint.region, hint)

    def typed(self, exc: Exception, method: str, key: str | None) -> Exception:
        """The typed error for what the libraries raised; anything else is returned as it is."""
        if isinstance(exc, WorkerError) or not _is_foreign(exc):
            return exc
        return translate(exc, self.where(method, key))

    def reason(self, key: str | None, prefix: str = "") -> StorageError | None:
        """Why a HEAD failed, or None if the same question asked by GET succeeds.

        The answer to a HEAD has no body, so it says 403 or 400 but not why. A GET of one byte (or
        a listing of one key, for the bucket) says it.
        """
        try:
            if key is None:
                self.call("list_objects_v2", Prefix=prefix, MaxKeys=1)
            else:
                self.call("get_object", key, Range="bytes=0-0")["Body"].close()
        except StorageError as error:
            return error
        return None

    def botocore(self) -> BaseClient:
        """The client; built once, which takes about 0.1 s."""
        with self._lock:
            if self._client is None:
                self._client = self._build()
            return self._client

    def _build(self) -> BaseClient:
        import botocore.session
        from botocore.config import Config

        config = self._config
        if bool(config.access_key_id) != bool(config.secret_access_key):
            raise StorageDenied(
                "Only one half of the S3 key pair is set.",
                "Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            )
        if config.ca_bundle is not None and not config.ca_bundle.exists():
            raise ConfigError(
                f"AWS_CA_BUNDLE: {config.ca_bundle} does not exist.", "Correct or unset it."
            )
        try:
            session = botocore.session.Session()
            session.register_component("data_loader", _service_descriptions())
            client: BaseClient = session.create_client(
                "s3",
                region_name=self.endpoint.region,
                endpoint_url=self.endpoint.url,
                aws_access_key_id=config.access_key_id,
                aws_secret_access_key=config.secret_access_key,
                aws_session_token=config.session_token,
                verify=str(config.ca_bundle) if config.ca_bundle else None,
                config=Config(
                    signature_version="s3v4",
                    s3={"addressing_style": self.endpoint.addressing},
                    retries={"total_max_attempts": 1, "mode": "standard"},
                    connect_timeout=config.connect_timeout_s,
                    read_timeout=config.read_timeout_s,
                    max_pool_connections=config.max_connections,
                    tcp_keepalive=True,
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                    ignore_configured_endpoint_urls=True,
                    user_agent_extra="f5-tts-worker",
                ),
            )
        except ValueError as exc:
            raise ConfigError(
                f"{self.endpoint.label} cannot be used as an S3 endpoint.",
                "Check AWS_ENDPOINT_URL.",
            ) from exc
        events = client.meta.events
        events.register_last("before-call.s3", _send_small_bodies_at_once)
        events.register_last("before-call.s3", _stay_in_region)
        return client


@lru_cache(maxsize=1)
def _service_descriptions() -> Any:
    """botocore's loader with its cache, shared by all clients: each but the first is then built in
    a sixth of the time, which counts for voices and models in other buckets."""
    from botocore.loaders import create_loader

    return create_loader()


def _send_small_bodies_at_once(params: dict[str, Any], **_: Any) -> None:
    """Takes out botocore's "Expect: 100-continue" below a mebibyte: waiting for the permission to
    send costs a round trip, and a full second behind a proxy that ignores it. Large bodies keep it,
    so that a refusal is read before the service closes the connection on them."""
    body = params.get("body")
    if isinstance(body, io.BytesIO) and body.getbuffer().nbytes < _EXPECT_BYTES:
        params["headers"].pop("Expect", None)


def _stay_in_region(params: dict[str, Any], **_: Any) -> None:
    """Keeps botocore from repeating a request in the region the service names. That would hide a
    wrong S3_REGION here while every public and presigned URL carries it and fails elsewhere."""
    redirect = params.get("context", {}).get("s3_redirect")
    if redirect is not None:
        redirect["redirected"] = True


def _is_foreign(exc: Exception) -> bool:
    """True for what botocore, urllib3 or the network raise; a bug of ours is not translated."""
    modules = {kind.__module__.split(".")[0] for kind in type(exc).__mro__}
    return isinstance(exc, OSError) or not modules.isdisjoint(_LIBRARIES)
