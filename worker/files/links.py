"""URLs of stored files."""

from __future__ import annotations

from dataclasses import dataclass

from s3_utils import ObjectUrl, Storage, UrlKind
from worker.settings.storage_env import UrlConfig


@dataclass(frozen=True)
class Links:
    """Gives URLs of one kind; `expires_s` is the life of presigned ones in seconds."""

    storage: Storage
    kind: UrlKind
    expires_s: int

    @classmethod
    def wanted(
        cls, storage: Storage, urls: UrlConfig, kind: UrlKind | None, expires_s: int | None
    ) -> Links:
        """As a job asks for them; None means as the settings say."""
        return cls(storage, kind or urls.kind, expires_s or urls.expires_s)

    def to(self, key: str) -> ObjectUrl:
        """The URL of a stored file.

        Raises:
            ConfigError: the store has no such URLs.
        """
        return self.storage.url(key, self.kind, expires_s=self.expires_s)
