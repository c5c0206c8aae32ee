"""What stands around a recording in its file: a tag before it, other recordings behind it."""

from __future__ import annotations

from collections.abc import Iterator

from worker.audio import flac
from worker.audio.mpeg import behind_tag

_TAGGED = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"fLaC", b"OggS")
_MOST_PAGES = 200_000  # of an Ogg file that are looked at: 0.1 s
_MOST_BOXES = 10_000
_HEAD, _FLAGS, _SEGMENTS = 27, 5, 26  # bytes of a page of Ogg
_BEGINS = 2  # the flag of a page that begins a stream


def bare(data: bytes) -> bytes:
    """`data` without a tag of mp3 in front of another kind, and without a flac's wrong count; BW64
    by its older name, RF64: that is what libraries know."""
    at = behind_tag(data)
    if at and data.startswith(_TAGGED, at):
        data = data[at:]
    if data.startswith(b"BW64") and data[8:12] == b"WAVE":
        data = b"RF64" + data[4:]
    return flac.mended(data) if data.startswith(b"fLaC") else data


def left_out(data: bytes) -> str:
    """A sentence about recordings that follow the first in a file and are not read."""
    others = _others(data)
    if not others:
        return ""
    return (
        f"It holds {others + 1} recordings one after another, of which the first was used. Export "
        "them as one piece."
    )


def _others(data: bytes) -> int:
    """How many files of the same kind stand behind the first."""
    if data.startswith(b"OggS"):
        return _streams(data)
    if data.startswith(b"fLaC"):
        return len(flac.beginnings(data)) - 1
    if data[4:8] == b"ftyp":
        return sum(name == b"ftyp" for name in _boxes(data)) - 1
    return 0


def _boxes(data: bytes) -> Iterator[bytes]:
    """The names of the outermost boxes of an mp4 (ISO/IEC 14496-12, section 4.2)."""
    at = 0
    for _ in range(_MOST_BOXES):
        name, size = data[at + 4 : at + 8], int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if not name or size < 8:
            return
        yield name
        at += size


def _streams(data: bytes) -> int:
    """How many times streams of Ogg begin anew behind the first ones."""
    count, at, begun = 0, 0, False
    for _ in range(_MOST_PAGES):
        at = data.find(b"OggS", at)
        if at < 0 or at + _HEAD > len(data):
            break
        begins = bool(data[at + _FLAGS] & _BEGINS)
        count += begins and begun
        begun = not begins
        lacing = at + _HEAD + data[at + _SEGMENTS]
        at = lacing + sum(data[at + _HEAD : lacing])
    return count
