"""What the voice library holds: listing it, adding and removing voices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from errors import InvalidInput, StorageDenied, VoiceNotFound, show
from s3_utils import Storage
from worker.audio.decode import decode
from worker.keys import user_key_fault
from worker.log import get_logger
from worker.settings.groups import VoiceConfig
from worker.subtitles.cues import one_line
from worker.threads import Lane, in_turn
from worker.voices.report import (
    VoiceReport,
    check_located,
    given_words,
    measured,
    refuse,
)
from worker.voices.sources import VoiceInput, VoiceSources
from worker.voices.stored import probe, split_extension, split_transcript, voice_name

log = get_logger("voices")


@dataclass(frozen=True)
class VoiceInfo:
    """A voice of the library; `size` in bytes. A bundled one has no key in the store."""

    name: str
    key: str
    size: int
    has_transcript: bool
    last_modified: datetime | None = None
    bundled: bool = False
    report: VoiceReport | None = None  # of one that was just added


class VoiceCatalogue:
    """The voices of one library. `changed` is called after each change. Blocking, thread-safe."""

    def __init__(
        self,
        storage: Storage,
        config: VoiceConfig,
        sources: VoiceSources,
        changed: Callable[[], None],
    ) -> None:
        self._storage, self._config, self._sources = storage, config, sources
        self._changed = changed

    def all(self) -> list[VoiceInfo]:
        """All voices of the library, then the bundled ones that none of them hides."""
        items = list(self._sources.library())
        transcripts = (split_transcript(item.key) for item in items)
        stems = {stem.casefold() for stem, extension in transcripts if extension}
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

    def add(
        self,
        name: str,
        voice: VoiceInput | bytes,
        ref_text: str | None = None,
        *,
        strict: bool = False,
    ) -> VoiceInfo:
        """Stores a voice under VOICES_PREFIX after checking that it can be used.

        Args:
            voice: the file's bytes, or where it is, as `VoiceLibrary.prepare` takes it.
            strict: refuse a voice that is doubtful, too.

        Replaces a voice of that name. With `ref_text`, NAME.txt is written and timed transcripts of
        the replaced voice are deleted, as they would contradict it; without, transcripts stay.

        Raises:
            InvalidInput: the name cannot be a key.
            VoiceNotFound, VoiceUnusable: there is no such file, or it is no usable speech, or it
                is doubtful and `strict` is given.
            StorageError: the store or the link's host failed.
        """
        stem = self._stem(name)
        data = voice if isinstance(voice, bytes) else self._sources.locate(voice).read()
        words = one_line(ref_text or "")
        extension, report = in_turn(Lane.DECODE, self._examined, data, words)
        refuse(report, strict=strict)
        key, words_key = f"{stem}.{extension}", f"{stem}.txt"
        try:
            old = self._of_stem(stem)
        except StorageDenied:  # nothing there that these credentials may see
            old = []
        self._storage.put(key, data)
        if words:
            self._storage.put(words_key, words.encode(), content_type="text/plain; charset=utf-8")
        for other in old:
            replaced = split_extension(other)[1] or words
            if replaced and other not in (key, words_key):
                self._storage.delete(other)
        self._changed()
        stored = self._storage.info(key)
        has_words = bool(words) or any(split_transcript(other)[1] for other in old)
        log.info("voice stored", extra={"key": key, "bytes": len(data)})
        return VoiceInfo(
            voice_name(key, self._config.prefix),
            key,
            stored.size,
            has_words,
            stored.last_modified,
            report=report,
        )

    def check(self, voice: VoiceInput, ref_text: str | None = None) -> VoiceReport:
        """The report on a voice, wherever it is, with its words where they are known.

        Raises:
            VoiceNotFound, VoiceUnusable, TranscriptMissing, InvalidInput, StorageError: as
                `VoiceLibrary.prepare` does.
        """
        return check_located(self._sources.locate(voice), ref_text, self._config)

    def remove(self, name: str) -> list[str]:
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
        self._changed()
        return keys

    def _examined(self, data: bytes, words: str) -> tuple[str, VoiceReport]:
        """The extension of usable audio, without its dot, and the report on it."""
        config = self._config
        recording = decode(data, max_seconds=config.max_seconds, max_bytes=config.max_bytes)
        return recording.extension, measured(recording, given_words(words))

    def _stem(self, name: str) -> str:
        """The key of voice `name` without extension."""
        stem = split_extension(name.strip().removeprefix(self._config.prefix))[0]
        if problem := user_key_fault(stem) or ("holds ://" if "://" in stem else None):
            raise InvalidInput(f"The voice name {show(name)} {problem}.", "Use a name like Dorota.")
        return self._config.prefix + stem

    def _of_stem(self, stem: str) -> list[str]:
        """Keys of a voice's audio and transcript files."""
        try:
            near = list(self._storage.list(f"{stem}."))
        except StorageDenied:
            near = list(probe(self._storage, stem))
        return [
            item.key
            for item in near
            if stem in (split_extension(item.key)[0], split_transcript(item.key)[0])
        ]
