"""wav and aiff files whose header does not fit what they hold, mended before libsndfile sees them.

What is there is used: sizes of 0, of 0xFFFFFFFF, too small or a little too large are what programs
write that stream, crash or count wrong. Where seconds are missing the file is cut off.
"""

from __future__ import annotations

from dataclasses import replace

from worker.audio.layout import Layout, Mended, Order, cut, goes_on, told_more
from worker.audio.packing import are_fractions

MOST_CHUNKS = 10_000  # that are looked through: 0.01 s
_STREAMED = 0x7FFF_0000  # sizes from here on mean "unknown"
_SLACK_S = 0.05  # so much less than promised is an error of counting
_HEARD_S = 0.5  # so much left out is worth a warning
_PACKED = 4 << 20  # bytes by which packing is told
_FRACTIONS = (
    "Its header says whole numbers of 32 bits, but its samples are fractions, and were read so. "
    "Export it as 16-bit wav if it sounds wrong."
)
_PLAIN = (1, 3, 6, 7, 0xFFFE)  # PCM, float, A-law, mu-law, and any of these by a longer name
_TAIL = (b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"_PMX", b"smpl", b"ANNO", b"NAME")


def mended(data: bytes) -> Mended:
    """`data`, or the same sound under a header that fits it."""
    if data[:4] in (b"RIFF", b"RIFX", b"RF64") and data[8:12] == b"WAVE":
        layout, rebuilt = _wav_layout(data), _wav
    elif data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        layout, rebuilt = _aiff_layout(data), _aiff
    else:
        return Mended(data)
    if layout is None:
        return Mended(data, lacks="no audio follows its header")
    if _says_whole(layout) and are_fractions(data[layout.at : layout.at + _PACKED], layout.order):
        fmt = (3).to_bytes(2, layout.order) + layout.fmt[2:]
        again = mended(_wav(data, replace(layout, fmt=fmt), len(data)))
        return replace(again, warning=again.warning or _FRACTIONS)
    there = len(data) - layout.at
    end, warning = _end(data, layout)
    second = layout.second
    if layout.size is not None and layout.size > there + _SLACK_S * second:
        return cut(rebuilt(data, layout, len(data)), layout, there)
    if layout.clean and layout.size == end - layout.at:
        return Mended(data, warning=warning)
    return Mended(rebuilt(data, layout, end), warning=warning)


def _says_whole(layout: Layout) -> bool:
    tag, channels = (int.from_bytes(layout.fmt[at : at + 2], layout.order) for at in (0, 2))
    return tag == 1 and layout.block == 4 * channels and not layout.common


def _end(data: bytes, layout: Layout) -> tuple[int, str]:
    """Where the sound ends, and a warning if that is neither the header's word nor the file's end
    by a little."""
    size, at = layout.size, layout.at
    if size is None or at + size >= len(data):
        return (_tail(data, at, layout.order) if size is None else len(data)), ""
    after = at + size
    second = layout.second
    for behind in (after, after + size % 2):
        if _is_chain(data, behind, layout.order):
            more = _more(data, behind, layout.order) / second
            return after, "" if more < _HEARD_S else (
                f"Another {more:.2f} s of sound follow its {size / second:.2f} s in a part of "
                "their own and were left out. Export it as one piece."
            )
    left = (len(data) - after) / second
    if goes_on(data, layout, after):
        end = _tail(data, after, layout.order)
        return end, told_more(layout, end - at)
    if left < _HEARD_S:
        return after, ""
    return after, (
        f"{len(data) - after} bytes after its {size / second:.2f} s of audio do not look like "
        "sound and were left out. Export it again if its end is missing."
    )


def _tail(data: bytes, begin: int, order: Order) -> int:
    """Where known chunks begin that reach to the file's very end; else that end."""
    found = [at for name in _TAIL if (at := data.rfind(name, begin)) >= 0]
    return min((at for at in found if _is_chain(data, at, order)), default=len(data))


def _is_chain(data: bytes, at: int, order: Order) -> bool:
    """Whether nothing, or nothing but chunks follow from `at`."""
    for _ in range(MOST_CHUNKS):
        if at + 8 > len(data) or not _is_name(data[at : at + 4]):
            break
        size = int.from_bytes(data[at + 4 : at + 8], order)
        at += 8 + size + size % 2
    return at in (len(data), len(data) + 1)


def _more(data: bytes, at: int, order: Order) -> int:
    """Bytes of further sound in the chunks from `at`."""
    found = 0
    for _ in range(MOST_CHUNKS):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], order)
        if name in (b"data", b"SSND", b"RIFF", b"FORM") or data[at + 8 : at + 12] == b"wavl":
            found += min(size, len(data) - at - 8)
        at += 8 + size + size % 2
        if at + 8 > len(data):
            break
    return found


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= byte < 127 for byte in name)


