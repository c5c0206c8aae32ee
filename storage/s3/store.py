"""Objects in a bucket of any S3-compatible service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from errors import BucketNotFound, ConfigError, InvalidInput, ObjectNotFound, StorageError
from storage.base import (
    DEFAULT_EXPIRES_S,
    Body,
    ObjectInfo,
    ObjectUrl,
    Storage,
    StorageType,
    StoredObject,
    UrlKind,
    check_expires,
    check_max_bytes,
)
from storage.body import Payload, open_payload
from storage.config import StorageConfig
from storage.files import atomic_file
from storage.keys import check_key, check_list_prefix, full_key, normalise_prefix
from storage.metadata import encode_metadata, guess_type
from storage.quota import Quota
from storage.s3.answers import Facts, facts_of
from storage.s3.client import S3Client
from storage.s3.errors import answer_code
from storage.s3.listing import entries
from storage.s3.reading import ObjectReader, restarting
from storage.s3.upload import Uploader
from storage.s3.urls import encode_key

_CHUNK_BYTES = 1 << 20


class S3Storage(Storage):
    """A `Storage` in S3. Thread-safe; makes no request before the first verb is used.

    `ca_bundle`: certificates that whoever opens its URLs must know, too.
    """

    def __init__(self, config: StorageConfig) -> None:
        self._client = S3Client(config)
        self._endpoint = self._client.endpoint
        self._bucket = self._client.bucket
        self._prefix = normalise_prefix(config.prefix)
        self.ca_bundle = config.ca_bundle
        self._public_base_url = config.public_base_url
        self._max_bytes = config.max_bytes
        self._quota = Quota(config.max_bytes, self.total_size, "STORAGE_S3_MAX_SIZE_GB")
        self._uploader = Uploader(
            self._client, config.multipart_threshold_bytes, config.multipart_part_bytes
        )

    @property
    def client(self) -> S3Client:
        """Requests to its bucket, by full key; for questions that are no verbs."""
        return self._client

    @property
    def prefix(self) -> str:
        """What stands before every key, "" or ending in "/"."""
        return self._prefix

    def stores(self) -> Mapping[StorageType, Storage]:
        return {"s3": self}

    def put(
        self,
        key: str,
        body: Body | Payload,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
        replace: bool = True,
    ) -> StoredObject:
        full = full_key(self._prefix, key)
        with open_payload(body) as payload:
            headers = {
                "ContentType": content_type or guess_type(key),
                "Metadata": encode_metadata(metadata, payload.sha256),
            }
            with self._quota.reserve(payload.size, lambda: self._size_or_zero(key)):
                self._uploader.put(full, payload, headers, replace=replace)
            return StoredObject(key, payload.size, payload.sha256, "s3", self._bucket)

    def check_room(self, key: str, size: int) -> None:
        self._quota.check(size, lambda: self._size_or_zero(key))

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        return restarting(lambda: b"".join(self.stream(key, max_bytes=max_bytes)))

    def download(self, key: str, path: Path, *, max_bytes: int | None = None) -> ObjectInfo:
        return restarting(lambda: self._download(key, path, max_bytes))

    def _download(self, key: str, path: Path, max_bytes: int | None) -> ObjectInfo:
        reader = self._reader(key, max_bytes)
        with atomic_file(path) as file:
            for chunk in reader.chunks(_CHUNK_BYTES):
                file.write(chunk)
        facts = facts_of(reader.first).filled(Facts(reader.done, None, ""))
        if not facts.complete:
            return self.info(key)
        return facts.as_info(key, self._bucket, self._client.where("get_object", key), reader.first)

    def stream(
        self, key: str, *, chunk_size: int = _CHUNK_BYTES, max_bytes: int | None = None
    ) -> Iterator[bytes]:
        return self._reader(key, max_bytes).chunks(chunk_size)

    def _reader(self, key: str, max_bytes: int | None) -> ObjectReader:
        return ObjectReader(
            self._client,
            full_key(self._prefix, key),
            lambda size: check_max_bytes(key, size, max_bytes),
        )

    def info(self, key: str) -> ObjectInfo:
        """One HEAD; a second request only where its answer does not say enough.

        Raises:
            ObjectNotFound: no such object; BucketNotFound: not even the bucket.
            StorageDenied: with the reason; for a key without s3:ListBucket a missing object looks
                like this too, S3 does not tell the two apart.
        """
        full = full_key(self._prefix, key)
        try:
            head = self._client.call("head_object", full)
            facts = facts_of(head)
            if not facts.complete:
                facts = facts.filled(self._listed(full))
            return facts.as_info(key, self._bucket, self._client.where("head_object", full), head)
        except ObjectNotFound:
            self._require_bucket()
            raise
        except StorageError as error:
            if answer_code(error) not in {"400", "403"}:
                raise
            reason = self._client.reason(full)
            if reason is None:
                raise
            raise reason from error

    def _require_bucket(self) -> None:
        """Raises BucketNotFound if no request has found the bucket yet and it is not there."""
        if self._client.bucket_seen:
            return
        try:
            self._client.call("head_bucket")
        except BucketNotFound:
            raise
        except StorageError:
            return  # not allowed to look: the 404 of the object stands

    def _size_or_zero(self, key: str) -> int:
        try:
            return self.size(key)
        except ObjectNotFound:
            return 0

    def list(self, prefix: str = "", *, limit: int | None = None) -> Iterator[ObjectInfo]:
        return self._list(self._prefix + check_list_prefix(prefix), limit)

    def _list(self, prefix: str, limit: int | None) -> Iterator[ObjectInfo]:
        left = -1 if limit is None else limit
        if not left:
            return
        for entry in entries(self._client, prefix, limit):
            key = entry["Key"].removeprefix(self._prefix)
            if not _is_ours(key):
                continue
            facts = facts_of(entry)
            if not facts.complete:
                facts = facts.filled(facts_of(self._client.call("head_object", entry["Key"])))
            where = self._client.where("list_objects_v2", entry["Key"])
            yield facts.as_info(key, self._bucket, where)
            left -= 1
            if not left:
                return

    def _listed(self, full: str) -> Facts:
        """What a listing says of one object."""
        first = next(entries(self._client, full, limit=1), {})
        return facts_of(first if first.get("Key") == full else {})

    def delete(self, key: str) -> bool:
        """Asks first whether the object is there, because S3 answers both cases alike."""
        try:
            size = self.size(key)
        except ObjectNotFound:
            return False
        self._client.call("delete_object", full_key(self._prefix, key))
        self._quota.released(size)
        return True

    def url(self, key: str, kind: UrlKind, *, expires_s: int = DEFAULT_EXPIRES_S) -> ObjectUrl:
        """The URL of `key`, without a request.

        Raises:
            ConfigError: the provider cannot serve such URLs.
        """
        full = full_key(self._prefix, key)
        check_expires(expires_s)
        if kind == "none":
            return ObjectUrl(None, "none")
        if kind == "presigned":
            return self._presigned("get_object", full, expires_s)
        possible = self.url_kinds()
        if "public" not in possible:
            raise ConfigError(
                f"Objects at {self._endpoint.label} have no public URL.",
                "Set S3_PUBLIC_BASE_URL to the bucket's public domain, "
                f"or S3_URL_KIND={possible[0]}.",
            )
        if self._public_base_url:
            base = self._public_base_url.rstrip("/")
            return ObjectUrl(f"{base}/{encode_key(full)}", "public")
        return ObjectUrl(self._client.unsigned_url(full), "public")

    def url_kinds(self) -> tuple[UrlKind, ...]:
        provider = self._endpoint.provider
        kinds: list[UrlKind] = ["none"]
        if provider.presigns:
            kinds.insert(0, "presigned")
        if provider.public_endpoint or self._public_base_url:
            kinds.insert(0, "public")
        return tuple(kinds)

    def presign_put(
        self, key: str, *, content_type: str | None = None, expires_s: int = DEFAULT_EXPIRES_S
    ) -> ObjectUrl:
        """A URL to upload `key` with; a given `content_type` must be sent with the upload."""
        full = full_key(self._prefix, key)
        parameters = {"ContentType": content_type} if content_type else {}
        return self._presigned("put_object", full, check_expires(expires_s), parameters)

    def _presigned(
        self, method: str, full: str, expires_s: int, parameters: dict[str, str] | None = None
    ) -> ObjectUrl:
        if not self._endpoint.provider.presigns:
            raise ConfigError(
                f"{self._endpoint.label} does not offer presigned URLs.",
                "Set S3_URL_KIND=none and read the object by its key, or use another provider.",
            )
        return self._client.presign(method, full, expires_s, parameters)

    def ensure_bucket(self) -> None:
        """Verifies that the bucket is there and may be listed; it is never created.

        Raises:
            BucketNotFound: with where to create it; StorageDenied: with the service's reason.
        """
        error = self._client.reason(None, self._prefix)
        if error is not None:
            raise error

    def close(self) -> None:
        self._client.retry.stopped.set()

    def describe(self) -> dict[str, object]:
        return {
            "mode": "s3",
            "provider": self._endpoint.provider.name,
            "endpoint": self._endpoint.label,
            "region": self._endpoint.region,
            "bucket": self._bucket,
            "prefix": self._prefix,
            "addressing": self._endpoint.addressing,
            "presigned_urls": self._endpoint.provider.presigns,
            "public_base_url": self._public_base_url,
            "max_bytes": self._max_bytes,
            "warnings": list(self._client.warnings),
        }


def _is_ours(key: str) -> bool:
    """False for keys this worker cannot address, such as a console's folder markers."""
    try:
        check_key(key)
    except InvalidInput:
        return False
    return True
