"""The files of the library's voices as wholes: records, renaming, copying, deleting, restoring.

What is deleted lies below `.deleted/` in the library until its time is over; no job speaks with it.
Files are first put where they are to be and then taken from where they were: what is interrupted
leaves a voice twice, never half of one.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from errors import InvalidInput, ObjectNotFound, StorageDenied, VoiceExists, VoiceNotFound, show
from s3_utils import AlreadyThere, Storage
from worker.keys import in_all_forms, user_key_fault
from worker.phrases import here
from worker.settings.groups import VoiceConfig
from worker.subtitles.limits import most_bytes
from worker.subtitles.read import EXTENSIONS
from worker.voices.record import MAX_BYTES, PICTURE, SUFFIX, VoiceRecord, parse_record, too_large
from worker.voices.stored import (
    DELETED,
    is_audio,
    preference,
    probe,
    split_extension,
    split_transcript,
    voice_name,
)

# A voice called so could not be told from what lies beside another voice.
_NO_NAMES = {
    ".voice": "records",
    **dict.fromkeys((SUFFIX, PICTURE), "files beside voices"),
    **{f".{extension}": "transcripts" for extension in EXTENSIONS},
}
_ANOTHER_NAME = "Use another name, or rename or delete that voice first."
_STAMP = "%Y%m%dT%H%M%S%fZ"

Now = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


class VoiceShelf:
    """The voices' files below one prefix. `changed` is called after each change; `bundled` names
    those that come with the worker, and have none. Blocking."""

    def __init__(
        self,
        storage: Storage,
        config: VoiceConfig,
        changed: Callable[[], None],
        now: Now = _now,
        bundled: Callable[[], Container[str]] = tuple,
    ) -> None:
        self._storage, self._config, self.changed, self._now = storage, config, changed, now
        self._bundled, self._trash = bundled, config.prefix + DELETED

    def stem(self, name: str) -> str:
        """The key of voice `name` without extension. Raises InvalidInput: it cannot be one."""
        stem = split_extension(name.strip().removeprefix(self._config.prefix))[0]
        hidden = "lies among deleted voices" if f"{stem}/".casefold().startswith(DELETED) else None
        if problem := user_key_fault(stem) or hidden or ("holds ://" if "://" in stem else None):
            raise InvalidInput(f"The voice name {show(name)} {problem}.", "Use a name like Dorota.")
        return self._config.prefix + stem

    def new_stem(self, name: str) -> str:
        """The key of a voice that is to be made, whose name can be spoken with: accents as one
        letter, no extension of audio. Raises InvalidInput: it cannot be one."""
        stem = unicodedata.normalize("NFC", self.stem(name))
        while is_audio(stem):
            stem = split_extension(stem)[0]
        for ending, whose in _NO_NAMES.items():
            if stem.lower().endswith(ending):
                raise InvalidInput(
                    f"The voice name {show(name)} ends in {ending}, as {whose} do.",
                    "Use another name.",
                )
        return stem

    def name(self, name: str) -> str:
        """What a voice is called, of what a user may have written: `Dorota` for `Dorota.wav`."""
        return voice_name(self.stem(name), self._config.prefix)

    def files(self, stem: str) -> list[str]:
        """Keys of a voice's audio, transcripts, record and picture."""
        own = (stem + SUFFIX, stem + PICTURE)
        try:
            near = [item.key for item in self._storage.list(f"{stem}.")]
        except StorageDenied:
            near = [item.key for item in probe(self._storage, stem)]
            with suppress(StorageDenied):
                near += [key for key in own if key not in near and self._storage.exists(key)]
        stems = (split_extension, split_transcript)
        return [key for key in near if key in own or stem in [of(key)[0] for of in stems]]

    def voice(self, name: str, *, to: str, whole: bool = True) -> tuple[str, list[str]]:
        """(stem, keys) of a voice that is there; if not `whole`, of what is left of one, too.
        Raises VoiceNotFound: there is none `to` ..."""
        for stem in in_all_forms([self.stem(name)]):
            keys = self.files(stem)
            if any(is_audio(key) for key in keys) or (keys and not whole):
                break
        else:
            if voice_name(stem, self._config.prefix) in self._bundled():
                raise VoiceNotFound(
                    f"The voice {show(name)} comes with the worker: it is not in the library, and "
                    f"there is nothing of it to {to}.",
                    here("Upload a voice of that name, and it is used instead."),
                )
            raise VoiceNotFound(
                f"There is no voice {show(name)} to {to}.",
                here("Call `list_voices` for the names."),
            )
        return stem, keys

    def moods(self, stem: str) -> list[str]:
        """The names of the voices below a voice: those of `Dorota/calm.wav` and so on."""
        below = (split_extension(item.key) for item in self._storage.list(f"{stem}/"))
        found = {each.removeprefix(f"{stem}/") for each, extension in below if extension}
        return sorted(found, key=str.casefold)

    def record(self, stem: str) -> VoiceRecord | None:
        """A voice's record, None if it has none, or none that may be seen. Raises VoiceUnusable: it
        is damaged."""
        try:
            data = self._storage.get(stem + SUFFIX, max_bytes=MAX_BYTES)
        except (ObjectNotFound, StorageDenied):  # S3's answers where the key may not list
            return None
        except InvalidInput as exc:
            raise too_large(stem + SUFFIX, exc.message) from exc
        return parse_record(data, stem + SUFFIX)

    def digest(self, keys: Sequence[str]) -> str:
        """SHA-256, hex, of the recording that jobs take of a voice with these files."""
        audio = min(filter(is_audio, keys), key=preference)
        return hashlib.sha256(
            self._storage.get(audio, max_bytes=self._config.max_bytes)
        ).hexdigest()

    def write(self, stem: str, old: VoiceRecord | None, facts: dict[str, Any]) -> VoiceRecord:
        """Puts `facts` into a voice's record, which is made if it has none."""
        record = (old or VoiceRecord()).updated(facts, self._now().isoformat(timespec="seconds"))
        self._storage.put(stem + SUFFIX, record.as_bytes(), content_type="application/json")
        self.changed()
        return record

    def rename(self, name: str, new_name: str) -> list[str]:
        """Gives a voice another name; the keys it has now. Raises VoiceNotFound: there is none;
        InvalidInput: the new name is taken."""
        stem, keys = self.voice(name, to="rename")
        copied = self._to(stem, keys, self._free(new_name))
        self._take_away(keys)
        return copied

    def copy(self, name: str, new_name: str) -> list[str]:
        """Copies a voice; the keys of the copy. Raises what `rename` does."""
        stem, keys = self.voice(name, to="copy")
        copied = self._to(stem, keys, self._free(new_name))
        self.changed()
        return copied

    def remove(self, name: str) -> list[str]:
        """Deletes a voice, its transcripts and its record; returns their keys. It can be restored
        for VOICE_RESTORE_DAYS. Raises VoiceNotFound: there is none of that name in the store."""
        stem, keys = self.voice(name, to="delete", whole=False)
        if self._config.restore_days:
            own = stem.removeprefix(self._config.prefix)
            self._to(stem, keys, f"{self._trash}{self._now().strftime(_STAMP)}/{own}")
        self._take_away(keys)
        self.purge()
        return keys

    def restore(self, name: str) -> list[str]:
        """Brings back what was deleted last of that name; returns its keys. Raises VoiceNotFound:
        nothing of it is kept; InvalidInput: there is a voice of that name again."""
        deleted = self._deleted()
        for stem in in_all_forms([self.stem(name)]):
            own = stem.removeprefix(self._config.prefix)
            kept = [key for key in deleted if self._named(key, own)]
            if any(is_audio(key) for key in kept):
                break
        else:
            raise VoiceNotFound(
                f"No deleted voice {show(name)} is kept.",
                f"Deleted voices are kept for {self._config.restore_days:g} days "
                f"(VOICE_RESTORE_DAYS). {here('Upload it again')}.",
            )
        if there := self.files(stem):
            raise self.taken(stem, there)
        folder = max(self._folder(key) for key in kept if is_audio(key))
        keys = [key for key in kept if self._folder(key) == folder]
        restored = self._to(f"{self._trash}{folder}/{own}", keys, stem)
        self._take_away(keys)
        return restored

    def purge(self) -> int:
        """Deletes for good what was deleted longer ago than VOICE_RESTORE_DAYS; how many files."""
        oldest = self._now() - timedelta(days=self._config.restore_days)
        old: list[str] = []
        with suppress(StorageDenied):  # may not list: nothing is known of them
            old = [key for key in self._deleted() if self._folder(key) < oldest.strftime(_STAMP)]
        return sum(self._storage.delete(key) for key in old)

    def _deleted(self) -> Iterable[str]:
        return [item.key for item in self._storage.list(self._trash)]

    def _folder(self, key: str) -> str:
        return key.removeprefix(self._trash).partition("/")[0]

    def _named(self, key: str, own: str) -> bool:
        rest = key.removeprefix(self._trash).partition("/")[2]
        return rest in (own + SUFFIX, own + PICTURE) or own in (
            split_extension(rest)[0],
            split_transcript(rest)[0],
        )

    def _free(self, name: str) -> str:
        """The stem of a name that no voice has."""
        stem = self.new_stem(name)
        for form in in_all_forms([stem]):
            with suppress(StorageDenied):  # nothing there that these credentials may see
                if there := self.files(form):
                    raise self.taken(form, there)
        return stem

    def taken(self, stem: str, keys: Sequence[str] = (), hint: str = _ANOTHER_NAME) -> VoiceExists:
        """The refusal of a stem that another voice has; `keys`: the files there, which may be
        what is left of a voice."""
        name = show(voice_name(stem, self._config.prefix))
        if keys and not any(map(is_audio, keys)):
            return VoiceExists(
                f"Of a voice {name} there is {', '.join(keys)}, without its recording.",
                "Delete what is left under that name first, or use another one.",
            )
        return VoiceExists(f"There is a voice {name} already.", hint)

    def _to(self, stem: str, keys: list[str], new_stem: str) -> list[str]:
        """Copies a voice's files to a free stem; the audio last, as it makes the voice.

        Raises InvalidInput: another worker took the stem meanwhile; VoiceNotFound: another took the
        voice away. Nothing is left of the copy then.
        """
        copied: list[str] = []
        try:
            for key in sorted(keys, key=is_audio):
                self._copy(key, new_stem + key.removeprefix(stem))
                copied.append(new_stem + key.removeprefix(stem))
            if others := [key for key in self.files(new_stem) if key not in copied]:
                raise AlreadyThere(f"{others[0]} came meanwhile.", "Use another name.")
        except (AlreadyThere, ObjectNotFound) as error:
            for key in reversed(copied):
                self._storage.delete(key)
            if isinstance(error, AlreadyThere):
                raise self.taken(new_stem) from error
            raise VoiceNotFound(
                f"The voice {show(voice_name(stem, self._config.prefix))} was renamed or deleted "
                "meanwhile.",
                here("Call `list_voices` for the names."),
            ) from error
        return copied

    def _copy(self, key: str, new_key: str) -> None:
        most = max(self._config.max_bytes, most_bytes(key))
        content_type = self._storage.info(key).content_type
        body = self._storage.get(key, max_bytes=most)
        self._storage.put(new_key, body, content_type=content_type, replace=False)

    def _take_away(self, keys: list[str]) -> None:
        for key in sorted(keys, key=lambda key: not is_audio(key)):  # the audio first
            self._storage.delete(key)
        self.changed()
