"""Voices in a store, and the transcripts beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache, partial
from itertools import takewhile

from errors import (
    InvalidInput,
    ObjectNotFound,
    StorageDenied,
    StorageUnavailable,
    TranscriptMissing,
    VoiceNotFound,
    VoiceUnusable,
)
from s3_utils import BRIEF_S, ObjectInfo, Storage, time_limit
from worker.phrases import here
from worker.subtitles.limits import most_bytes
from worker.subtitles.read import EXTENSIONS
from worker.voices.located import Located, TranscriptFile
from worker.voices.record import MAX_BYTES as RECORD_BYTES
from worker.voices.record import SUFFIX, too_large

# In order of preference.
USUAL = ("wav", "flac", "mp3", "ogg", "opus")
READABLE = (*USUAL, "oga", "aiff", "aif")
# What an upload is stored as that soundfile reads and few people have; listed, never asked for.
_RARE = (
    *("au", "w64", "voc", "avr", "htk", "ircam", "mat4", "mat5", "mpc2k", "nist", "paf", "pvf"),
    *("svx", "wve", "xi", "sds"),
)
# Read with requirements/decode.txt; without it they are found, so that the error can name them.
WITH_FFMPEG = (
    *("m4a", "mp4", "webm", "aac", "amr", "3gp", "mov", "mkv", "wma", "caf", "flv", "ac3", "mpg"),
    *("ts", "avi", "tta", "wv", "ape", "dts"),
)
RECOGNISED = (*READABLE, *WITH_FFMPEG, *_RARE)
DELETED = ".deleted/"  # below the library: voices that can be restored


def split_extension(key: str) -> tuple[str, str]:
    """(stem, audio extension in lower case); the extension is "" unless it is one of audio."""
    return _split(key, RECOGNISED)


def split_transcript(key: str) -> tuple[str, str]:
    """(stem, extension in lower case); the extension is "" unless it is one of transcripts, which a
    voice's record is not."""
    if key.lower().endswith(SUFFIX):
        return key, ""
    return _split(key, EXTENSIONS)


def _split(key: str, extensions: Sequence[str]) -> tuple[str, str]:
    stem, dot, extension = key.rpartition(".")
    if dot and extension.lower() in extensions:
        return stem, extension.lower()
    return key, ""


def is_audio(key: str) -> bool:
    """Whether a key has an extension of audio."""
    return bool(split_extension(key)[1])


def loose_transcripts(keys: Sequence[str]) -> list[str]:
    """The transcripts of which no recording has the very name: they are those of one that differs
    in case alone."""
    own = {split_extension(key)[0] for key in keys if is_audio(key)}
    split = ((key, *split_transcript(key)) for key in keys)
    return [key for key, stem, extension in split if extension and stem not in own]


def preference(key: str) -> int:
    """Of several audio files of one name jobs take the one with the lowest."""
    return RECOGNISED.index(split_extension(key)[1])


def voice_name(key: str, prefix: str) -> str:
    """The name of the voice at `key`: below `prefix` without extension, else the file's own."""
    stem = split_extension(key)[0]
    if prefix and stem.startswith(prefix):
        return stem[len(prefix) :]
    return stem.rpartition("/")[2]


@dataclass(frozen=True)
class _Files:
    """The files of a voice in a store: its audio, and the transcripts beside it.

    `listed`: keys of the transcripts listed with it, by extension; where there are none, those of
    any case are looked for. `label` stands before keys in messages, `s3://bucket/`.
    """

    storage: Storage
    label: str
    audio: ObjectInfo
    listed: dict[str, str]
    max_bytes: int

    def read(self) -> bytes:
        source = self.label + self.audio.key
        if self.audio.size > self.max_bytes:
            raise VoiceUnusable(
                f"The voice {source} has {self.audio.size} bytes; at most {self.max_bytes} "
                "are allowed.",
                "Give a shorter or compressed file, or raise MAX_VOICE_BYTES.",
            )
        try:
            return self.storage.get(self.audio.key, max_bytes=self.max_bytes)
        except ObjectNotFound as exc:
            raise VoiceNotFound(
                f"The voice {source} was deleted.", f"{here('Upload it again')}."
            ) from exc

    def beside(self) -> Sequence[TranscriptFile]:
        return self._files(self.listed or self._of_any_case())  # one in the same case goes first

    def noted(self) -> Sequence[TranscriptFile]:
        """The transcripts that were listed with the voice."""
        return self._files(self.listed)

    def _files(self, found: dict[str, str]) -> Sequence[TranscriptFile]:
        return [
            TranscriptFile(self.label + key, partial(self._transcript, key))
            for key in (found.get(extension) for extension in EXTENSIONS)
            if key
        ]

    def record(self) -> bytes | None:
        """The voice's record as stored, None if it has none, or none that may be seen. Raises
        VoiceUnusable: it is too large."""
        stem = split_extension(self.audio.key)[0]
        try:
            return self.storage.get(stem + SUFFIX, max_bytes=RECORD_BYTES)
        except (ObjectNotFound, StorageDenied):
            return None
        except InvalidInput as exc:
            raise too_large(self.label + stem + SUFFIX, exc.message) from exc

    def _of_any_case(self) -> dict[str, str]:
        stem = split_extension(self.audio.key)[0]
        try:
            keys = [item.key for item in self.storage.list(stem[: stem.rfind("/") + 1])]
        except StorageDenied:
            return {}
        return _transcripts_of(stem.casefold(), loose_transcripts(keys), fold=True)

    def _transcript(self, key: str) -> bytes:
        try:
            return self.storage.get(key, max_bytes=most_bytes(key))
        except (ObjectNotFound, InvalidInput) as exc:
            raise TranscriptMissing(
                f"The transcript {self.label}{key} cannot be used: {exc.message}",
                f"{here('Upload it again')}, or give the words in {here('`ref_text`')}.",
            ) from exc


