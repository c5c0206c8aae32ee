"""mp3 files whose index is missing or wrong, mended so that libsndfile reads them to their end.

libsndfile asks the index at the start of an mp3 how long it is (`Xing`, `Info`). Without one it
takes the first frame's bit rate for that of all and stops where the sound would end then: with half
of a recording whose rate varies, and no word said.
"""

from __future__ import annotations

from dataclasses import dataclass

_MOST_FRAMES = 200_000  # 87 minutes at 44.1 kHz
_MOST_TRIES = 50_000  # places in a file where a frame might begin and does not: 0.05 s
_SURELY = 8  # frames in a row: sound of another kind may look like a few
_ID3_V1 = 128  # bytes of the tag at a file's end
_SLACK = 2  # frames: encoders count their index, or not
# kbit/s of layer III by index, MPEG 1 and 2.
_KBITS = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_RATES = (44_100, 48_000, 32_000)
_HALVED = {3: 0, 2: 1, 0: 2}  # how often, by version: MPEG 1, 2, 2.5
_FRAMES_FLAG, _BYTES_FLAG = 1, 2


@dataclass(frozen=True)
class _Frame:
    """The header of one frame; `size` in bytes with its header."""

    first: bool  # MPEG 1; else 2 or 2.5
    rate: int
    mono: bool
    kbits: int
    size: int

    @property
    def index_at(self) -> int:
        """Where an index stands in a frame that holds one."""
        if self.first:
            return 4 + (17 if self.mono else 32)
        return 4 + (9 if self.mono else 17)


@dataclass(frozen=True)
class _Walked:
    """What a walk from frame to frame has found, without a frame that only holds an index."""

    begin: int
    first: _Frame
    frames: int
    varies: bool
    broken: bool  # something else stands between its frames
    behind: int  # bytes behind its last frame
    plain: bool  # its first frame stands where the file begins, or behind its tag
    index: int | None  # where an index of a kind that can be mended begins
    promised: int | None  # frames, by the index

    @property
    def trails(self) -> bool:
        """Whether more follows its frames than one that is cut and a tag that libsndfile knows:
        without an index it takes that for sound and fails."""
        return (
            self.plain
            and self.frames >= _SURELY
            and not self.broken
            and self.behind > self.first.size + _ID3_V1
        )


def mended(data: bytes) -> bytes:
    """`data`, with an index that counts what is there if it is an mp3 that needs one."""
    walked = _walk(data)
    if walked is None:
        return data
    if walked.promised is None:
        return _with_index(data, walked) if walked.varies or walked.trails else data
    if walked.frames <= walked.promised + _SLACK:
        return data
    if walked.index is None:
        return _with_index(data, walked)
    at = walked.index + 8
    return b"".join((data[:at], walked.frames.to_bytes(4, "big"), data[at + 4 :]))


def unbroken(data: bytes) -> bool:
    """Whether `data` is an mp3 whose frames follow one another up to where it ends."""
    walked = _walk(data)
    return walked is not None and not walked.broken


def _with_index(data: bytes, walked: _Walked) -> bytes:
    first = walked.first
    version, kbits = (3, 5) if first.first else (_version(data[walked.begin + 1]), 8)
    header = bytearray(data[walked.begin : walked.begin + 4])
    header[1] = 0xE0 | version << 3 | 0b011  # layer III, without a checksum
    header[2] = kbits << 4 | header[2] & 0b1100  # 64 kbit/s, no padding
    size = _frame(bytes(header), 0)
    assert size is not None  # it has the first frame's version and rate
    frame = bytearray(size.size)
    frame[:4] = header
    body = (
        b"Xing"
        + (_FRAMES_FLAG | _BYTES_FLAG).to_bytes(4, "big")
        + walked.frames.to_bytes(4, "big")
        + (len(data) - walked.begin + size.size).to_bytes(4, "big")
    )
    frame[first.index_at : first.index_at + len(body)] = body
    return bytes(frame) + data[walked.begin :]


def _version(second: int) -> int:
    return second >> 3 & 3


def _walk(data: bytes) -> _Walked | None:
    """None: it is no mp3, or one of a size that is not looked through."""
    search = _Search(data)
    tag = behind_tag(data)
    begin = search.next(tag)
    first = _frame(data, begin) if begin is not None else None
    if begin is None or first is None:
        return None
    index, promised = _index(data, begin, first)
    if promised is not None:
        begin += first.size
        first = _frame(data, begin) or first
    frames, kbits, broken = 0, set(), False
    gap = False  # something else stood since the last frame
    end = begin
    at: int | None = begin
    while at is not None:
        frame = _frame(data, at)
        if frame is None or frame.rate != first.rate:
            gap = True
            at = search.next(at + 1)
            if not search.left:
                return None
            continue
        if at + frame.size > len(data):
            break
        frames += 1
        broken = broken or gap
        kbits.add(frame.kbits)
        if frames > _MOST_FRAMES:
            return None
        end = at = at + frame.size
    return _Walked(
        begin=begin,
        first=first,
        frames=frames,
        varies=len(kbits) > 1,
        broken=broken,
        behind=len(data) - end,
        plain=begin == tag,
        index=index,
        promised=promised,
    )


def behind_tag(data: bytes) -> int:
    """Where an ID3 tag ends; its length has 7 bits a byte."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return size + (20 if data[5] & 0x10 else 10)


class _Search:
    """Looks for frames in `data`; `left`: how many places it still tries in all."""

    def __init__(self, data: bytes) -> None:
        self._data, self.left = data, _MOST_TRIES

    def next(self, at: int) -> int | None:
        """Where the next frame begins that another one follows, or the end."""
        data = self._data
        while self.left and (at := data.find(b"\xff", at)) >= 0:
            self.left -= 1
            frame = _frame(data, at)
            if frame and (at + frame.size == len(data) or _frame(data, at + frame.size)):
                return at
            at += 1
        return None


def _frame(data: bytes, at: int) -> _Frame | None:
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE6 != 0xE2:
        return None
    second, third, fourth = data[at + 1 : at + 4]
    version, rate_index = _version(second), third >> 2 & 3
    first = version == 3
    kbits_index = third >> 4
    if version == 1 or rate_index == 3 or not 0 < kbits_index < 15:
        return None
    rate = _RATES[rate_index] >> _HALVED[version]
    kbits = _KBITS[not first][kbits_index]
    size = (144_000 if first else 72_000) * kbits // rate + (third >> 1 & 1)
    return _Frame(first, rate, fourth >> 6 == 3, kbits, size)


def _index(data: bytes, begin: int, first: _Frame) -> tuple[int | None, int | None]:
    """Where an index stands in the first frame, and how many frames it counts.

    (None, 0): it counts none, or it is a `VBRI` index, which is not mended in place.
    """
    at = begin + first.index_at
    if data[at : at + 4] in (b"Xing", b"Info"):
        if data[at + 7] & _FRAMES_FLAG:
            return at, int.from_bytes(data[at + 8 : at + 12], "big")
        return None, 0
    if data[begin + 36 : begin + 40] == b"VBRI":
        return None, int.from_bytes(data[begin + 50 : begin + 54], "big")
    return None, None
