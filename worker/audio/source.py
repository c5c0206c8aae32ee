"""An open voice file, read block by block with soundfile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

from numpy.typing import NDArray

# Of a block. With another number libmpg123 makes other samples of some files: clips would change.
_FRAMES = 1 << 16
UNKNOWN_FRAMES = 1 << 40  # from here on a length means that nobody knows


class Undecodable(Exception):
    """The library, or the process it runs in, cannot go on; `opened`: whether it had begun."""

    def __init__(self, reason: str, *, opened: bool) -> None:
        super().__init__(reason)
        self.reason, self.opened = reason, opened


@dataclass(frozen=True)
class Header:
    """What a file says of itself; `form` and `subtype` in libsndfile's words, of a file that FFmpeg
    reads its extension and the type of its samples; `track`: which of its sound tracks, from 1;
    `late`: seconds of the file before its sound begins, 0 where they are few."""

    rate: int
    channels: int
    frames: int
    form: str
    subtype: str
    track: int = 1
    tracks: int = 1
    late: float = 0.0


class Source(Protocol):
    """An open file."""

    @property
    def header(self) -> Header: ...

    def blocks(self) -> Iterator[NDArray[Any]]:
        """The file once from its start, (frames, channels), of the type `sample_type` names."""

    @property
    def gaps(self) -> bool:
        """Whether sound is known to be missing before its end; told when it was read."""


def sample_type(subtype: str) -> tuple[str, int]:
    """The type in which soundfile reads a subtype, and the width in bytes it is kept in."""
    if subtype in ("PCM_U8", "PCM_S8", "U8"):
        return "int16", 1
    if subtype in ("PCM_24", "PCM_32", "ALAC_24", "ALAC_32", "S32"):
        return "int32", 4
    if subtype in ("PCM_16", "ULAW", "ALAW", "ALAC_16", "S16"):
        return "int16", 2
    return "float32", 2


class _Here:
    """A file that this process decodes."""

    gaps = False

    def __init__(self, file: Any) -> None:
        self._file = file
        self.header = Header(file.samplerate, file.channels, file.frames, file.format, file.subtype)

    def blocks(self) -> Iterator[NDArray[Any]]:
        import soundfile

        dtype, _ = sample_type(self.header.subtype)
        begun = False
        try:
            while len(block := self._file.read(_FRAMES, dtype=dtype, always_2d=True)):
                begun = True
                yield block
        except soundfile.LibsndfileError as exc:
            # What was read of a flac is right, and its header says how much is not there.
            if begun and self.header.form == "FLAC" and self.header.frames < UNKNOWN_FRAMES:
                return
            raise Undecodable(_reason(exc), opened=True) from exc


@contextmanager
def opened_here(data: bytes) -> Iterator[Source]:
    """The file `data`, decoded by this process.

    Raises:
        Undecodable: it is none that libsndfile reads; `blocks` raises it too.
    """
    import soundfile  # loads libsndfile; the worker starts without it

    class Forward(soundfile.SoundFile):  # type: ignore[misc]
        """Not sought in where nobody knows its length, as of a flac that was streamed: soundfile
        seeks after each block, and libsndfile cannot then."""

        def seekable(self) -> bool:
            return bool(self.frames < UNKNOWN_FRAMES and super().seekable())

    try:
        file = Forward(BytesIO(data))
    except soundfile.LibsndfileError as exc:
        raise Undecodable(_reason(exc), opened=False) from exc
    with file:
        yield _Here(file)


def _reason(error: Any) -> str:
    return str(error.error_string).strip(" .")
