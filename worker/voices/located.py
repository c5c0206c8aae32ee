"""A voice that was found, its audio not read yet, and the transcripts beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from errors import TranscriptMissing
from worker.phrases import here
from worker.subtitles.read import EXTENSIONS


@dataclass(frozen=True)
class TranscriptFile:
    """A transcript beside a voice, not read yet. `key` as messages name it."""

    key: str
    read: Callable[[], bytes]

    @property
    def timed(self) -> bool:
        """True if it says when its words are spoken."""
        return not self.key.lower().endswith(".txt")


@dataclass(frozen=True, kw_only=True)
class Located:
    """A voice that was found.

    `source` is where, for messages; `stamp` changes when the audio or a transcript does.
    `read` gives the audio file; it raises VoiceNotFound or VoiceUnusable (deleted meanwhile, or too
    large) and StorageError. `beside` gives the transcripts beside it, the preferred one first;
    `stem`: they are looked for at `{stem}.txt` and so on, empty where there can be none; `noted`
    those that are known without looking. `record` gives the voice's record as stored, None if it
    has none; `ours`: it comes with the worker; `in_library`: it is one of the library's own.
    """

    name: str
    source: str
    stamp: str
    read: Callable[[], bytes]
    beside: Callable[[], Sequence[TranscriptFile]] = tuple
    noted: Callable[[], Sequence[TranscriptFile]] = tuple
    stem: str = ""
    record: Callable[[], bytes | None] = lambda: None
    ours: bool = False
    in_library: bool = False
    warnings: tuple[str, ...] = ()

    def transcripts(self) -> Sequence[TranscriptFile]:
        """The transcripts beside it, at least one. Raises TranscriptMissing: there is none; names
        the keys looked for."""
        if found := self.beside():
            return found
        if not self.stem:
            raise TranscriptMissing(
                f"The voice {self.name} came without its words.",
                f"Give them in {here('`ref_text`')}.",
            )
        looked_for = ", ".join(f"{self.stem}.{extension}" for extension in EXTENSIONS)
        raise TranscriptMissing(
            f"The voice {self.name} has no transcript; looked for {looked_for}.",
            f"Give its words in {here('`ref_text`')}, or put one of these files beside it.",
        )


def sent_voice(name: str, source: str, data: bytes) -> Located:
    """A voice that came with the job or from a link: its bytes are here, and are its stamp."""
    stamp = hashlib.sha256(data).hexdigest()
    return Located(name=name, source=source, stamp=stamp, read=lambda: data)


def bundled_voice(path: Path) -> Located:
    """The voice in a file of the worker's own."""

    def beside() -> Sequence[TranscriptFile]:
        files = (path.with_suffix(f".{extension}") for extension in EXTENSIONS)
        return [TranscriptFile(file.name, file.read_bytes) for file in files if file.is_file()]

    stat = path.stat()
    return Located(
        name=path.stem,
        source=path.name,
        stamp=f"{stat.st_size}:{stat.st_mtime_ns}",
        read=path.read_bytes,
        beside=beside,
        noted=beside,
        stem=path.stem,
        ours=True,
    )
