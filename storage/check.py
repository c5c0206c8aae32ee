"""Does storage work? Nine steps, from the settings to the last delete, each with its error."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from errors import StorageError, WorkerError
from storage.base import Storage
from storage.config import StorageConfig
from storage.fetch import fetch
from storage.open import open_storage
from storage.patience import time_limit
from storage.s3.store import S3Storage

FOLDER = "f5worker-check"
_PATIENCE_S = 10.0
PRIVATE = "; others need the certificates of S3_CA_BUNDLE to open such URLs"
_NEEDED = {"configuration", "client", "upload"}
_BROKEN = "The store breaks a promise of S3: use another, or report it to its maker."
_BODY = b"storage check of the F5-TTS worker\n"


@dataclass(frozen=True)
class CheckStep:
    """One step. `ok` None: not run, because a step before it failed. `seconds` wall-clock time.
    `detail` says what was found, or the error and its hint; never a secret or a signed query."""

    step: str
    ok: bool | None
    seconds: float
    detail: str


def run_check(target: Storage | StorageConfig) -> list[CheckStep]:
    """Runs all nine steps on an open store, or on one opened here from a configuration.

    One small object is stored below `f5worker-check/` and removed. No request is tried for more
    than ten seconds, nor more than twice by a store opened here. Storage errors are reported in the
    steps, not raised.
    """
    check = _Check(target)
    try:
        return check.run()
    finally:
        check.close()


class _Check:
    def __init__(self, target: Storage | StorageConfig) -> None:
        self._config = target if isinstance(target, StorageConfig) else None
        self._storage = None if isinstance(target, StorageConfig) else target
        self._key = f"{FOLDER}/{secrets.token_hex(8)}.txt"

    def run(self) -> list[CheckStep]:
        actions: dict[str, Callable[[], str]] = {
            "configuration": self._configuration,
            "client": self._client,
            "upload": self._upload,
            "exists": self._exists,
            "size": self._size,
            "download": self._download,
            "signed URL": self._signed_url,
            "list": self._list,
            "delete": self._delete,
        }
        steps: list[CheckStep] = []
        failed = ""  # the step without which none of the others can be tried
        for name, action in actions.items():
            if failed:
                steps.append(CheckStep(name, None, 0.0, f"Not run: {failed} failed."))
                continue
            steps.append(_timed(name, action))
            if name in _NEEDED and not steps[-1].ok:
                failed = name
        return steps

    def close(self) -> None:
        """Closes the store that was opened here: nothing of the check is sent later."""
        if self._config is not None and self._storage is not None:
            self._storage.close()

    @property
    def _store(self) -> Storage:
        if self._storage is None:
            raise StorageError(
                "The store is not open.", "Open it first: the step above says why it was not."
            )
        return self._storage

    def _configuration(self) -> str:
        if self._config is not None:
            patient = replace(self._config, max_attempts=2, retry_budget_s=10.0)
            self._storage = open_storage(patient)
        shown: list[str] = []
        warnings: list[str] = []
        for name, value in self._store.describe().items():
            if name == "warnings" and isinstance(value, list):
                warnings = value
            elif value not in (None, "") and not isinstance(value, (dict, list)):
                shown.append(f"{name}={value}")
        return " ".join((", ".join(shown) + ".", *warnings))

    def _client(self) -> str:
        self._store.ensure_bucket()
        return "the store answers"

    def _upload(self) -> str:
        receipt = self._store.put(self._key, _BODY, metadata={"purpose": "check"})
        if receipt.warnings:
            self._store.delete(self._key)
            raise StorageError(
                " ".join(receipt.warnings),
                "Correct what the warning names, then run the check again.",
            )
        return f"{receipt.size} bytes to {receipt.storage_type}"

    def _exists(self) -> str:
        if not self._store.exists(self._key):
            raise StorageError("The object just uploaded is not found.", _BROKEN)
        if self._store.exists(self._key + ".missing"):
            raise StorageError("An object that was never uploaded is said to exist.", _BROKEN)
        return "found; a missing object is reported as missing"

    def _size(self) -> str:
        info = self._store.info(self._key)
        if info.size != len(_BODY):
            raise StorageError(f"{info.size} bytes instead of {len(_BODY)}.", _BROKEN)
        kept = info.metadata.get("purpose") == "check"
        return f"{info.size} bytes" + ("" if kept else "; the service does not keep metadata")

    def _download(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "object"
            self._store.download(self._key, path)
            if path.read_bytes() != _BODY:
                raise StorageError("The downloaded bytes are not those uploaded.", _BROKEN)
        return "the same bytes"

    def _signed_url(self) -> str:
        if "presigned" not in self._store.url_kinds():
            return "this provider does not offer presigned URLs; nothing to test"
        answer = self._store.url(self._key, "presigned", expires_s=60)
        s3 = self._store.stores().get("s3")
        ca_bundle = s3.ca_bundle if isinstance(s3, S3Storage) else None
        status, data = fetch(str(answer.url), len(_BODY), ca_bundle)
        if status != 200:
            raise StorageError(f"The signed URL answers {status}.", "See the steps above.")
        if data != _BODY:
            raise StorageError("The signed URL gives other bytes than those uploaded.", _BROKEN)
        if str(answer.url).startswith("file:"):
            return "opened: a file of this machine, which nobody else can open"
        return f"opened, {answer.kind}{PRIVATE if ca_bundle else ''}"

    def _list(self) -> str:
        if [item.key for item in self._store.list(self._key)] != [self._key]:
            raise StorageError("The object just uploaded is not listed.", _BROKEN)
        return "listed"

    def _delete(self) -> str:
        self._store.delete(self._key)
        if self._store.exists(self._key):
            raise StorageError("The object is still there after its deletion.", _BROKEN)
        return "removed"


def _timed(name: str, action: Callable[[], str]) -> CheckStep:
    start = time.perf_counter()
    try:
        with time_limit(_PATIENCE_S):
            detail, ok = action(), True
    except WorkerError as error:
        detail, ok = f"{error.message} {error.hint}".strip(), False
    return CheckStep(name, ok, round(time.perf_counter() - start, 4), detail)