def find_stored(
    storage: Storage,
    key: str,
    max_bytes: int,
    *,
    prefix: str = "",
    label: str = "",
    disk: Storage | None = None,
) -> Located | None:
    """The voice at `key`, or the preferred one of those that `key` without extension may mean.

    Args:
        prefix: what the voice's name leaves out of its key.
        label: what messages put before keys, `s3://bucket/`.
        disk: what is asked while S3 does not answer.

    Raises:
        StorageError: the store cannot be asked.
    """
    near = _siblings(storage, key, disk)
    audio = _choose(key, near)
    if not audio:
        return None
    found, others = audio[0], ", ".join(item.key for item in audio[1:])
    stem = split_extension(found.key)[0]
    keys = [item.key for item in near]
    listed = _transcripts_of(stem, keys)
    read = f"The voice was read from {label}{found.key}; there is also {others}."
    files = _Files(storage, label, found, listed, max_bytes)
    return Located(
        name=voice_name(found.key, prefix),
        source=label + found.key,
        stamp=";".join(
            f"{item.key}:{item.etag}:{item.size}:{item.last_modified.timestamp()}"
            for item in near
            if item is found or item.key in listed.values()
        ),
        read=files.read,
        beside=files.beside,
        noted=files.noted,
        record=cache(files.record) if stem + SUFFIX in keys else _no_record,
        stem=label + stem,
        in_library=not label and stem.startswith(prefix),
        warnings=(read,) if others else (),
    )


def _no_record() -> bytes | None:
    return None


def _transcripts_of(stem: str, keys: Sequence[str], *, fold: bool = False) -> dict[str, str]:
    """The transcripts of `stem` among `keys`, by extension."""
    found = {}
    for key in keys:
        own, extension = split_transcript(key)
        if extension and (own.casefold() if fold else own) == stem:
            found[extension] = key
    return found


def _siblings(storage: Storage, key: str, disk: Storage | None) -> list[ObjectInfo]:
    """Objects named as `key`, with its extension or others.

    Those on `disk` while S3 does not answer, if the voice itself is among them: a voice that only
    S3 may have is not given up for another.
    """
    on_disk = _listed(disk, key) if disk else []
    there = _choose(key, on_disk)
    try:
        with time_limit(BRIEF_S) if there else nullcontext():
            return _listed(storage, key)
    except StorageDenied:
        return list(probe(storage, key))
    except StorageUnavailable:
        if not there:
            raise
        return on_disk


def _listed(storage: Storage, key: str) -> list[ObjectInfo]:
    stem = split_extension(key)[0]
    # "." sorts right before "/": no key of this voice comes after that.
    near = takewhile(lambda item: item.key <= f"{stem}/", storage.list(stem))
    own = {stem, key, stem + SUFFIX}
    return [item for item in near if item.key in own or item.key.rpartition(".")[0] == stem]


def probe(storage: Storage, key: str) -> Iterator[ObjectInfo]:
    """Objects named as `key`, with its extension or the usual ones, each asked for by itself; for
    credentials that may not list.

    Raises:
        StorageDenied: not one of them can be seen.
    """
    stem, extension = split_extension(key)
    audio = [key] if extension else [f"{stem}.{each}" for each in USUAL]
    denied: StorageDenied | None = None
    seen = False
    for candidate in [*audio, *(f"{stem}.{each}" for each in EXTENSIONS), stem + SUFFIX]:
        try:
            yield storage.info(candidate)
            seen = True
        except ObjectNotFound:
            continue
        except StorageDenied as exc:  # S3 says 403 for what is missing, too, when listing is denied
            denied = exc
    if denied and not seen:
        looked = key if extension else f"{stem}.{{{','.join(USUAL)}}}"
        raise StorageDenied(
            f"{looked} may not be seen, or is not there: S3 answers both alike to a key that may "
            "not list.",
            f"Check the name. {denied.hint}",
        ) from denied


def _choose(key: str, near: list[ObjectInfo]) -> list[ObjectInfo]:
    """The audio files `key` may mean, the preferred one first."""
    exact = [item for item in near if item.key == key]
    if exact:
        return exact
    if is_audio(key):
        return []
    return sorted(
        (item for item in near if is_audio(item.key)), key=lambda item: preference(item.key)
    )
