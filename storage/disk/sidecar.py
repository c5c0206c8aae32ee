"""What a file system does not keep of an object: its metadata, type and hash, and which objects
still wait for S3.

One JSON file an object in `.meta/`, named by the key's hash, so that no two keys can clash (as
`a.json` and the folder `a.json/` would). It counts only while the object's file is still the one it
was written for; a file copied over by hand simply has no metadata.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storage.files import atomic_file, remove_file
from storage.keys import META_DIR


@dataclass(frozen=True)
class Sidecar:
    """Metadata as `encode_metadata` gives it, with `sha256` among it."""

    content_type: str
    metadata: Mapping[str, str]


class Sidecars:
    """The sidecars of one local store, below `root`."""

    def __init__(self, root: Path) -> None:
        self._dir = root / META_DIR

    def write(self, key: str, stat: os.stat_result, sidecar: Sidecar) -> None:
        """Records `sidecar` for the file that has `stat`."""
        record = {
            "key": key,
            "file": _identity(stat),
            "content_type": sidecar.content_type,
            "metadata": dict(sidecar.metadata),
        }
        with atomic_file(self._path(key)) as file:
            file.write(json.dumps(record).encode())

    def read(self, key: str, stat: os.stat_result) -> Sidecar | None:
        """The sidecar of `key`, or None if there is none for the file that has `stat`."""
        try:
            record = json.loads(self._path(key).read_bytes())
            if record["file"] != _identity(stat):
                return None
            return Sidecar(str(record["content_type"]), dict(record["metadata"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None  # none there, or damaged by hand: the object itself is still good

    def remove(self, key: str) -> None:
        """Forgets `key`."""
        remove_file(self._path(key))

    def _path(self, key: str) -> Path:
        digest = _hash(key)
        return self._dir / digest[:2] / f"{digest}.json"


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _identity(stat: os.stat_result) -> list[int]:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino]
