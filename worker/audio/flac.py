"""flac files whose head counts fewer samples than they hold: libsndfile would stop there.

Source of the layout: RFC 9639, sections 8.2 and 9.1.
"""

from __future__ import annotations

import re

_TOTAL = slice(21, 26)  # its lower 36 bits count the samples of a channel
_UNKNOWN = 0
_BEGIN = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")  # and the head of its first block
_TAIL = 1 << 20  # bytes from the end in which the last frame begins
_MOST_TRIES = 2_000
# By the codes in the third byte of a frame's head: samples of the frame; bytes at the head's end
# that say its size, and its rate.
_SIZES = {1: 192} | {n: 144 << n for n in range(2, 6)} | {n: 1 << n for n in range(8, 16)}
_SIZE_BYTES, _RATE_BYTES = {6: 1, 7: 2}, {12: 1, 13: 2, 14: 2}
_NUMBER = 4  # where the number of a frame, or of its first sample, begins


def mended(data: bytes) -> bytes:
    """`data`, without its count of samples where its last frame begins beyond that."""
    if len(data) < 46 or data[4] & 0x7F:
        return data
    total = int.from_bytes(data[_TOTAL], "big") & 0xF_FFFF_FFFF
    fixed = int.from_bytes(data[10:12], "big")
    first = data[: next(iter(beginnings(data)[1:]), None)]
    if total == _UNKNOWN or _last_begin(first, fixed) < total:
        return data
    return b"".join((data[:21], bytes((data[21] & 0xF0, 0, 0, 0, 0)), data[26:]))


def beginnings(data: bytes) -> list[int]:
    """Where a flac file begins in `data`: more than once where files were joined."""
    return [found.start() for found in _BEGIN.finditer(data)]


def _last_begin(data: bytes, fixed: int) -> int:
    """The first sample of the last frame, -1 where none is found; `fixed`: samples of a frame."""
    at = len(data)
    for _ in range(_MOST_TRIES):
        at = data.rfind(b"\xff", max(42, len(data) - _TAIL), at)
        if at < 0:
            break
        begin = _begin(data[at : at + 16], fixed)
        if begin >= 0:
            return begin
    return -1


def _begin(head: bytes, fixed: int) -> int:
    """The first sample of a frame that begins with `head`, -1 for anything else."""
    if len(head) < 6 or head[1] not in (0xF8, 0xF9) or head[3] & 1 or head[2] < 0x10:
        return -1
    counts_samples, size, rate = head[1] == 0xF9, head[2] >> 4, head[2] & 15
    number, length = _number(head[_NUMBER:])
    end = _NUMBER + length + _SIZE_BYTES.get(size, 0) + _RATE_BYTES.get(rate, 0)
    if not length or end >= len(head) or _crc8(head[:end]) != head[end]:
        return -1
    return number if counts_samples else number * (fixed or _SIZES.get(size, 0))


def _number(coded: bytes) -> tuple[int, int]:
    """A number of up to 36 bits, coded as UTF-8 codes characters, and how many bytes that takes;
    (0, 0) for anything else."""
    ones = 8 - (coded[0] ^ 0xFF).bit_length()  # the 1s it begins with: how many bytes there are
    length = max(1, ones)
    if ones in (1, 8) or len(coded) < length:
        return 0, 0
    number = coded[0] & 0x7F >> ones
    for byte in coded[1:length]:
        number = number << 6 | byte & 0x3F
    return number, length


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc
