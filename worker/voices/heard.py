"""Words that a recogniser heard in a voice: written down where there are none, else compared.

What is heard is the clip that jobs speak with, once: it is remembered by the clip's sound, and in
the library written beside the voice, `NAME.txt` the words, `NAME.voice.json` who heard them. A
user's own words are never overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from errors import ConfigError, StorageDenied, StorageError, TranscriptMissing, VoiceUnusable
from s3_utils import AlreadyThere, Storage
from text.languages import NAMES, base
from worker.log import get_logger
from worker.phrases import here
from worker.quality.recogniser import Recogniser
from worker.quality.words import likeness
from worker.subtitles.notes import one_line
from worker.subtitles.read import parse
from worker.subtitles.words import spoken_letters
from worker.threads import Abandoned
from worker.voices.compared import Compared, compared, guessed, overheard, short
from worker.voices.ears import Ears
from worker.voices.located import Located, TranscriptFile
from worker.voices.record import SUFFIX, HeardFacts, VoiceRecord, parse_record
from worker.voices.reference import HeardWords, PreparedVoice, with_full_stop
from worker.voices.shelf import VoiceShelf
from worker.voices.wish import Wish

log = get_logger("voices")

_MOST_LETTERS_PER_S = 40.0  # a recogniser that repeats itself without end writes more


@dataclass(frozen=True)
class Known:
    """What a voice's record says: its language, and of its words, if a recogniser wrote them, of
    which clip they are. `warnings` on them. `anew`: they are not those of the clip that a job asks
    for, which is to be heard by itself."""

    language: str | None = None
    heard: HeardFacts | None = None
    warnings: tuple[str, ...] = ()
    anew: bool = False

    def saying(self, warning: str) -> Known:
        """With one warning more."""
        return replace(self, warnings=(*self.warnings, warning))


class Hearing:
    """Gives voices their words, or holds those they have against their sound. Blocking."""

    def __init__(self, storage: Storage, shelf: VoiceShelf, ears: Ears) -> None:
        self._storage, self._shelf, self._ears = storage, shelf, ears

    @property
    def listens(self) -> bool:
        """Whether there is a recogniser."""
        return self._ears.checker is not None

    @property
    def writes(self) -> bool:
        """Whether there is one that writes down words where there are none."""
        return self._ears.transcriber is not None

    def transcripts(self, located: Located, wish: Wish) -> Sequence[TranscriptFile]:
        """The transcripts beside a voice; none where a recogniser is to hear its words.

        Raises:
            TranscriptMissing: there is none, and nobody to hear them in the voice's language.
        """
        try:
            return located.transcripts()
        except TranscriptMissing as missing:
            if self._ears.transcriber is None:
                raise
            self._listener(missing, _record(located)[0], wish)
            return ()

    def known(
        self, located: Located, words: str | Sequence[TranscriptFile], digest: str, wish: Wish
    ) -> Known:
        """What the record of a voice says of its words. `digest`: SHA-256 of its file, hex."""
        untimed = not isinstance(words, str) and words and not words[0].timed
        if not untimed and not (wish.check and self._ears.checker):
            return Known()
        record, warnings = _record(located)
        facts = Known(record.language if record else None, None, warnings)
        if record is None or record.heard is None or isinstance(words, str) or not untimed:
            return facts
        heard, key = record.heard, words[0].key
        text = _text_of(words[0])
        if text == heard.words and heard.audio != digest:
            return facts.saying(
                f"{key} was heard by {heard.by} in another recording than this one of voice "
                f"{located.name}: delete it to have the words heard anew, or correct it."
            )
        if heard.audio != digest or not _stems_from(text, heard, facts.language):
            return facts
        if wish.part.cut and self._ears.transcriber:
            return replace(facts, anew=True)
        facts = replace(facts, heard=heard)
        if text != heard.words:  # corrected, of the same clip
            return facts
        return facts.saying(guessed(located.name, _as_words(heard), f"Correct {key}"))

    def finished(
        self, located: Located, digest: str, voice: PreparedVoice, known: Known, wish: Wish
    ) -> PreparedVoice:
        """A prepared voice with its words, and what is to be said of them.

        Raises:
            TranscriptMissing: no words were heard, or the recogniser failed.
            AlreadyThere: somebody wrote the words of the voice meanwhile.
        """
        found = list(known.warnings)
        if not voice.ref_text:
            heard = self._heard(located, voice, wish)
            found.append(self._kept(located, digest, voice, heard, wish))
            voice = replace(voice, ref_text=with_full_stop(heard.text), heard=heard)
        else:
            told, said = self._compared(voice, known, wish)
            voice, found = replace(voice, heard=told), [*found, *said]
        return replace(voice, warnings=(*voice.warnings, *found)) if found else voice

    def told(self, located: Located, voice: PreparedVoice, known: Known, wish: Wish) -> Compared:
        """What is heard in a voice that is looked at and not spoken with, and what is to be said of
        it; nothing is written."""
        if voice.ref_text:
            heard, said = self._compared(voice, known, wish)
        else:
            record = _record(located)[0]
            own = record.language if record else None
            heard, said = overheard(self._ears, voice, own, wish.language)
        return heard, [*known.warnings, *said]

    def _compared(self, voice: PreparedVoice, known: Known, wish: Wish) -> Compared:
        if known.heard and known.warnings:  # these are the words that were heard
            return _as_words(known.heard), []
        if wish.check and self._ears.checker:
            return compared(self._ears, voice, known.language)
        return None, []

    def _heard(self, located: Located, voice: PreparedVoice, wish: Wish) -> HeardWords:
        missing = TranscriptMissing(
            f"The voice {located.name} came without its words.",
            f"Give them in {here('`ref_text`')}.",
        )
        listener, language = self._listener(missing, _record(located)[0], wish)
        try:
            heard = self._ears.hear(listener, voice, language)
        except Abandoned:
            raise
        except Exception as exc:  # whatever a recogniser does, the user can give the words
            log.warning("voice not transcribed", exc_info=True)
            raise _with(missing, f"{listener.name} failed ({type(exc).__name__})") from exc
        if not any(character.isalnum() for character in heard.text):
            raise _with(missing, f"{listener.name} heard none")
        if spoken_letters(heard.text) > _MOST_LETTERS_PER_S * voice.seconds:
            raise _with(
                missing,
                f"{listener.name} heard {len(heard.text)} characters in {voice.seconds:.1f} s, "
                f"more than anybody says: “{short(heard.text)}”",
            )
        return heard

    def _listener(
        self, missing: TranscriptMissing, record: VoiceRecord | None, wish: Wish
    ) -> tuple[Recogniser, str | None]:
        """The transcriber, and the language it is to hear, None for the one it finds."""
        if self._ears.transcriber is None:
            raise missing
        try:
            listener = self._ears.transcriber()
        except ConfigError as exc:
            raise _with(missing, f"none can be heard: {exc.message} {exc.hint}") from exc
        own = record.language if record else None
        if not listener.languages:
            return listener, base(own) if own else None
        language = base(own or wish.language or self._ears.default_language)
        if language not in listener.languages:
            name = NAMES.get(language, language)
            raise _with(missing, f"{listener.name}, which hears words, does not know {name}")
        return listener, language

    def _kept(
        self, located: Located, digest: str, voice: PreparedVoice, heard: HeardWords, wish: Wish
    ) -> str:
        """What is said of heard words, which are written beside a voice of the library; but not
        those of a clip that one job asks for."""
        correct = f"Give the right ones in {here('`ref_text`')}"
        if located.in_library and not wish.part.cut:
            facts = HeardFacts(
                words=heard.text,
                by=heard.by,
                confidence=heard.confidence,
                span=voice.clip_span,
                audio=digest,
            )
            try:
                write_beside(self._storage, self._shelf, located.stem, facts)
                correct = f"They were written to {located.stem}.txt: correct them there"
            except AlreadyThere:
                raise
            except (StorageError, VoiceUnusable) as exc:
                log.warning("heard words not stored: %s", exc.message)
                correct = f"They could not be stored ({exc.message}): give {here('`ref_text`')}"
        return guessed(located.name, heard, correct)


def write_beside(storage: Storage, shelf: VoiceShelf, stem: str, heard: HeardFacts) -> None:
    """Writes heard words beside a voice: who heard them first, so that they never pass for a user's
    own, then the words, only where there are none.

    Raises:
        AlreadyThere: there are words meanwhile. StorageError: it failed. VoiceUnusable: the record
            is damaged.
    """
    with suppress(StorageDenied):  # may not list: S3 does not tell that it is missing
        if storage.exists(f"{stem}.txt"):
            raise AlreadyThere(f"{stem}.txt is there meanwhile.", "It will be used.")
    shelf.write(stem, shelf.record(stem), {"heard": heard.model_dump(mode="json")})
    body = heard.words.encode()
    storage.put(f"{stem}.txt", body, content_type="text/plain; charset=utf-8", replace=False)


def forget(
    storage: Storage, shelf: VoiceShelf, stem: str, keys: Sequence[str]
) -> tuple[list[str], VoiceRecord | None]:
    """Deletes words that were heard in a recording which is about to be replaced; a user's own
    stay. Returns the keys that are left, and the voice's record.

    Raises:
        StorageError: it failed. VoiceUnusable: the record is damaged.
    """
    record = shelf.record(stem) if stem + SUFFIX in keys else None
    if record is None or record.heard is None:
        return list(keys), record
    words = f"{stem}.txt"
    if (
        words in keys
        and one_line(storage.get(words).decode(errors="replace")) == record.heard.words
    ):
        storage.delete(words)
        keys = [key for key in keys if key != words]
    return list(keys), shelf.write(stem, record, {"heard": None})


def _record(located: Located) -> tuple[VoiceRecord | None, tuple[str, ...]]:
    """A voice's record and a warning if it cannot be read."""
    try:
        data = located.record()
        return parse_record(data, located.stem + SUFFIX) if data is not None else None, ()
    except VoiceUnusable as exc:
        return None, (f"{exc.message} {exc.hint}",)


def _text_of(file: TranscriptFile) -> str | None:
    """What a transcript says; None where it is malformed: that is told where it is read for use."""
    try:
        return parse(file.read(), file.key).text
    except TranscriptMissing:
        return None


def _stems_from(text: str | None, heard: HeardFacts, language: str | None) -> bool:
    """Whether these are words that were heard, perhaps corrected."""
    if text is None or text == heard.words:
        return text is not None
    return not likeness(text, heard.words, base(language or "en")).other_words


def _as_words(heard: HeardFacts) -> HeardWords:
    return HeardWords(heard.words, heard.by, heard.confidence)


def _with(missing: TranscriptMissing, why: str) -> TranscriptMissing:
    return TranscriptMissing(f"{missing.message.rstrip('.')}; {why.rstrip('.')}.", missing.hint)
