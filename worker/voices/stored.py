"""Keys of voices and of the transcripts beside them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from errors import ObjectNotFound, StorageDenied, StorageUnavailable
from s3_utils import ObjectInfo, Storage
from worker.subtitles.read import EXTENSIONS

# In order of preference. The last three cannot be read; finding them gives a clear error.
AUDIO_EXTENSIONS = ("wav", "flac", "mp3", "ogg", "opus", "oga", "aiff", "aif", "m4a", "mp4", "webm")


def split_extension(key: str) -> tuple[str, str]:
    """(stem, audio extension in lower case); the extension is "" unless it is one of audio."""
    stem, dot, extension = key.rpartition(".")
    if dot and extension.lower() in AUDIO_EXTENSIONS:
        return stem, extension.lower()
    return key, ""


def voice_name(key: str, prefix: str) -> str:
    """The name of the voice at `key`: below `prefix` without extension, else the file's own."""
    stem = split_extension(key)[0]
    if prefix and stem.startswith(prefix):
        return stem[len(prefix) :]
    return stem.rpartition("/")[2]


def siblings(storage: Storage, key: str) -> list[ObjectInfo]:
    """Objects named as `key`, with its extension or others.

    In hybrid mode those on disk while S3 does not answer, if the voice itself is among them: a
    voice that only S3 may have is not given up for another.
    """
    try:
        return _listed(storage, key)
    except StorageDenied:
        return list(_probe(storage, key))
    except StorageUnavailable:
        disk = storage.stores().get("local")
        on_disk = _listed(disk, key) if disk else []
        if not choose(key, on_disk):
            raise
        return on_disk


def _listed(storage: Storage, key: str) -> list[ObjectInfo]:
    stem = split_extension(key)[0]
    # Sorted keys: past "stem." nothing of this voice follows.
    near = takewhile(lambda item: item.key <= f"{stem}/", storage.list(stem))
    return [item for item in near if item.key in (stem, key) or _stem(item.key) == stem]


def _stem(key: str) -> str:
    return key.rpartition(".")[0]


def _probe(storage: Storage, key: str) -> Iterator[ObjectInfo]:
    """As `siblings`, by asking for each likely name; for credentials that may not list."""
    stem, extension = split_extension(key)
    audio = [key] if extension else [f"{stem}.{each}" for each in AUDIO_EXTENSIONS[:4]]
    denied: StorageDenied | None = None
    seen = False
    for candidate in [*audio, *(f"{stem}.{each}" for each in EXTENSIONS)]:
        try:
            yield storage.info(candidate)
            seen = True
        except ObjectNotFound:
            continue
        except StorageDenied as exc:  # S3 says 403 for what is missing, too, when listing is denied
            denied = exc
    if denied and not seen:
        raise denied


def choose(key: str, near: list[ObjectInfo]) -> list[ObjectInfo]:
    """The audio files `key` may mean, the preferred one first."""
    exact = [item for item in near if item.key == key]
    if exact:
        return exact
    if split_extension(key)[1]:
        return []
    audio = [item for item in near if split_extension(item.key)[1]]
    return sorted(audio, key=lambda item: AUDIO_EXTENSIONS.index(split_extension(item.key)[1]))


def is_transcript(key: str, stem: str) -> bool:
    found, _, extension = key.rpartition(".")
    return found == stem and extension.lower() in EXTENSIONS
