"""What the voice library holds: listing it, adding and removing voices."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from errors import ConsentMissing, StorageDenied, TranscriptMissing, WorkerError
from s3_utils import AlreadyThere, Storage
from worker.keys import in_all_forms
from worker.log import get_logger
from worker.settings.groups import VoiceConfig
from worker.subtitles.notes import one_line
from worker.threads import Lane, in_turn
from worker.voices.asked import VoiceInput
from worker.voices.checking import check_located
from worker.voices.consent import FORM
from worker.voices.drawing import drawn
from worker.voices.heard import Hearing, forget
from worker.voices.located import TranscriptFile
from worker.voices.part import Words
from worker.voices.record import PICTURE, SUFFIX
from worker.voices.reference import PreparedVoice
from worker.voices.replaced import hides, not_agreed, of_kept_words
from worker.voices.report import VoiceReport, measured, refuse, to_report
from worker.voices.shelf import VoiceShelf
from worker.voices.sources import VoiceSources
from worker.voices.stored import (
    is_audio,
    loose_transcripts,
    split_extension,
    split_transcript,
    voice_name,
)
from worker.voices.wish import USUAL, Wish

log = get_logger("voices")

_OVER = "Use another name, or say `replace` (true): the voice that is there is then gone."


@dataclass(frozen=True)
class VoiceInfo:
    """A voice of the library; `size` in bytes. A bundled one has no key in the store."""

    name: str
    key: str
    size: int
    has_transcript: bool
    last_modified: datetime | None = None
    bundled: bool = False
    has_record: bool = False
    # Of one that was just added; whether there was one of its name:
    replaced: bool = False
    report: VoiceReport | None = None
    warnings: tuple[str, ...] = ()


class VoiceCatalogue:
    """The voices of one library. Blocking, thread-safe."""

    def __init__(
        self,
        storage: Storage,
        config: VoiceConfig,
        sources: VoiceSources,
        shelf: VoiceShelf,
        hearing: Hearing,
        prepare: Callable[[str, Wish], PreparedVoice],
    ) -> None:
        """`prepare` gives a voice as jobs have it, with its words heard."""
        self._storage, self._config, self._sources = storage, config, sources
        self._shelf, self._hearing, self._prepare = shelf, hearing, prepare

    def all(self) -> list[VoiceInfo]:
        """All voices of the library, then the bundled ones that none of them hides."""
        items = list(self._sources.library())
        keys = [item.key for item in items]
        stems = {stem for stem, extension in map(split_transcript, keys) if extension}
        loose = {split_transcript(key)[0].casefold() for key in loose_transcripts(keys)}
        found = [
            VoiceInfo(
                voice_name(item.key, self._config.prefix),
                item.key,
                item.size,
                (stem := split_extension(item.key)[0]) in stems or stem.casefold() in loose,
                item.last_modified,
            )
            for item in items
            if is_audio(item.key)
        ]
        records = {item.key for item in items if item.key.endswith(SUFFIX)}
        found = [
            replace(info, has_record=split_extension(info.key)[0] + SUFFIX in records)
            for info in found
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
        wish: Wish = USUAL,
        facts: Mapping[str, Any] = MappingProxyType({}),
        transcripts: Sequence[TranscriptFile] = (),
        over: bool = True,
    ) -> VoiceInfo:
        """Stores a voice under VOICES_PREFIX after checking that it can be used.

        Args:
            voice: the file's bytes, or where it is, as `VoiceLibrary.prepare` takes it.
            strict: refuse a voice that is doubtful, too.
            wish: how jobs have it prepared.
            facts: for its record, by name (`VoiceFacts`).
            transcripts: what is said in it, as files; stored as they are where there is no
                `ref_text`.
            over: whether one of that name may be replaced.

        Replaces a voice of that name; the consent to it is not one to the new recording. With
        `ref_text`, NAME.txt is written. With that, or `transcripts`, other transcripts of the
        replaced voice are deleted, as they would contradict it; without, they stay.

        Raises:
            InvalidInput: the name cannot be a key.
            VoiceExists: there is one, and it may not be replaced.
            VoiceNotFound, VoiceUnusable: there is no such file, or it is no usable speech, or it
                is doubtful and `strict` is given.
            TranscriptMissing: a transcript is malformed.
            ConsentMissing: REQUIRE_CONSENT is set, and `facts` have no consent.
            StorageError: the store or the link's host failed.
        """
        stem = self._shelf.new_stem(name)
        self._check_agreed(facts)
        stem, old = self._place(stem, over=over)
        data = voice if isinstance(voice, bytes) else self._sources.locate(voice).read()
        words = one_line(ref_text or "")
        extension, report = in_turn(
            Lane.DECODE, self._examined, data, words or transcripts, stem, wish
        )
        refuse(report, strict=strict)
        key, written = f"{stem}.{extension}", _words_files(stem, words, transcripts)
        try:
            old, has_record, said = self._store(old, stem, key, data, written, facts, over=over)
        except AlreadyThere as error:  # another worker stored one meanwhile
            raise self._shelf.taken(stem, hint=_OVER) from error
        has_words = bool(written) or any(split_transcript(other)[1] for other in old)
        has_words, report, heard = self._listened_to(key, wish, report, has_words=has_words)
        stored = self._storage.info(key)
        return VoiceInfo(
            voice_name(key, self._config.prefix),
            key,
            stored.size,
            has_words,
            stored.last_modified,
            has_record=has_record or bool(heard),
            replaced=any(map(is_audio, old)),
            report=report,
            warnings=(*said, *heard),
        )

    def _store(
        self,
        old: Sequence[str],
        stem: str,
        key: str,
        data: bytes,
        written: Mapping[str, bytes],
        facts: Mapping[str, Any],
        *,
        over: bool,
    ) -> tuple[list[str], bool, tuple[str, ...]]:
        """Stores a voice in place of the files `old`: these without words that were heard, whether
        the voice has a record, and what is to be said of what it replaced."""
        old, record = forget(self._storage, self._shelf, stem, old)
        agreed = record is not None and record.consent is not None
        if agreed:  # first: never a new recording with the consent to the old one
            record = self._shelf.write(stem, record, {"consent": None})
        self._storage.put(key, data, replace=over)
        self._put_words(old, stem, key, written)
        if record or facts:
            to = {"agreed_to": hashlib.sha256(data).hexdigest()} if "consent" in facts else {}
            self._shelf.write(stem, record, {**facts, **to})
        self._shelf.changed()
        log.info("voice stored", extra={"key": key, "bytes": len(data)})
        said = [not_agreed()] if agreed and "consent" not in facts else []
        said += [] if written else of_kept_words(old)
        name = voice_name(key, self._config.prefix)
        if name in self._sources.bundled() and not any(map(is_audio, old)):
            said.append(hides(name))
        return old, bool(record or facts), tuple(said)

    def _place(self, stem: str, *, over: bool) -> tuple[str, list[str]]:
        """The stem under which a voice is stored, and the files there are of one. Raises
        VoiceExists: it is one, or hides a bundled one, and may not be replaced (`over`)."""
        stem, old = self._there(stem)
        called = voice_name(stem, self._config.prefix)
        if not over and (any(map(is_audio, old)) or called in self._sources.bundled()):
            raise self._shelf.taken(stem, hint=_OVER)
        return stem, old

    def _there(self, stem: str) -> tuple[str, list[str]]:
        """The stem under which there is something of a voice, its accents as one letter or as two,
        and its files; else `stem`, and none."""
        for form in in_all_forms([stem]):
            with suppress(StorageDenied):  # nothing there that these credentials may see
                if found := self._shelf.files(form):
                    return form, found
        return stem, []

    def _put_words(
        self, old: Sequence[str], stem: str, key: str, written: Mapping[str, bytes]
    ) -> None:
        """Stores a voice's words, then deletes what was there of the one it replaces."""
        for words_key, body in written.items():
            self._storage.put(words_key, body, content_type="text/plain; charset=utf-8")
        for other in old:
            replaced = is_audio(other) or written or other == stem + PICTURE
            if replaced and other not in (key, *written, stem + SUFFIX):
                self._storage.delete(other)

    def _listened_to(
        self, key: str, wish: Wish, report: VoiceReport, *, has_words: bool
    ) -> tuple[bool, VoiceReport, tuple[str, ...]]:
        """Whether a new voice has words, now that a recogniser listened, its report with what was
        heard, and what was found beyond it."""
        if not self._hearing.listens:
            return has_words, report, ()
        try:
            found = self._prepare(key, wish)
        except WorkerError as error:
            known = isinstance(error, TranscriptMissing) and not self._hearing.writes
            return has_words, report, () if known else (error.message,)
        new = tuple(said for said in found.warnings if said not in report.warnings)
        return True, report.of_words(found.ref_text, found.heard), new

    def _check_agreed(self, facts: Mapping[str, Any]) -> None:
        if self._config.require_consent and "consent" not in facts:
            raise ConsentMissing(
                "The upload brings no consent, which this worker requires.",
                f'Add {FORM}, or on a shell --consent "Ann Lee, 2026-11-26".',
            )

    def check(
        self, voice: VoiceInput, ref_text: str | None = None, *, wish: Wish = USUAL
    ) -> VoiceReport:
        """The report on a voice, wherever it is, with its words where they are known.

        Raises:
            VoiceNotFound, VoiceUnusable, TranscriptMissing, InvalidInput, StorageError: as
                `VoiceLibrary.prepare` does.
        """
        located = self._sources.locate(voice)
        return check_located(located, ref_text, self._config, self._hearing, wish=wish)

    def picture(self, voice: VoiceInput, used: tuple[float, float]) -> bytes:
        """The picture of a voice, PNG. Raises what `check` does."""
        return drawn(self._sources.locate(voice), used, self._config)

    def draw(self, name: str, used: tuple[float, float]) -> str:
        """Stores the picture of a voice of the library beside it; returns its key.

        Raises:
            InvalidInput, VoiceNotFound: it is no voice of the library's own.
            VoiceUnusable, StorageError: as reading it does.
        """
        stem, keys = self._shelf.voice(name, to="draw")
        audio = next(filter(is_audio, keys))
        key = stem + PICTURE
        self._storage.put(key, self.picture(audio, used), content_type="image/png")
        return key

    def _examined(
        self, data: bytes, words: Words, stem: str, wish: Wish
    ) -> tuple[str, VoiceReport]:
        """The extension of usable audio, without its dot, and the report on it."""
        recording = to_report(data, words, self._config, wish)
        name = voice_name(stem, self._config.prefix)
        return recording.extension, measured(recording, words, name, stem, best=wish.best)[0]


def _words_files(stem: str, words: str, transcripts: Sequence[TranscriptFile]) -> dict[str, bytes]:
    """The files that say what is said in a voice, by key."""
    if words:
        return {f"{stem}.txt": words.encode()}
    return {f"{stem}.{split_transcript(one.key)[1]}": one.read() for one in transcripts}
