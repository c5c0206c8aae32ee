"""A voice library on a real directory, with every storage request counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from errors import ObjectNotFound, StorageDenied
from s3_utils import open_storage
from storage.base import ObjectInfo, Storage
from storage.config import StorageConfig
from tests.worker.audio.signals import as_file, bursts
from worker.settings.groups import VoiceConfig
from worker.voices.ears import Ears
from worker.voices.library import VoiceLibrary

BUNDLED = Path(__file__).parents[3] / "assets" / "voices"
RATE = 24000
Plan = list[tuple[float, float]]
SHORT: Plan = [(0.2, 0.0), (3.0, 0.4), (0.2, 0.0)]
# Four sentences with pauses; f5-tts clips it in the third pause or before.
LONG: Plan = [(4.0, 0.4), (0.4, 0.0), (4.5, 0.3), (0.4, 0.0), (5.0, 0.4), (0.4, 0.0), (6.0, 0.4)]


def voice(plan: Plan = SHORT, fmt: str = "WAV", seed: int = 0) -> bytes:
    subtype = "MPEG_LAYER_III" if fmt == "MP3" else "PCM_16"
    return as_file(bursts(plan, RATE, seed=seed), RATE, fmt, subtype)


class Counted:
    """A store that counts requests by verb, and may refuse to list."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.calls: Counter[str] = Counter()
        self.may_list = True

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._storage, name)
        if not callable(found):
            return found

        def call(*args: object, **kwargs: object) -> object:
            self.calls[name] += 1
            try:
                return found(*args, **kwargs)
            except ObjectNotFound as exc:
                if self.may_list:
                    raise
                raise StorageDenied(exc.message, "Allow s3:ListBucket.") from exc  # as S3 does

        return call

    def list(self, prefix: str = "", *, limit: int | None = None) -> Iterator[ObjectInfo]:
        self.calls["list"] += 1
        if not self.may_list:
            raise StorageDenied("Listing is denied.", "Allow it.")
        return self._storage.list(prefix, limit=limit)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class LibraryWithStore:
    """A library with its store, another bucket, and a clock that tests move."""

    def __init__(self, directory: Path, ears: Ears | None = None, **settings: Any) -> None:
        self.store = Counted(open_storage(StorageConfig(local_dir=directory / "store")))
        self.other = Counted(open_storage(StorageConfig(local_dir=directory / "other")))
        self.clock = Clock()
        self.library = VoiceLibrary(
            self.store,  # type: ignore[arg-type]
            VoiceConfig(**settings),
            bundled_dir=BUNDLED,
            fetch_bucket=self._bucket,
            ears=ears,
            clock=self.clock,
        )

    def _bucket(self, uri: str) -> tuple[Storage, str]:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        assert bucket == "other"
        return self.other, key  # type: ignore[return-value]

    def put(self, key: str, body: bytes | str) -> None:
        self.store.put(key, body.encode() if isinstance(body, str) else body)
        self.store.calls.clear()
