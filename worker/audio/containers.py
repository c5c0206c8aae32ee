"""What holds a recording that soundfile does not read, and by what name FFmpeg knows it.

The name is always given to FFmpeg, and only names from here: asked to guess, it takes a text file
for a list of other files and opens those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from worker.audio.mpeg import behind_tag


@dataclass(frozen=True)
class Container:
    """`demuxer`: FFmpeg's name; `what` people call it, with its article; `extension`, no dot;
    `timed`: it notes how long its sound is, where others leave it to a guess."""

    demuxer: str
    what: str
    extension: str
    timed: bool = False


_MP4 = Container("mov", "an MP4, M4A or MOV file", "mp4", timed=True)
_MATROSKA = Container("matroska", "a WebM or Matroska file", "mkv", timed=True)
_AAC = Container("aac", "a raw AAC stream", "aac")
_LATM = Container("loas", "a raw AAC stream", "aac")
_TS = Container("mpegts", "an MPEG transport stream", "ts")

_BEGINS: tuple[tuple[bytes, Container], ...] = (
    (b"0&\xb2u\x8ef\xcf\x11", Container("asf", "a WMA or WMV file", "wma", timed=True)),
    (b"#!AMR", Container("amr", "an AMR recording", "amr")),
    (b"FLV\x01", Container("flv", "a Flash video", "flv")),
    (b"\x0bw", Container("ac3", "an AC-3 stream", "ac3")),
    (b"\x00\x00\x01\xba", Container("mpeg", "an MPEG film", "mpg")),
    (b"\x7f\xfe\x80\x01", Container("dts", "a DTS stream", "dts")),
    (b"TTA1", Container("tta", "a True Audio file", "tta", timed=True)),
    (b"wvpk", Container("wv", "a WavPack file", "wv", timed=True)),
    (b"MAC ", Container("ape", "a Monkey's Audio file", "ape", timed=True)),
)
# soundfile reads most of these; where it does not, because of what is inside, FFmpeg may.
_SECOND: tuple[tuple[bytes, Container], ...] = (
    (b"RIFF", Container("wav", "a wav file", "wav")),
    (b"RIFX", Container("wav", "a wav file", "wav")),
    (b"RF64", Container("wav", "a wav file", "wav")),
    (b"riff.\x91\xcf\x11", Container("w64", "a W64 file", "w64")),
    (b"OggS", Container("ogg", "an Ogg file", "ogg")),
    (b"FORM", Container("aiff", "an AIFF file", "aiff")),
    (b"caff", Container("caf", "a CAF file", "caf", timed=True)),
    (b".snd", Container("au", "an AU file", "au")),
    (b"fLaC", Container("flac", "a flac file", "flac")),
    (b"Creative Voice File", Container("voc", "a VOC file", "voc")),
)
_MP4_BRANDS = {b"M4A": "m4a", b"M4B": "m4a", b"3gp": "3gp", b"3g2": "3gp", b"qt ": "mov"}
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_TS_PACKET = 188
_LOOK = 8_192  # bytes before the first frame of raw AAC
_FRAMES = 4  # so many in a row are no accident


def container(data: bytes) -> Container | None:
    """What `data` begins like, if that is one of the kinds that only FFmpeg reads."""
    for magic, found in _BEGINS:
        if data.startswith(magic):
            return found
    for looks, found in _LOOKS:
        if looks(data):
            return _named(found, data)
    return None


def second_way(data: bytes) -> Container | None:
    """As what FFmpeg may read `data` where soundfile cannot."""
    found = next((found for magic, found in _SECOND if data.startswith(magic)), None)
    if found is None and _is_cut_ts(data):
        return _TS
    return _AAC if found is None and _aac_follows(data) else found


def is_known(data: bytes) -> bool:
    """Whether `data` begins with the mark of a kind that is no mp3."""
    return data.startswith((*(magic for magic, _ in _SECOND), b"NIST_1A", b"MATLAB"))


def accepted() -> str:
    """What is read here, a sentence for whoever sent something else."""
    usual, more = "wav, flac, mp3, ogg (opus, vorbis), aiff", "m4a, mp4, webm, mkv, amr, 3gp, wma"
    if installed():
        return f"Accepted are {usual}, {more} and other kinds that FFmpeg reads."
    return f"Accepted are {usual}; {more} with pip install -r requirements/decode.txt."


def installed() -> bool:
    """Whether PyAV, which holds FFmpeg, is there; it is not loaded."""
    return find_spec("av") is not None


def _named(found: Container, data: bytes) -> Container:
    if found is _MP4:
        extension = _MP4_BRANDS.get(data[8:11], "mp4") if data[4:8] == b"ftyp" else "mov"
    elif found is _MATROSKA:
        extension = "webm" if b"webm" in data[:64] else "mkv"
    else:
        extension = found.extension
    return Container(found.demuxer, found.what, extension, found.timed)


def _is_mp4(data: bytes) -> bool:
    return data[4:8] in _MP4_BOXES


def _is_aac(data: bytes) -> bool:
    """An ADTS frame has the same sync word as mp3, with layer 0. A tag may stand before it."""
    at = behind_tag(data)
    return len(data) > at + 1 and data[at] == 0xFF and data[at + 1] & 0xF6 == 0xF0


def _aac_follows(data: bytes) -> bool:
    """Whether ADTS frames, one behind the other, begin soon: other bytes may stand before them."""
    at = -1
    while (at := data.find(b"\xff", at + 1, _LOOK)) >= 0:
        here, count = at, 0
        while _is_aac(data[here : here + 2]) and count < _FRAMES:
            length = int.from_bytes(data[here + 3 : here + 6], "big") >> 5 & 0x1FFF
            here, count = here + max(7, length), count + 1
        if count == _FRAMES:
            return True
    return False


def _is_latm(data: bytes) -> bool:
    """Two frames of which the first gives its length in 13 bits."""
    if len(data) < 3 or data[0] != 0x56 or data[1] & 0xE0 != 0xE0:
        return False
    after = 3 + int.from_bytes(data[1:3], "big") % (1 << 13)
    return data[after : after + 1] in (b"", b"\x56")


def _is_ts(data: bytes) -> bool:
    return len(data) > 3 * _TS_PACKET and data[: 3 * _TS_PACKET : _TS_PACKET] == b"GGG"


def _is_cut_ts(data: bytes) -> bool:
    """A stream that begins within a packet, or has a time before each, as cameras write them."""
    return any(
        data[at : at + 5 * size : size] == b"GGGGG"
        for size in (_TS_PACKET, _TS_PACKET + 4)
        for at in range(size)
    )


_LOOKS: tuple[tuple[Callable[[bytes], bool], Container], ...] = (
    (_is_mp4, _MP4),
    (lambda data: data.startswith(b"\x1aE\xdf\xa3"), _MATROSKA),
    (lambda data: data[:4] == b"RIFF" and data[8:12] == b"AVI ", Container("avi", "a film", "avi")),
    (_is_aac, _AAC),
    (_is_latm, _LATM),
    (_is_ts, _TS),
)
