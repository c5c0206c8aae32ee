"""A voice that was found, its audio not read yet, and the transcripts beside it."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from errors import TranscriptMissing
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
class Located(ABC):
    """A voice that was found.

    `source` is where, for messages; `stamp` changes when the audio or a transcript does;
    `stem`: a transcript is looked for at `{stem}.txt` and so on, empty where none can be.
    """

    name: str
    source: str
    stamp: str
    stem: str = ""
    warnings: tuple[str, ...] = ()

    @abstractmethod
    def read(self) -> bytes:
        """The audio file.

        Raises:
            VoiceNotFound, VoiceUnusable: it was deleted meanwhile, or is too large.
            StorageError: the store cannot be asked.
        """

    def beside(self) -> Sequence[TranscriptFile]:
        """The transcripts beside it, the preferred one first."""
        return ()

    def transcripts(self) -> Sequence[TranscriptFile]:
        """The transcripts beside it, at least one.

        Raises:
            TranscriptMissing: there is none; names the keys looked for.
        """
        if found := self.beside():
            return found
        if not self.stem:
            raise TranscriptMissing(
                f"The voice {self.name} came without its words.", "Give them in `ref_text`."
            )
        looked_for = ", ".join(f"{self.stem}.{extension}" for extension in EXTENSIONS)
        raise TranscriptMissing(
            f"The voice {self.name} has no transcript; looked for {looked_for}.",
            "Give its words in `ref_text`, or put one of these files beside it.",
        )


@dataclass(frozen=True, kw_only=True)
class SentVoice(Located):
    """A voice that came with the job or from a link."""

    data: bytes

    def read(self) -> bytes:
        return self.data


def sent_voice(name: str, source: str, data: bytes) -> SentVoice:
    """A voice whose bytes are here; they are its stamp."""
    stamp = hashlib.sha256(data).hexdigest()
    return SentVoice(name=name, source=source, stamp=stamp, data=data)


@dataclass(frozen=True, kw_only=True)
class BundledVoice(Located):
    """A voice that comes with the worker."""

    path: Path

    def read(self) -> bytes:
        return self.path.read_bytes()

    def beside(self) -> Sequence[TranscriptFile]:
        files = (self.path.with_suffix(f".{extension}") for extension in EXTENSIONS)
        return [TranscriptFile(file.name, file.read_bytes) for file in files if file.is_file()]


def bundled_voice(path: Path) -> BundledVoice:
    """The voice in a file of the worker's own."""
    stat = path.stat()
    return BundledVoice(
        name=path.stem,
        source=path.name,
        stamp=f"{stat.st_size}:{stat.st_mtime_ns}",
        stem=path.stem,
        path=path,
    )
