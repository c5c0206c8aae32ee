"""Whether the end of an AU, W64 or CAF file is missing, of which libsndfile says nothing."""

from __future__ import annotations

from collections.abc import Callable

from worker.audio.riff import MOST_CHUNKS

_SLACK = 100  # bytes, a header's length: so much less is an error of counting
_UNKNOWN = 1 << 62  # sizes from here on mean that nobody knows
_UNKNOWN_AU = 0xFFFF_FFFF
_CAF_HEAD, _W64_SIZE_AT = 8, 16


def missing(data: bytes) -> str:
    """How much of the file is there, a clause; empty where it is whole or of another kind."""
    promised = next((size(data) for magic, size in _SIZES if data.startswith(magic)), None)
    if promised is None or promised <= len(data) + _SLACK:
        return ""
    return f"{len(data)} of {promised} bytes are there"


def _au(data: bytes) -> int | None:
    begin, size = (int.from_bytes(data[at : at + 4], "big") for at in (4, 8))
    return None if size == _UNKNOWN_AU else begin + size


def _w64(data: bytes) -> int | None:
    size = int.from_bytes(data[_W64_SIZE_AT : _W64_SIZE_AT + 8], "little")
    return size if size < _UNKNOWN else None


def _caf(data: bytes) -> int | None:
    at = _CAF_HEAD
    for _ in range(MOST_CHUNKS):
        if at + 12 > len(data):
            break
        size = int.from_bytes(data[at + 4 : at + 12], "big")
        if size >= _UNKNOWN:  # -1: the sound goes on to the file's end
            return None
        at += 12 + size
    return at


_SIZES: tuple[tuple[bytes, Callable[[bytes], int | None]], ...] = (
    (b".snd", _au),
    (b"riff.\x91\xcf\x11", _w64),
    (b"caff", _caf),
)
