"""Who signs: the keys of the configuration, or what the machine's role gives.

botocore looks for a role once and keeps "none found" for ever, although a metadata service that was
slow at the start answers a second later. Here what was not found is asked for again by the next
request, and a source that exists but fails is a passing fault.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from errors import StorageDenied, StorageUnavailable, WorkerError
from storage.config import StorageConfig
from storage.s3.endpoints import Endpoint
from storage.s3.error_table import WAIT


class Credentials:
    """The credentials of one client. Thread-safe."""

    def __init__(self, config: StorageConfig, endpoint: Endpoint) -> None:
        self._config = config
        self._endpoint = endpoint
        self._found: tuple[Any, Callable[[], datetime | None]] | None = None
        self._lock = threading.Lock()

    def get(self) -> Any:
        """botocore's credentials, good for a request now; a role is asked where they are not.
        Raises StorageDenied: there are none, or only half of a pair; StorageUnavailable: their
        source does not answer as it should; it may later; BotoCoreError, ClientError: the same as
        botocore has it, for `S3Client.typed`."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._found or self._ask()  # without a lock: nobody waits for another's asking
            with self._lock:
                self._found = self._found or found
                credentials, _ = self._found
            credentials.get_frozen_credentials()  # renews them if their end is near
        except (BotoCoreError, ClientError, WorkerError):
            raise
        except Exception as exc:  # botocore trusts the source's answer to be complete
            raise StorageUnavailable(
                f"The source of the S3 credentials answers nonsense ({type(exc).__name__}).", WAIT
            ) from exc
        return credentials

    def end(self) -> datetime | None:
        """When the credentials of the last `get` end, UTC; None if that is never, or not known."""
        return self._found[1]() if self._found else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not known about the keys given."""
        if not self._config.session_token or self._config.credentials_end:
            return ()
        return (
            "AWS_SESSION_TOKEN is set, but not when it ends: presigned URLs end with it, even if "
            "they say otherwise. Set AWS_CREDENTIAL_EXPIRATION too.",
        )

    def _ask(self) -> tuple[Any, Callable[[], datetime | None]]:
        key, secret = self._config.access_key_id, self._config.secret_access_key
        if bool(key) != bool(secret):
            raise StorageDenied(
                "Only one half of the S3 key pair is set.",
                "Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            )
        if key:
            from botocore.credentials import Credentials as Given

            given = Given(key, secret, self._config.session_token)
            return given, lambda: self._config.credentials_end
        from storage.s3.role import ask_role

        return ask_role(self._endpoint.region if self._endpoint.provider.name == "aws" else None)
