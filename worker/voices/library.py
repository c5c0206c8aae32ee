"""The voice library: reference voices by name, key, link or inline, ready for the engine.

Preparing is remembered: within VOICE_CACHE_TTL_S a voice costs no storage request at all, after it
one LIST that compares versions. In hybrid mode a voice once prepared stays in use while S3 is down.
A voice asked for is never replaced by another.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from errors import StorageError, StorageUnavailable, VoiceUnusable
from s3_utils import AlreadyThere, Storage
from worker.log import get_logger
from worker.phrases import listener
from worker.settings.groups import VoiceConfig
from worker.subtitles.notes import one_line
from worker.threads import Lane, in_turn
from worker.voices.asked import Asked, VoiceInput
from worker.voices.beside import known_beside, read_ahead
from worker.voices.cache import Found, SingleFlight, VoiceCache
from worker.voices.catalogue import VoiceCatalogue
from worker.voices.consent import check_consent, check_recording
from worker.voices.ears import Ears
from worker.voices.heard import Hearing
from worker.voices.joined import joined
from worker.voices.located import Located, TranscriptFile
from worker.voices.record import VoiceRecord
from worker.voices.reference import PreparedVoice, prepare_voice
from worker.voices.shelf import VoiceShelf
from worker.voices.sources import INLINE, BucketAt, VoiceSources
from worker.voices.wish import USUAL, Wish

__all__ = ["PreparedVoice", "VoiceInput", "VoiceLibrary"]

log = get_logger("voices")

# The bundled voice needs no storage; but storage may have one of the same name.
NOT_ASKED = "The voice {} that comes with the worker was used; storage could not be asked: {}"


class VoiceLibrary:
    """Finds, checks, prepares and remembers voices. Blocking and thread-safe.

    `catalogue` lists what it holds and adds to it, `shelf` keeps, names and deletes it.
    """

    def __init__(
        self,
        storage: Storage,
        config: VoiceConfig,
        *,
        bundled_dir: Path,
        fetch_bucket: BucketAt,
        ears: Ears | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage, self._config, self._clock = storage, config, clock
        self._sources = VoiceSources(storage, config, bundled_dir, fetch_bucket)
        self._cache = VoiceCache(config.cache_mb << 20)
        self._flights = SingleFlight()
        self.shelf = VoiceShelf(storage, config, self._cache.clear, bundled=self._sources.bundled)
        self._ears = ears or Ears()
        self._hearing = Hearing(storage, self.shelf, self._ears)
        self.catalogue = VoiceCatalogue(
            storage, config, self._sources, self.shelf, self._hearing, self._for_listening
        )

    def prepare_all(self, asked: Sequence[Asked], wish: Wish = USUAL) -> PreparedVoice:
        """The reference made of several recordings of one person, at least one; see `prepare`."""
        each = (self.prepare(a.voice, a.words, wish=wish._replace(part=a.part)) for a in asked)
        levelled = [n for n, a in enumerate(asked, 1) if a.part.loudness is not None]
        made = joined(list(each), levelled)
        return replace(made, name=asked[0].label) if asked[0].label else made

    def _for_listening(self, voice: str, wish: Wish) -> PreparedVoice:
        return self.prepare(voice, wish=wish)

    def lend(self, path: Path) -> str:
        """What jobs call the voice in a file of this machine from now on. For the command line
        alone, whose user names the file: whoever can send a job must not."""
        return self._sources.lend(path)

    def is_bundled(self, voice: str) -> bool:
        """Whether a voice of that name comes with the worker."""
        return self._sources.bundled_voice(voice) is not None

    def look_for(self, voice: str) -> str:
        """Where a voice is; its audio is not read.

        Raises:
            VoiceNotFound, InvalidInput: there is none.
            ConsentMissing: it has none, and one is required.
            TranscriptMissing: it has no words, and nobody hears them.
            StorageError: storage does not say.
        """
        located = self._sources.locate(voice, speaks=True)
        self._agreed(located)
        if self._ears.transcriber is None:
            located.transcripts()
        return located.source

    def prepare(
        self,
        voice: VoiceInput,
        ref_text: str | None = None,
        *,
        wish: Wish = USUAL,
    ) -> PreparedVoice:
        """The reference for a voice; threads asking for the same one wait for one preparation.

        Args:
            voice: library name, key, `s3://bucket/key`, https URL, or {"audio_base64": ...}.
            ref_text: its words; else a transcript beside it is used.
            wish: how it is prepared.

        Raises:
            VoiceNotFound, VoiceUnusable, TranscriptMissing, InvalidInput: as named.
            StorageError: the store or the link's host failed.
        """
        words = one_line(ref_text or "")
        wish = wish if self._ears.transcriber else wish._replace(language=None)
        request = (_identity(voice), words, wish)
        if known := self._cache.get(request):
            found, prepared = known
            if self._clock() - found.checked_at < self._config.cache_ttl_s:
                return prepared
        flight = (listener(), request)  # its errors are said in the words of who waits
        return self._flights.run(flight, lambda: self._current(request, voice, words, wish))

    def _current(
        self, request: Hashable, voice: VoiceInput, words: str, wish: Wish
    ) -> PreparedVoice:
        try:
            return self._checked(request, voice, words, wish)
        except AlreadyThere:  # words were written while a recogniser listened: those count
            return self._checked(request, voice, words, wish)

    def _checked(
        self, request: Hashable, voice: VoiceInput, words: str, wish: Wish
    ) -> PreparedVoice:
        """What the cache holds if its source has not changed since, else prepared anew."""
        known = self._cache.get(request)
        located: Located
        try:
            located = self._sources.locate(voice, speaks=True)
        except StorageError as error:
            away = isinstance(error, StorageUnavailable)
            beside_a_disk = "local" in self._storage.stores()
            if away and known is not None and beside_a_disk:
                log.warning("voice used as last seen: %s", error.message)
                self._cache.refresh(request, self._clock())
                return known[1]
            bundled = self._sources.bundled_voice(voice)
            if bundled is None or not (away or beside_a_disk):  # the result could not be stored
                raise
            located = replace(bundled, warnings=(NOT_ASKED.format(bundled.name, error.message),))
        agreed = self._agreed(located)
        if known and known[0].stamp == located.stamp:
            self._cache.refresh(request, self._clock())
            return known[1]
        # Before the audio is fetched for nothing.
        words_from = words or self._hearing.transcripts(located, wish)
        data = located.read()
        digest = hashlib.sha256(data).hexdigest()
        if agreed is not None:
            check_recording(located, agreed, digest)
        content = (digest, located.source, words or located.stamp, wish)
        prepared = self._cache.content(content) or self._prepared(
            located, data, digest, words_from, wish
        )
        found = Found(content, located.stamp, self._clock())
        self._cache.put(request, found, prepared)
        return prepared

    def _agreed(self, located: Located) -> VoiceRecord | None:
        """The record with a voice's consent; None where none is required. Raises ConsentMissing."""
        required = self._config.require_consent and not located.ours
        return check_consent(located) if required else None

    def _prepared(
        self,
        located: Located,
        data: bytes,
        digest: str,
        words: str | Sequence[TranscriptFile],
        wish: Wish,
    ) -> PreparedVoice:
        started = time.perf_counter()
        try:
            given = isinstance(words, str) and not wish.part.cut  # a clip's own are of it alone
            beside = known_beside(located) if given else ()
            words = words if isinstance(words, str) else read_ahead(words)
            known = self._hearing.known(located, words, digest, wish)
            words = () if known.anew else words
            prepare = partial(prepare_voice, wish=wish, heard=known.heard, beside=beside)
            prepared = in_turn(Lane.DECODE, prepare, located, data, words, self._config)
            prepared = self._hearing.finished(located, digest, prepared, known, wish)
        except VoiceUnusable as error:  # a job may have many voices: say which
            raise VoiceUnusable(f"{located.source}: {error.message}", error.hint) from error
        facts = {"seconds": prepared.seconds, "took_s": time.perf_counter() - started}
        log.info("voice prepared", extra=facts)
        return prepared


def _identity(voice: VoiceInput) -> Hashable:
    """What a voice is remembered by; inline audio by its hash, so that it is not held twice."""
    if isinstance(voice, str):
        return voice
    return INLINE, hashlib.sha256((voice.get("audio_base64") or "").encode()).hexdigest()
