"""Where a voice asked for by a job is: which file, which transcripts, and whether it changed.

    `Dorota`, `Dorota.wav`   VOICES_PREFIX + name in the worker's own store, then a bundled voice
    `team/Dorota.wav`        below VOICES_PREFIX, else a key of the store
    `s3://bucket/key`        another bucket, with the worker's credentials
    `https://...`            a link; it has no transcript beside it
    {"audio_base64": ...}    in the job itself

The command line may lend files of this machine beside these (`lend`).

One LIST by the name's stem answers everything about a stored voice: its extension, the transcripts
beside it, and their versions. Credentials that may not list are served by HEAD requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from unicodedata import normalize

from errors import InvalidInput, StorageDenied, VoiceNotFound, VoiceUnusable, alike, show
from s3_utils import BRIEF_S, ObjectInfo, Storage, time_limit
from worker.keys import in_all_forms, safe_piece, user_key_fault
from worker.phrases import here
from worker.settings.groups import VoiceConfig
from worker.voices.address import decode_audio, voice_fault
from worker.voices.asked import VoiceInput
from worker.voices.consent import no_record
from worker.voices.download import FetchRules, fetch
from worker.voices.lent import lent_voice
from worker.voices.located import Located, bundled_voice, sent_voice
from worker.voices.stored import (
    DELETED,
    RECOGNISED,
    USUAL,
    find_stored,
    is_audio,
    split_extension,
    voice_name,
)

INLINE = "inline"
ADD_IT = "Add it with `upload`, or call `list_voices`."
_MOST_NAMES = 8  # in a message
_MOST_MOODS = 6  # places where a name of several words may end

BucketAt = Callable[[str], tuple[Storage, str]]


class VoiceSources:
    """Finds voices; keeps nothing but which files were lent."""

    def __init__(
        self, storage: Storage, config: VoiceConfig, bundled_dir: Path, fetch_bucket: BucketAt
    ) -> None:
        self._storage, self._config = storage, config
        stores = storage.stores()
        self._disk = stores["local"] if {"local", "s3"} <= set(stores) else None
        self._bundled_dir, self._fetch_bucket = bundled_dir, fetch_bucket
        self._lent: dict[str, Path] = {}

    def lend(self, path: Path) -> str:
        """What jobs call the voice in a file of this machine from now on; its stem is the file's,
        as far as a key may have it."""
        voice = f"lent/{len(self._lent)}/{safe_piece(path.stem)}.file"
        self._lent[voice] = path
        return voice

    def locate(self, voice: VoiceInput, *, speaks: bool = False) -> Located:
        """Finds a voice; `speaks`: for a job to speak with. Raises VoiceNotFound: there is none;
        names what was looked for and the nearest names; InvalidInput: not a valid voice name, key
        or link; VoiceUnusable: inline data or a link that is not audio; StorageError: the store or
        the link's host cannot be asked; ConsentMissing: a link cannot have the consent needed."""
        if isinstance(voice, dict):
            return self._inline(voice)
        if path := self._lent.get(voice):
            return lent_voice(path, self._config.max_bytes)
        if problem := voice_fault(voice, allow_http=self._config.allow_http):
            raise InvalidInput(
                f"The voice {show(_no_query(voice))} {problem}.",
                f"Give a name that {here('`list_voices`')} has, a key, an https link, or "
                "the audio itself.",
            )
        if f"/{DELETED}" in f"/{voice}".casefold():
            raise VoiceNotFound(
                f"The voice {show(voice)} was deleted.", here("Use `restore_voice`.")
            )
        scheme = voice.partition("://")[0].lower() if "://" in voice else ""
        if scheme in ("http", "https"):
            if self._config.require_consent and speaks:
                raise no_record(_no_query(voice))  # before it is fetched for nothing
            return self._link(voice)
        return self._in_bucket(voice) if scheme == "s3" else self._by_name(voice)

    def bundled(self) -> dict[str, Path]:
        """Name to audio file of the voices that come with the worker."""
        if not self._bundled_dir.is_dir():
            return {}
        return {
            path.stem: path
            for path in sorted(self._bundled_dir.iterdir())
            if path.suffix[1:].lower() in RECOGNISED
        }

    def library(self) -> Iterator[ObjectInfo]:
        """Every object of the voice library, sorted by key, without what was deleted."""
        deleted = self._config.prefix + DELETED
        listed = self._storage.list(self._config.prefix)
        return (item for item in listed if not item.key.startswith(deleted))

    def _inline(self, voice: dict[str, str]) -> Located:
        try:
            data = decode_audio(voice.get("audio_base64"), self._config.max_bytes)
        except ValueError as exc:
            raise VoiceUnusable(
                f"`audio_base64` {exc}.", "Give a whole file of at most MAX_VOICE_BYTES."
            ) from exc
        return sent_voice(INLINE, INLINE, data)

    def _link(self, url: str) -> Located:
        config = self._config
        rules = FetchRules(
            config.max_bytes, allow_http=config.allow_http, allow_private=config.allow_private_urls
        )
        data, plain = fetch(url, rules), _no_query(url)
        name = split_extension(plain.rstrip("/").rpartition("/")[2])[0] or "link"
        return sent_voice(name, plain, data)

    def _in_bucket(self, uri: str) -> Located:
        storage, key = self._fetch_bucket(uri)
        label = uri.removesuffix(key)
        if found := find_stored(storage, key, self._config.max_bytes, label=label):
            return found
        raise VoiceNotFound(f"There is no voice at {uri}.", "Check bucket and key; case matters.")

    def _by_name(self, voice: str) -> Located:
        prefix = self._config.prefix
        keys = [voice] if prefix and voice.startswith(prefix) else [prefix + voice]
        if "/" in voice and keys != [voice]:
            keys.append(voice)
        begin = keys[0].removesuffix(voice)
        keys = in_all_forms([*keys, *(f"{begin}{mood}" for mood in _moods(voice))])
        bundled = self.bundled_voice(voice)
        most = self._config.max_bytes
        with time_limit(BRIEF_S) if bundled else nullcontext():
            denied: StorageDenied | None = None
            for key in keys:
                try:
                    found = find_stored(self._storage, key, most, prefix=prefix, disk=self._disk)
                except StorageDenied as exc:  # of what is missing, too: another form may be there
                    denied = denied or exc
                else:
                    if found:
                        return found
        if denied:
            raise denied
        if bundled:
            return bundled
        raise self._not_found(voice, keys)

    def bundled_voice(self, voice: VoiceInput) -> Located | None:
        """The voice of that name that comes with the worker, None if there is none. `locate` gives
        it only where storage says that the library has none of the name."""
        if not isinstance(voice, str):
            return None
        stem, extension = split_extension(voice)
        path = self.bundled().get(stem)
        if path and extension in ("", path.suffix[1:].lower()):
            return bundled_voice(path)
        return None

    def _not_found(self, voice: str, keys: list[str]) -> VoiceNotFound:
        known = set(self.bundled())
        with suppress(StorageDenied):  # may not list; the voice itself was looked for by HEAD
            audio = (item.key for item in self.library() if is_audio(item.key))
            known |= {voice_name(key, self._config.prefix) for key in audio}
        wanted = split_extension(voice.removeprefix(self._config.prefix))[0]
        names = ", ".join(alike(wanted, known, count=3, cutoff=0.5))
        # Keys that differ by the form of a letter alone look the same.
        alike_keys = dict.fromkeys(normalize("NFC", key) for key in keys)
        looked = " and ".join(split_extension(key)[0] + _shown_extension(key) for key in alike_keys)
        return VoiceNotFound(
            f"There is no voice {show(voice)}; looked for {looked}.",
            f"Nearest names: {names}." if names else _named(known) + here(ADD_IT),
        )


def _named(known: set[str]) -> str:
    """The first of the names, as a sentence; of a place on the worker's own disk clients learn
    nothing."""
    shown = sorted(known)[:_MOST_NAMES]
    more = len(known) - len(shown)
    ending = f" and {more} more" if more else ""
    return f"Voices: {', '.join(shown)}{ending}. " if shown else ""


def _moods(voice: str) -> Iterator[str]:
    """`Dorota/calm` for `Dorota calm`, as a script's tag has it, [voice:Dorota calm]; where there
    are more blanks, the longest name first."""
    words = voice.split()
    for count in range(len(words) - 1, max(0, len(words) - 1 - _MOST_MOODS), -1):
        mood = f"{' '.join(words[:count])}/{' '.join(words[count:])}"
        if user_key_fault(mood) is None:
            yield mood


def _shown_extension(key: str) -> str:
    extension = split_extension(key)[1]
    return f".{extension}" if extension else f".{{{','.join(USUAL)}}}"


def _no_query(voice: str) -> str:
    return voice.partition("?")[0].partition("#")[0]
