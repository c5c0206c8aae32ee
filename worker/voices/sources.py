"""Where a voice asked for by a job is: which file, which transcripts, and whether it changed.

    `Dorota`, `Dorota.wav`   VOICES_PREFIX + name in the worker's own store, then a bundled voice
    `team/Dorota.wav`        below VOICES_PREFIX, else a key of the store
    `s3://bucket/key`        another bucket, with the worker's credentials
    `https://...`            a link; it has no transcript beside it
    {"audio_base64": ...}    in the job itself

One LIST by the name's stem answers everything about a stored voice: its extension, the transcripts
beside it, and their versions. Credentials that may not list are served by HEAD requests.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from errors import (
    InvalidInput,
    ObjectNotFound,
    StorageDenied,
    TranscriptMissing,
    VoiceNotFound,
    VoiceUnusable,
    show,
)
from s3_utils import ObjectInfo, Storage
from worker.settings.groups import VoiceConfig
from worker.subtitles.read import EXTENSIONS, MAX_BYTES
from worker.voices.address import decode_audio, voice_fault
from worker.voices.download import FetchRules, fetch
from worker.voices.stored import (
    AUDIO_EXTENSIONS,
    choose,
    is_transcript,
    siblings,
    split_extension,
    voice_name,
)

INLINE = "inline"

VoiceInput = str | dict[str, str]
BucketAt = Callable[[str], tuple[Storage, str]]


@dataclass(frozen=True)
class Sidecar:
    """A transcript beside a voice, not read yet. `key` as messages name it."""

    key: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Located:
    """A voice found, its audio not read yet.

    `stamp` changes when the audio or a transcript does; `looked_for` are the transcript keys;
    `more_sidecars` looks again, ignoring case, and is asked only when `sidecars` is empty.
    """

    name: str
    source: str
    stamp: str
    read: Callable[[], bytes]
    sidecars: tuple[Sidecar, ...] = ()
    looked_for: tuple[str, ...] = ()
    more_sidecars: Callable[[], tuple[Sidecar, ...]] = tuple
    warnings: tuple[str, ...] = ()


class VoiceSources:
    """Finds voices; keeps nothing."""

    def __init__(
        self, storage: Storage, config: VoiceConfig, bundled_dir: Path, fetch_bucket: BucketAt
    ) -> None:
        self.storage, self._config = storage, config
        self._bundled_dir, self._fetch_bucket = bundled_dir, fetch_bucket

    def locate(self, voice: VoiceInput) -> Located:
        """Finds a voice.

        Raises:
            VoiceNotFound: there is none; names what was looked for and the nearest names.
            InvalidInput: no voice could be called so.
            StorageError: the store cannot be asked.
        """
        if isinstance(voice, dict):
            return self._inline(voice)
        if problem := voice_fault(voice, allow_http=self._config.allow_http):
            raise InvalidInput(f"The voice {show(_no_query(voice))} {problem}.")
        scheme = voice.partition("://")[0].lower() if "://" in voice else ""
        if scheme in ("http", "https"):
            return self._link(voice)
        if scheme == "s3":
            storage, key = self._fetch_bucket(voice)
            found = self._stored(storage, key, label=voice.removesuffix(key))
            if found is None:
                raise VoiceNotFound(
                    f"There is no voice at {voice}.", "Check bucket and key; case matters."
                )
            return found
        return self._by_name(voice)

    def bundled(self) -> dict[str, Path]:
        """Name to audio file of the voices that come with the worker."""
        if not self._bundled_dir.is_dir():
            return {}
        return {
            path.stem: path
            for path in sorted(self._bundled_dir.iterdir())
            if path.suffix[1:].lower() in AUDIO_EXTENSIONS
        }

    def library(self) -> Iterator[ObjectInfo]:
        """Every object of the voice library, sorted by key."""
        return self.storage.list(self._config.prefix)

    def _by_name(self, voice: str) -> Located:
        prefix = self._config.prefix
        keys = [voice] if prefix and voice.startswith(prefix) else [prefix + voice]
        if "/" in voice and keys != [voice]:
            keys.append(voice)
        for key in keys:
            if found := self._stored(self.storage, key, prefix=prefix):
                return found
        if path := self._bundled_path(voice):
            return self._file(path)
        raise self._not_found(voice, keys)

    def _not_found(self, voice: str, keys: list[str]) -> VoiceNotFound:
        known = {voice_name(item.key, self._config.prefix) for item in self._audio_files()}
        by_fold = {name.casefold(): name for name in known | set(self.bundled())}
        wanted = split_extension(voice.removeprefix(self._config.prefix))[0].casefold()
        near = difflib.get_close_matches(wanted[:100], by_fold, n=3, cutoff=0.5)
        names = ", ".join(by_fold[name] for name in near)
        looked = " and ".join(split_extension(key)[0] + _shown_extension(key) for key in keys)
        return VoiceNotFound(
            f"There is no voice {show(voice)}; looked for {looked}.",
            f"Nearest names: {names}." if names else "Upload it, or call `list_voices`.",
        )

    def _audio_files(self) -> Iterator[ObjectInfo]:
        try:
            yield from (item for item in self.library() if split_extension(item.key)[1])
        except StorageDenied:
            return  # no names to propose; the voice itself was looked for by HEAD

    def _bundled_path(self, voice: str) -> Path | None:
        stem, extension = split_extension(voice)
        path = self.bundled().get(stem)
        matches = path is not None and extension in ("", path.suffix[1:].lower())
        return path if matches else None

    def _file(self, path: Path) -> Located:
        sidecars = tuple(
            Sidecar(beside.name, beside.read_bytes)
            for extension in EXTENSIONS
            if (beside := path.with_suffix(f".{extension}")).is_file()
        )
        looked = tuple(f"{path.stem}.{extension}" for extension in EXTENSIONS)
        stamp = f"{path.stat().st_size}:{path.stat().st_mtime_ns}"
        return Located(path.stem, path.name, stamp, path.read_bytes, sidecars, looked)

    def _inline(self, voice: dict[str, str]) -> Located:
        try:
            data = decode_audio(voice.get("audio_base64"), self._config.max_bytes)
        except ValueError as exc:
            raise VoiceUnusable(
                f"`audio_base64` {exc}.",
                "Give a whole file of at most MAX_VOICE_BYTES.",
            ) from exc
        return Located(INLINE, INLINE, hashlib.sha256(data).hexdigest(), lambda: data)

    def _link(self, url: str) -> Located:
        data = fetch(
            url,
            FetchRules(
                self._config.max_bytes,
                allow_http=self._config.allow_http,
                allow_private=self._config.allow_private_urls,
            ),
        )
        plain = _no_query(url)
        name = split_extension(plain.rstrip("/").rpartition("/")[2])[0] or "link"
        return Located(name, plain, hashlib.sha256(data).hexdigest(), lambda: data)

    def _stored(
        self, storage: Storage, key: str, *, prefix: str = "", label: str = ""
    ) -> Located | None:
        near = siblings(storage, key)
        audio = choose(key, near)
        if not audio:
            return None
        found = audio[0]
        stem = split_extension(found.key)[0]
        beside = {
            item.key.rpartition(".")[2].lower(): item
            for item in near
            if is_transcript(item.key, stem)
        }
        warnings: tuple[str, ...] = ()
        if len(audio) > 1:
            others = ", ".join(item.key for item in audio[1:])
            warnings = (f"The voice was read from {label}{found.key}; there is also {others}.",)

        def read() -> bytes:
            if found.size > self._config.max_bytes:
                raise VoiceUnusable(
                    f"The voice {label}{found.key} has {found.size} bytes; at most "
                    f"{self._config.max_bytes} are allowed.",
                    "Give a shorter or compressed file, or raise MAX_VOICE_BYTES.",
                )
            try:
                return storage.get(found.key, max_bytes=self._config.max_bytes)
            except ObjectNotFound as exc:
                raise VoiceNotFound(
                    f"The voice {label}{found.key} was deleted.", "Upload it again."
                ) from exc

        return Located(
            voice_name(found.key, prefix),
            label + found.key,
            ";".join(
                f"{item.key}:{item.etag}:{item.size}:{item.last_modified.timestamp()}"
                for item in (found, *beside.values())
            ),
            read,
            tuple(
                _stored_sidecar(storage, beside[extension].key, label)
                for extension in EXTENSIONS
                if extension in beside
            ),
            tuple(f"{label}{stem}.{extension}" for extension in EXTENSIONS),
            lambda: _sidecars_of_any_case(storage, stem, label),
            warnings,
        )


def _stored_sidecar(storage: Storage, key: str, label: str) -> Sidecar:
    def read() -> bytes:
        try:
            return storage.get(key, max_bytes=MAX_BYTES)
        except (ObjectNotFound, InvalidInput) as exc:
            raise TranscriptMissing(
                f"The transcript {label}{key} cannot be used: {exc.message}",
                "Upload it again, or give the words in `ref_text`.",
            ) from exc

    return Sidecar(label + key, read)


def _sidecars_of_any_case(storage: Storage, stem: str, label: str) -> tuple[Sidecar, ...]:
    directory = stem[: stem.rfind("/") + 1]
    try:
        keys = [item.key for item in storage.list(directory)]
    except StorageDenied:
        return ()
    found = {
        key.rpartition(".")[2].lower(): key
        for key in keys
        if is_transcript(key.casefold(), stem.casefold())
    }
    return tuple(
        _stored_sidecar(storage, found[extension], label)
        for extension in EXTENSIONS
        if extension in found
    )


def _shown_extension(key: str) -> str:
    extension = split_extension(key)[1]
    return f".{extension}" if extension else f".{{{','.join(AUDIO_EXTENSIONS[:5])}}}"


def _no_query(voice: str) -> str:
    return voice.partition("?")[0].partition("#")[0]
