"""Metadata, type and hash of an object, beside its file: a file system does not keep them.

One JSON file per object in `.meta/`, named by the key's hash, so that no two keys can clash (as
`a.json` and the folder `a.json/` would). It counts only while the object's file is the one it was
written for; a file copied in by hand simply has no metadata. One that is still the same file but
shorter was cut, by a power failure on a disk that keeps its promises badly.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from errors import StorageUnavailable
from storage.files import atomic_file, read_file, remove_file
from storage.keys import META_DIR


@dataclass(frozen=True)
class Sidecar:
    """Metadata as `encode_metadata` gives it, with `sha256` among it. `copy_of`: the place whose
    object the file is a copy of, as whoever stored it named it; "": it is nobody's copy."""

    content_type: str
    metadata: Mapping[str, str]
    copy_of: str = ""


class Sidecars:
    """The sidecars of one local store, below `root`."""

    def __init__(self, root: Path) -> None:
        self._dir = root / META_DIR

    def write(self, key: str, stat: os.stat_result, sidecar: Sidecar) -> None:
        """Records what belongs to the file that has `stat`."""
        record = {
            "key": key,
            "file": _identity(stat),
            "content_type": sidecar.content_type,
            "metadata": dict(sidecar.metadata),
            **({"copy_of": sidecar.copy_of} if sidecar.copy_of else {}),
        }
        # Not flushed: without it, the object is still good, as one copied in by hand is.
        with atomic_file(self._path(key), durable=False) as file:
            file.write(json.dumps(record).encode())

    def read(self, key: str, stat: os.stat_result) -> Sidecar | None:
        """The sidecar of the file that has `stat`, None if absent. Raises StorageUnavailable: the
        file was cut."""
        try:
            record = json.loads(read_file(self._path(key)) or b"")
            size, *rest = record["file"]
            found = Sidecar(
                record["content_type"], dict(record["metadata"]), record.get("copy_of", "")
            )
            texts = (found.content_type, found.copy_of, *found.metadata, *found.metadata.values())
            if type(size) is not int or not all(isinstance(text, str) for text in texts):
                return None
        except (ValueError, KeyError, TypeError, RecursionError):
            return None  # none there, or damaged by hand: the object itself is still good
        if rest != _identity(stat)[1:]:
            return None
        if size != stat.st_size:
            raise StorageUnavailable(
                f"{key}: the file on disk is damaged, {stat.st_size} of {size} bytes are left.",
                "Store it again.",
            )
        return found

    def remove(self, key: str) -> None:
        """Removes the sidecar, if there is one."""
        remove_file(self._path(key))

    def _path(self, key: str) -> Path:
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self._dir / digest[:2] / f"{digest}.json"


def _identity(stat: os.stat_result) -> list[int]:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino]
