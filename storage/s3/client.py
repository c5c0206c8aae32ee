"""One boto3 client for one bucket: built on first use, with retries and typed errors."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from errors import ConfigError, StorageDenied, StorageError, WorkerError
from storage.base import ObjectUrl
from storage.config import StorageConfig
from storage.s3.answers import check_is_s3
from storage.s3.credentials import Credentials
from storage.s3.endpoints import Endpoint, resolve_endpoint
from storage.s3.error_table import EXPIRED
from storage.s3.errors import Where, is_foreign, translate
from storage.s3.retry import Retry

if TYPE_CHECKING:
    from botocore.client import BaseClient

_EXPECT_BYTES = 1 << 20
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
    "sign": "sign requests to",
}


class S3Client:
    """Requests to one bucket. Thread-safe. Raises ConfigError: the configuration names no bucket or
    no usable endpoint."""

    def __init__(self, config: StorageConfig) -> None:
        self.endpoint: Endpoint = resolve_endpoint(config)
        self.bucket = self.endpoint.bucket
        self.retry = Retry(config.max_attempts, config.retry_budget_s, config.retry_base_s)
        self.bucket_seen = False  # a request that needs the bucket has succeeded
        self._config = config
        self._credentials = Credentials(config, self.endpoint)
        self._signing: BaseClient | None = None
        self._naming: BaseClient | None = None
        self._lock = threading.Lock()

    def call(self, method: str, key: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The answer of `once`, tried again while the failure may pass."""
        return self.retry.run(lambda: self.once(method, key, **parameters))

    def once(self, method: str, key: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One request about `key` (full key) or the bucket itself; the service's answer. Raises
        StorageError and its kinds, ConfigError, InvalidInput: see `storage.s3.errors`."""
        if key is not None:
            parameters["Key"] = key
        request = getattr(self.botocore(), method)
        try:
            answer: dict[str, Any] = request(Bucket=self.bucket, **parameters)
        except Exception as exc:
            raise self.typed(exc, method, key) from exc
        check_is_s3(method, answer, self.where(method, key))
        self.bucket_seen = True
        return answer

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was corrected in the configuration, and what is not known about the keys."""
        return (*self.endpoint.warnings, *self._credentials.warnings)

    def presign(
        self, method: str, key: str, expires_s: int, parameters: dict[str, str] | None = None
    ) -> ObjectUrl:
        """A signed URL for `method` on `key`; no request to the bucket is made.

        A URL ends with the credentials that signed it, however long it was asked to live. Raises
        StorageDenied, StorageUnavailable: there are no credentials, or they have ended.
        """
        values = {"Bucket": self.bucket, "Key": key, **(parameters or {})}
        client = self.retry.run(self.botocore)
        start = datetime.now(UTC).replace(microsecond=0)  # never later than the signature's
        last = self._credentials.end()
        given_s = int((last - start).total_seconds()) if last else expires_s
        life_s = min(expires_s, given_s)
        if life_s < 1:
            raise StorageDenied(f"{self.where(method, key)}: {EXPIRED.message}.", EXPIRED.hint)
        url = self._url(client, method, key, Params=values, ExpiresIn=life_s)
        end = start + timedelta(seconds=life_s)
        return ObjectUrl(url, "presigned", end, shortened=life_s < expires_s)

    def unsigned_url(self, key: str) -> str:
        """Where `key` is, without a signature: the same host and path as every request's."""
        with self._lock:
            if self._naming is None:
                self._naming = self._open(None, signed=False)
        values = {"Bucket": self.bucket, "Key": key}
        return self._url(self._naming, "get_object", key, Params=values)

    def _url(self, client: BaseClient, method: str, key: str, **parameters: Any) -> str:
        try:
            return str(client.generate_presigned_url(method, **parameters))
        except Exception as exc:
            raise self.typed(exc, method, key) from exc

    def where(self, method: str, key: str | None) -> Where:
        """What a request was about, for messages."""
        hint = f"Create it first: {self.endpoint.provider.console}. Then check S3_BUCKET."
        verb = _VERBS.get(method, method)
        endpoint, worked = self.endpoint, self.bucket_seen
        return Where(verb, self.bucket, key, endpoint.label, endpoint.region, hint, worked)

    def typed(self, exc: Exception, method: str, key: str | None) -> Exception:
        """The typed error for what the libraries raised; anything else is returned as it is."""
        if isinstance(exc, WorkerError) or not is_foreign(exc):
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
        """The client with credentials that are good now; built once, which takes about 0.1 s.
        Raises StorageDenied, StorageUnavailable: there are none; the next call looks again;
        ConfigError: what was configured cannot be used."""
        try:
            credentials = self._credentials.get()
        except Exception as exc:
            raise self.typed(exc, "sign", None) from exc
        with self._lock:
            if self._signing is None:
                self._signing = self._open(credentials)
            return self._signing

    def _open(self, credentials: Any, *, signed: bool = True) -> BaseClient:
        from storage.s3.session import open_client

        bundle = self._config.ca_bundle
        if bundle is not None and not bundle.exists():
            raise ConfigError(f"AWS_CA_BUNDLE: {bundle} does not exist.", "Correct or unset it.")
        try:
            client = open_client(self.endpoint, self._config, credentials, signed=signed)
        except ValueError as exc:
            raise ConfigError(
                f"{self.endpoint.label} cannot be used as an S3 endpoint.",
                "Check AWS_ENDPOINT_URL.",
            ) from exc
        events = client.meta.events
        events.register_last("before-call.s3", _send_small_bodies_at_once)
        events.register_last("before-call.s3", _stay_in_region)
        return client


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
