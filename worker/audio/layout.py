"""Where the sound of a file without compression stands, and whether what follows is sound too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Order = Literal["little", "big"]
Values = NDArray[np.float64]

_LOOK = 1 << 16  # samples compared to tell sound from other bytes
_ROUGHEST = 1.0  # sound is smoother than noise, whose steps are sqrt(2) of its level
_LOUDER, _LOUD = 4.0, 0.3  # than what is before it: other bytes read as sound are near full scale
_FOREIGN = (b"ID3", b"TAG", b"APETAGEX", b"RIFF", b"PK\x03\x04", b"--", b"OggS", b"fLaC", b"\r\n--")


@dataclass(frozen=True)
class Mended:
    """A file to read; `lacks`: what of its audio is not there, of `declared_s` seconds, 0 where
    there is none at all; `warning`: what was left out or used against its header."""

    data: bytes
    lacks: str = ""
    declared_s: float = 0.0
    warning: str = ""


@dataclass(frozen=True)
class Layout:
    """Where things stand: `fmt` the body of the format's chunk, `at` the first byte of sound;
    `size` as promised, None where nobody knows; `clean`: every chunk followed the one before;
    `block` bytes a frame, `second` bytes a second; `common`: where an aiff counts its frames."""

    order: Order
    fmt: bytes
    at: int
    size: int | None
    clean: bool
    block: int
    second: int
    common: int = 0


def cut(data: bytes, layout: Layout, there: int) -> Mended:
    """A file of whose sound no more than `there` bytes are there."""
    if not layout.second:  # packed: nobody knows how long it is
        return Mended(data, f"{there} of {layout.size} bytes are there")
    said_s = (layout.size or 0) / layout.second
    return Mended(data, f"{there / layout.second:.2f} of {said_s:.2f} s are there", said_s)


def told_more(layout: Layout, there: int) -> str:
    """The warning where the header says less than the `there` bytes of sound that are there."""
    return (
        f"Its header says {(layout.size or 0) / layout.second:.2f} s of audio; "
        f"{there / layout.second:.2f} s are there and were used. Export it again if its end is "
        "not what you recorded."
    )


def goes_on(data: bytes, layout: Layout, after: int) -> bool:
    """Whether the bytes after the promised end are sound like those before."""
    if data[after : after + 8].startswith(_FOREIGN):
        return False
    after -= (after - layout.at) % layout.block
    before, rest = (
        _samples(data[begin:end], layout)
        for begin, end in (
            (max(layout.at, after - layout.block * _LOOK), after),
            (after, min(len(data), after + layout.block * _LOOK)),
        )
    )
    level, known = _level(rest), _level(before)
    if not level > 0 or len(rest) < 2:
        return False
    rough = _level(np.diff(rest, axis=0)) / level
    short = len(before) < layout.second // layout.block // 10  # to know the level by
    return rough < _ROUGHEST and (short or level < max(_LOUD, _LOUDER * known))


def _level(samples: Values) -> float:
    return float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0


def _samples(part: bytes, layout: Layout) -> Values:
    """(frames, channels) within -1..1; none where the format is not plain."""
    tag = int.from_bytes(layout.fmt[:2], layout.order)
    if tag == 0xFFFE and len(layout.fmt) >= 26:  # by its longer name
        tag = int.from_bytes(layout.fmt[24:26], layout.order)
    channels = max(1, int.from_bytes(layout.fmt[2:4], layout.order))
    width = layout.block // channels
    part = part[: len(part) // layout.block * layout.block]
    sign = "<" if layout.order == "little" else ">"
    if tag == 3 and width in (4, 8):
        with np.errstate(invalid="ignore"):
            values = np.frombuffer(part, f"{sign}f{width}").astype(np.float64)
        values = np.clip(np.nan_to_num(values), -9, 9)
    elif tag in (1, 0xFFFE) and width in (2, 4):
        values = np.frombuffer(part, f"{sign}i{width}") / float(1 << (8 * width - 1))
    elif tag in (1, 0xFFFE) and width == 3:
        raw = np.frombuffer(part, np.uint8).reshape(-1, 3)
        top = raw[:, ::-1] if layout.order == "little" else raw
        high = top[:, 0].astype(np.int8).astype(np.float64)
        values = high / 128 + top[:, 1] / 32768
    elif tag == 1 and width == 1 and layout.order == "big":  # those of wav look like a text
        values = np.frombuffer(part, np.int8) / 128.0
    else:
        return np.zeros((0, channels))
    return values.reshape(-1, channels)
