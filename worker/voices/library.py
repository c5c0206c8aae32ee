"""The voice library: reference voices by name, key, link or inline, ready for the engine.

Preparing is remembered: within VOICE_CACHE_TTL_S a voice costs no storage request at all, after it
one LIST that compares versions. In hybrid mode a voice once prepared is used on while S3 is down.
A voice asked for is never replaced by another.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from errors import InvalidInput, StorageUnavailable, VoiceNotFound, VoiceUnusable, show
from s3_utils import Storage
from worker.audio.decode import decode
from worker.keys import user_key_fault
from worker.log import get_logger
from worker.settings.groups import VoiceConfig
from worker.subtitles.cues import one_line
from worker.subtitles.read import EXTENSIONS
from worker.voices.cache import CacheEntry, SingleFlight, VoiceCache
from worker.voices.reference import PreparedVoice, prepare_voice, sidecars_of
from worker.voices.sources import (
    INLINE,
    BucketAt,
    Located,
    VoiceInput,
    VoiceSources,
)
from worker.voices.stored import split_extension, voice_name

__all__ = ["PreparedVoice", "VoiceInfo", "VoiceInput", "VoiceLibrary"]

log = get_logger("voices")

Keys = list[str]  # `list` is a method below


@dataclass(frozen=True)
class VoiceInfo:
    """A voice of the library; `size` in bytes. A bundled one has no key in the store."""

    name: str
    key: str
    size: int
    has_transcript: bool
    last_modified: datetime | None = None
    bundled: bool = False


Infos = list[VoiceInfo]


class VoiceLibrary:
    """Finds, checks, prepares and remembers voices. Blocking and thread-safe."""

    def __init__(
        self,
        storage: Storage,
        config: VoiceConfig,
        *,
        bundled_dir: Path,
        fetch_bucket: BucketAt,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage, self._config, self._clock = storage, config, clock
        self._sources = VoiceSources(storage, config, bundled_dir, fetch_bucket)
        self._cache = VoiceCache(config.cache_mb << 20)
        self._flights = SingleFlight()

    def prepare(self, voice: VoiceInput, ref_text: str | None = None) -> PreparedVoice:
        """The reference for a voice; threads asking for the same one wait for one preparation.

        Args:
            voice: library name, key, `s3://bucket/key`, https URL, or {"audio_base64": ...}.
            ref_text: its words; else a transcript beside it is used.

        Raises:
            VoiceNotFound, VoiceUnusable, TranscriptMissing, InvalidInput: as named.
            StorageError: the store or the link's host failed.
        """
        request = (_identity(voice), one_line(ref_text or ""))
        entry = self._cache.get(request)
        if entry and self._clock() - entry.checked_at < self._config.cache_ttl_s:
            return entry.voice
        return self._flights.run(request, lambda: self._prepare(request, voice, ref_text))

    def names(self) -> Keys:
        """Names of all voices, bundled ones included, sorted."""
        return sorted({info.name for info in self.list()})

    def list(self) -> Infos:
        """All voices of the library, then the bundled ones that none of them hides."""
        items = list(self._sources.library())
        stems = {
            item.key.rpartition(".")[0].casefold()
            for item in items
            if item.key.rpartition(".")[2].lower() in EXTENSIONS
        }
        found = [
            VoiceInfo(
                voice_name(item.key, self._config.prefix),
                item.key,
                item.size,
                split_extension(item.key)[0].casefold() in stems,
                item.last_modified,
            )
            for item in items
            if split_extension(item.key)[1]
        ]
        names = {info.name for info in found}
        bundled = [
            VoiceInfo(name, "", path.stat().st_size, True, None, bundled=True)
            for name, path in self._sources.bundled().items()
            if name not in names
        ]
        return [*found, *bundled]

    def add(self, name: str, voice: VoiceInput | bytes, ref_text: str | None = None) -> VoiceInfo:
        """Stores a voice under VOICES_PREFIX after checking that it can be used.

        Args:
            voice: the file's bytes, or where it is to be had, as `prepare` takes it.

        Replaces a voice of that name. With `ref_text`, NAME.txt is written and timed transcripts of
        the replaced voice are deleted, as they would contradict it; without, transcripts stay.

        Raises:
            InvalidInput: the name cannot be a key.
            VoiceNotFound, VoiceUnusable: there is no such file, or it is no usable audio.
            StorageError: the store or the link's host failed.
        """
        stem = self._stem(name)
        data = voice if isinstance(voice, bytes) else self._sources.locate(voice).read()
        audio = decode(data, max_seconds=self._config.max_seconds, max_bytes=self._config.max_bytes)
        key = f"{stem}.{audio.extension}"
        words = one_line(ref_text or "")
        old = self._of_stem(stem)
        self._storage.put(key, data)
        if words:
            self._storage.put(
                f"{stem}.txt", words.encode(), content_type="text/plain; charset=utf-8"
            )
        for other in old:
            timed = other.rpartition(".")[2].lower() in EXTENSIONS and other != f"{stem}.txt"
            if other != key and (split_extension(other)[1] or (words and timed)):
                self._storage.delete(other)
        self._cache.clear()
        stored = self._storage.info(key)
        has_words = bool(words) or any(k.rpartition(".")[2].lower() in EXTENSIONS for k in old)
        log.info("voice stored", extra={"key": key, "bytes": len(data)})
        return VoiceInfo(
            voice_name(key, self._config.prefix), key, stored.size, has_words, stored.last_modified
        )

    def remove(self, name: str) -> Keys:
        """Deletes a voice and its transcripts; returns their keys.

        Raises:
            VoiceNotFound: there is none of that name in the store.
        """
        keys = self._of_stem(self._stem(name))
        if not any(split_extension(key)[1] for key in keys):
            raise VoiceNotFound(
                f"There is no voice {show(name)} to delete.", "Call `list_voices` for the names."
            )
        for key in keys:
            self._storage.delete(key)
        self._cache.clear()
        return keys

    def _prepare(self, request: Hashable, voice: VoiceInput, ref_text: str | None) -> PreparedVoice:
        entry = self._cache.get(request)
        try:
            located = self._sources.locate(voice)
        except StorageUnavailable as error:
            if entry is None or "local" not in self._storage.stores():
                raise
            log.warning("voice used as last seen: %s", error.message)
            self._cache.refresh(request, self._clock())
            return entry.voice
        if entry and entry.stamp == located.stamp:
            self._cache.refresh(request, self._clock())
            return entry.voice
        if not one_line(ref_text or ""):
            sidecars_of(located)  # before the audio is fetched for nothing
        data = located.read()
        digest = hashlib.sha256(data).hexdigest()
        content = (digest, located.name, _words_version(located, ref_text))
        known = self._cache.content(content)
        if known is not None:
            prepared = replace(known, source=located.source)
        else:
            prepared = self._prepare_new(located, data, ref_text)
        self._cache.put(request, content, CacheEntry(prepared, located.stamp, self._clock()))
        return prepared

    def _prepare_new(self, located: Located, data: bytes, ref_text: str | None) -> PreparedVoice:
        started = time.perf_counter()
        try:
            prepared = prepare_voice(located, data, ref_text, self._config)
        except VoiceUnusable as error:  # a job may have many voices: say which
            raise VoiceUnusable(f"{located.source}: {error.message}", error.hint) from error
        facts = {"seconds": prepared.seconds, "took_s": time.perf_counter() - started}
        log.info("voice prepared", extra=facts)
        return prepared

    def _stem(self, name: str) -> str:
        """The key of voice `name` without extension."""
        stem = split_extension(name.strip().removeprefix(self._config.prefix))[0]
        if problem := user_key_fault(stem) or ("holds ://" if "://" in stem else None):
            raise InvalidInput(f"The voice name {show(name)} {problem}.", "Use a name like Dorota.")
        return self._config.prefix + stem

    def _of_stem(self, stem: str) -> Keys:
        """Keys of a voice's audio and transcript files."""
        return [
            item.key
            for item in self._storage.list(f"{stem}.")
            if item.key.rpartition(".")[0] == stem
            and (split_extension(item.key)[1] or item.key.rpartition(".")[2].lower() in EXTENSIONS)
        ]


def _identity(voice: VoiceInput) -> Hashable:
    """What a voice is remembered by; inline audio by its hash, so that it is not held twice."""
    if isinstance(voice, str):
        return voice
    return INLINE, hashlib.sha256((voice.get("audio_base64") or "").encode()).hexdigest()


def _words_version(located: Located, ref_text: str | None) -> Hashable:
    words = one_line(ref_text or "")
    return ("given", words) if words else ("beside", located.stamp)
