"""AU, W64 and CAF files whose header does not fit what they hold, as `riff` has it for wav:
libsndfile reads as much as the header says, and says nothing where that is not there."""

from __future__ import annotations

import struct
from collections.abc import Callable

from worker.audio.layout import Layout, Mended, Order, cut, goes_on, told_more
from worker.audio.riff import MOST_CHUNKS

_SLACK, _SLACK_S = 100, 0.05  # bytes or seconds: so much less is an error of counting
_ANOTHER = "Another recording follows it in the file and was left out. Export both as one piece."
_UNKNOWN = 1 << 62  # sizes from here on mean that nobody knows
_UNKNOWN_AU = 0xFFFF_FFFF
_CAF_HEAD, _W64_HEAD, _GUID = 8, 40, 16
_AU_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}  # a sample's, by its encoding
_FLOAT = 6
_FORMATS = {2: 1, 3: 1, 4: 1, 5: 1, 6: 3, 7: 3}  # of AU, in wav's words


def mended(data: bytes) -> Mended | None:
    """`data`, or the same sound under a size that fits it; None for files of other kinds."""
    find = next((find for magic, find in _KINDS if data.startswith(magic)), None)
    if find is None:
        return None
    try:
        found = find(data)
    except (struct.error, OverflowError):  # it ends within its head, or says it does far away
        found = None
    return Mended(data) if found is None else _fitted(data, *found)


def _fitted(data: bytes, layout: Layout, write: Callable[[bytes, int], bytes]) -> Mended:
    """`write` sets the size of the sound in bytes."""
    size, there = layout.size or 0, len(data) - layout.at
    if there <= 0 < size:
        return Mended(data, lacks="no audio follows its header")
    if size > there + max(_SLACK, _SLACK_S * layout.second):
        return cut(write(data, there), layout, there)
    after = layout.at + size
    if size and data.startswith(data[:8], after):
        return Mended(data[:after], warning=_ANOTHER)
    if size == 0 < there or (there > 0 and after < len(data) and goes_on(data, layout, after)):
        return Mended(write(data, there), warning=told_more(layout, there) if size else "")
    # Of a W64 libsndfile reads all that follows as sound.
    return Mended(data[:after] if layout.size and data.startswith(b"riff") else data)


def _layout(order: Order, tag: int, at: int, size: int, channels: int, width: int, rate: int,
            ) -> Layout:  # fmt: skip
    """`width` bytes a sample, 0 where it is packed."""
    fmt = tag.to_bytes(2, order) + channels.to_bytes(2, order)
    return Layout(order, fmt, at, size, True, max(1, channels * width), channels * width * rate)


_Found = tuple[Layout, Callable[[bytes, int], bytes]] | None


def _au(data: bytes) -> _Found:
    at, size, encoding, rate, channels = struct.unpack_from(">5I", data, 4)
    if size == _UNKNOWN_AU or not 0 < channels < 1 << 16:
        return None
    tag, width = _FORMATS.get(encoding, 0), _AU_BYTES.get(encoding, 0)
    layout = _layout("big", tag, at, size, channels, width, rate)
    return layout, lambda whole, there: whole[:8] + there.to_bytes(4, "big") + whole[12:]


def _w64(data: bytes) -> _Found:
    at, form = _W64_HEAD, b""
    for _ in range(MOST_CHUNKS):
        name, (size,) = data[at : at + 4], struct.unpack_from("<Q", data, at + _GUID)
        body = at + _GUID + 8
        if name == b"fmt ":
            form = data[body : body + 16]
        if name == b"data" or size < _GUID + 8:
            break
        at += size + -size % 8
    if name != b"data" or size >= _UNKNOWN or len(form) < 16:
        return None
    tag, channels, rate, _, block, _ = struct.unpack("<HHIIHH", form)
    place = at + _GUID
    size = max(0, size - _GUID - 8)
    layout = _layout("little", tag, body, size, channels, block // max(1, channels), rate)

    def write(whole: bytes, there: int) -> bytes:
        count = (there + _GUID + 8).to_bytes(8, "little")
        return whole[:place] + count + whole[place + 8 :]

    return layout, write


def _caf(data: bytes) -> _Found:
    at, form = _CAF_HEAD, b""
    for _ in range(MOST_CHUNKS):
        name, (size,) = data[at : at + 4], struct.unpack_from(">q", data, at + 4)
        if name == b"desc":
            form = data[at + 12 : at + 44]
        if name == b"data" or size < 0:
            break
        at += 12 + size
    if name != b"data" or size < 0 or len(form) < 32:
        return None
    rate, codec, flags, packet, _, channels, _ = struct.unpack(">d4s5I", form)
    if not 0 < channels < 1 << 16 or not 0 < rate < 1 << 24:
        return None
    if _more_chunks(data, at + 12 + size):
        return None
    tag = (3 if flags & 1 else 1) if codec == b"lpcm" else 0
    width = packet // channels
    order: Order = "little" if flags & 2 and width > 1 else "big"
    begin = at + 16  # behind the count of edits
    sound = _layout(order, tag, begin, max(0, size - 4), channels, width, int(rate))
    place = at + 4

    def write(whole: bytes, there: int) -> bytes:
        return whole[:place] + (there + 4).to_bytes(8, "big") + whole[place + 8 :]

    return sound, write


def _more_chunks(data: bytes, at: int) -> bool:
    """Whether chunks of CAF follow to the end, so that the size before is right."""
    begun = at
    for _ in range(MOST_CHUNKS):
        if at + 12 > len(data) or not data[at : at + 4].isascii():
            break
        at += 12 + int.from_bytes(data[at + 4 : at + 12], "big")
    return begun < at == len(data)


_KINDS: tuple[tuple[bytes, Callable[[bytes], _Found]], ...] = (
    (b".snd", _au),
    (b"riff.\x91\xcf\x11", _w64),
    (b"caff", _caf),
)
