"""URLs of stored files."""

from __future__ import annotations

from dataclasses import dataclass

from errors import ConfigError
from s3_utils import ObjectUrl, Storage, UrlKind
from worker.settings.storage_env import UrlConfig


@dataclass(frozen=True)
class Links:
    """Gives URLs of one kind, or of another where a store has none of it.

    `expires_s` is the life of presigned ones in seconds.
    """

    storage: Storage
    kind: UrlKind
    expires_s: int
    otherwise: UrlKind | None = None

    @classmethod
    def wanted(
        cls, storage: Storage, urls: UrlConfig, kind: UrlKind | None, expires_s: int | None
    ) -> Links:
        """As a job asks for them; None means as the settings say."""
        otherwise = None if kind else urls.otherwise
        return cls(storage, kind or urls.kind, expires_s or urls.expires_s, otherwise)

    def warnings(self, url: ObjectUrl) -> list[str]:
        """How a URL of an audio file differs from what was asked for."""
        found = []
        if url.kind not in (self.kind, self.otherwise):
            found.append(f"The audio has a {url.kind} URL: local files cannot be presigned.")
        if url.shortened:
            found.append(f"URLs end at {url.expires}, with the credentials that signed them.")
        return found

    def to(self, key: str) -> ObjectUrl:
        """The URL of a stored file.

        Raises:
            ConfigError: the store has no such URLs.
        """
        try:
            return self.storage.url(key, self.kind, expires_s=self.expires_s)
        except ConfigError:
            if self.otherwise is None:
                raise
        return self.storage.url(key, self.otherwise, expires_s=self.expires_s)
