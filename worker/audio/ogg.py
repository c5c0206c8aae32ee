"""Ogg files that are the same bytes for the same sound: libsndfile gives each a random serial.

Source of the page layout and its checksum: RFC 3533, section 6.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

_MAGIC = b"OggS"
_SERIAL, _CHECKSUM, _SEGMENTS, _LACING = 14, 22, 26, 27  # bytes from a page's beginning
_NONE = b"\0\0\0\0"
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ONES = 0xFFFFFFFF


def with_fixed_serial(file: bytes) -> bytes:
    """`file` with a serial that follows from its content, and checksums to match. A serial tells
    streams within one file apart; these files hold a single one."""
    pages = list(_pages(file))
    serial = zlib.crc32(b"".join(page[_LACING:] for page in pages)).to_bytes(4, "little")
    return b"".join(_sealed(page, serial) for page in pages)


def _pages(file: bytes) -> Iterator[bytes]:
    start = 0
    while file.startswith(_MAGIC, start):
        lacing_end = start + _LACING + file[start + _SEGMENTS]
        end = lacing_end + sum(file[start + _LACING : lacing_end])
        yield file[start:end]
        start = end
    if start != len(file):
        raise ValueError("not a whole Ogg file")


def _sealed(page: bytes, serial: bytes) -> bytes:
    page = page[:_SERIAL] + serial + page[_SERIAL + 4 : _CHECKSUM] + _NONE + page[_CHECKSUM + 4 :]
    return page[:_CHECKSUM] + _checksum(page).to_bytes(4, "little") + page[_CHECKSUM + 4 :]


def _checksum(page: bytes) -> int:
    """Ogg's CRC-32: zlib's polynomial with the bits the other way round, from 0, not inverted."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), _ONES) ^ _ONES
    return int(f"{mirrored:032b}"[::-1], 2)