def _chunks(data: bytes, order: Order, last: bytes) -> tuple[dict[bytes, tuple[int, int]], bool]:
    """Each chunk's body (begin, size) up to `last`, and whether all stood where they should."""
    found: dict[bytes, tuple[int, int]] = {}
    at, clean = 12, True
    for _ in range(MOST_CHUNKS):
        if last in found or at + 8 > len(data):
            break
        name = data[at : at + 4]
        size = int.from_bytes(data[at + 4 : at + 8], order)
        if not _is_name(name) or (name != last and at + 8 + size > len(data)):
            clean = False
            wanted = last if b"fmt " in found or b"COMM" in found else b"fmt "
            # A byte back: a chunk of odd length may lack its padding. Never twice at one place.
            at = data.find(wanted, at + 1 if name == wanted else max(12, at - 1))
            if at < 0:
                break
            continue
        found.setdefault(name, (at + 8, size))
        at += 8 + size + size % 2
    if last not in found and (at := data.find(last, 12)) > 0 and at + 8 <= len(data):
        found[last], clean = (at + 8, int.from_bytes(data[at + 4 : at + 8], order)), False
    return found, clean


def _wav_layout(data: bytes) -> Layout | None:
    order: Order = "big" if data[:4] == b"RIFX" else "little"
    chunks, clean = _chunks(data, order, b"data")
    if b"data" not in chunks or b"fmt " not in chunks:
        return None
    begin, length = chunks[b"fmt "]
    fmt = data[begin : begin + length]
    at, size = chunks[b"data"]
    if data[:4] == b"RF64" and b"ds64" in chunks:
        wide = chunks[b"ds64"][0] + 8
        size = int.from_bytes(data[wide : wide + 8], order)
        clean = clean and size < _STREAMED
    channels = int.from_bytes(fmt[2:4], order)
    block = int.from_bytes(fmt[12:14], order) or channels * int.from_bytes(fmt[14:16], order) // 8
    rate = int.from_bytes(fmt[4:8], order)
    second = block * rate
    if int.from_bytes(fmt[:2], order) not in _PLAIN:  # a block may hold many frames
        second = int.from_bytes(fmt[8:12], order)
    layout = Layout(order, fmt, at, size, clean, max(1, block), max(1, second))
    return _unless_streamed(data, layout)


def _aiff_layout(data: bytes) -> Layout | None:
    chunks, clean = _chunks(data, "big", b"SSND")
    if b"SSND" not in chunks or b"COMM" not in chunks:
        return None
    common = chunks[b"COMM"][0]
    channels = int.from_bytes(data[common : common + 2], "big")
    width = -(-int.from_bytes(data[common + 6 : common + 8], "big") // 8)
    exponent, mantissa = data[common + 8 : common + 10], data[common + 10 : common + 14]
    shift = 16_383 + 31 - (int.from_bytes(exponent, "big") & 0x7FFF)
    rate = int.from_bytes(mantissa, "big") >> shift if 0 <= shift < 32 else 0
    at, size = chunks[b"SSND"]
    if at + 8 > len(data):  # cut within its head: there is no sound to mend
        return None
    plain = data[8:12] == b"AIFF"
    fmt = (1 if plain else 0).to_bytes(2, "big") + channels.to_bytes(2, "big")
    block = max(1, channels * width)
    second = max(1, block * rate)
    sound = Layout("big", fmt, at + 8, max(0, size - 8), clean, block, second, common + 2)
    return _unless_streamed(data, sound)


def _unless_streamed(data: bytes, layout: Layout) -> Layout:
    size = layout.size or 0
    empty = size == 0 and _is_chain(data, layout.at, layout.order)
    unknown = (size >= _STREAMED and layout.at + size > len(data)) or (size == 0 and not empty)
    return replace(layout, size=None) if unknown else layout


def _wav(data: bytes, layout: Layout, end: int) -> bytes:
    order = layout.order
    fmt = layout.fmt + b"\0" * (len(layout.fmt) % 2)
    sound = memoryview(data)[layout.at : end]
    body = b"WAVEfmt " + len(layout.fmt).to_bytes(4, order) + fmt
    body += b"data" + len(sound).to_bytes(4, order)
    size = len(body) + len(sound) + len(sound) % 2
    name = b"RIFX" if order == "big" else b"RIFF"
    return b"".join((name, size.to_bytes(4, order), body, sound, b"\0" * (len(sound) % 2)))


def _aiff(data: bytes, layout: Layout, end: int) -> bytes:
    out = bytearray(data[:end])
    frames = (end - layout.at) // layout.block
    out[layout.common : layout.common + 4] = frames.to_bytes(4, "big")
    out[layout.at - 12 : layout.at - 8] = (end - layout.at + 8).to_bytes(4, "big")
    out[4:8] = (end - 8).to_bytes(4, "big")
    return bytes(out)
