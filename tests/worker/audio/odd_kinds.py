"""Voice files as programs, cameras and transfers leave them; `kinds` has them in its table."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from functools import partial

import numpy as np

from tests.worker.audio.made import RATE, encoded, speech
from tests.worker.audio.signals import as_file

Make = Callable[[], bytes]
_GUID = bytes.fromhex("000000001000800000aa00389b71")


def _pcm(kind: str = "<i2", channels: int = 1) -> bytes:
    scale = {"<i2": 32_767, "<i4": 1 << 30, "<f4": 1}[kind]
    return (speech(channels=channels) * scale).astype(kind).tobytes()


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _fmt(tag: int = 1, channels: int = 1, bits: int = 16, more: bytes = b"") -> bytes:
    block = channels * -(-bits // 8)
    head = struct.pack("<HHIIHH", tag, channels, RATE, RATE * block, block, bits)
    return _chunk(b"fmt ", head + more)


def _long(channels: int, mask: int, valid: int = 16) -> bytes:
    return struct.pack("<HHIH", 22, valid, mask, 1) + _GUID


def _wav(*chunks: bytes, riff: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return riff + struct.pack("<I", len(body) if size is None else size) + body


def _data(kind: str = "<i2", channels: int = 1) -> bytes:
    return _chunk(b"data", _pcm(kind, channels))


def _halves() -> tuple[bytes, bytes]:
    sound = _pcm()
    return sound[: len(sound) // 2], sound[len(sound) // 2 :]


def _wide(name: bytes) -> bytes:
    sound = _pcm()
    sizes = _chunk(b"ds64", struct.pack("<QQQI", 0, len(sound), len(sound) // 2, 0))
    return _wav(sizes, _fmt(), b"data\xff\xff\xff\xff" + sound, riff=name, size=0xFFFFFFFF)


def _plain() -> bytes:
    return _wav(_fmt(), _data())


def _tag(size: int) -> bytes:
    return b"ID3\3\0\0" + bytes((0, 0, size >> 7, size & 127)) + bytes(size)


def _mp3() -> bytes:
    return as_file(speech(), RATE, "MP3", "MPEG_LAYER_III")


def _flac(total: int | None = None, md5: bytes = b"") -> bytes:
    data = bytearray(as_file(speech(), RATE, "FLAC", "PCM_16"))
    data[26 : 26 + len(md5)] = md5
    if total is not None:
        data[21:26] = bytes((data[21] & 0xF0,)) + struct.pack(">I", total)
    return bytes(data)


def _vorbis() -> bytes:
    return as_file(speech(), RATE, "OGG", "VORBIS")


def _av(muxer: str, codec: str, rate: int = 48_000, channels: int = 1, **how: str) -> Make:
    return lambda: encoded(muxer, codec, speech(rate, channels=channels), rate, options=how)


def _centre(muxer: str, codec: str) -> bytes:
    samples = np.zeros((96_000, 6))
    samples[:, 2] = speech(48_000)[:, 0]
    return encoded(muxer, codec, samples, 48_000)


def _ts() -> bytes:
    return encoded("mpegts", "aac", speech(48_000), 48_000)


def _with_times(ts: bytes) -> bytes:
    return b"".join(b"\0\0\0\0" + ts[at : at + 188] for at in range(0, len(ts), 188))


# Read as they are.
RIGHT: dict[str, Make] = {
    "wav, bext, iXML and JUNK first": lambda: _wav(
        *(_chunk(b"JUNK", bytes(28)), _chunk(b"bext", b"x" * 603), _chunk(b"iXML", b"<BWFXML/>")),
        *(_fmt(), _data()),
    ),
    "wav, LIST between": lambda: _wav(_fmt(), _chunk(b"LIST", b"INFOISFT\4\0\0\0Lavf"), _data()),
    "wav, fact, PEAK and tags": lambda: _wav(
        *(_fmt(), _chunk(b"fact", bytes(4)), _chunk(b"PEAK", bytes(16)), _data()),
        *(_chunk(b"LIST", b"INFO"), _chunk(b"id3 ", b"ID3\3\0\0\0\0\0\0")),
    ),
    "wav, sound of odd size": lambda: _wav(_fmt(), _chunk(b"data", _pcm() + b"\1")),
    "wav, a chunk without its padding": lambda: _wav(_fmt(), b"JUNK\3\0\0\0abc", _data()),
    "wav, a long format of PCM": lambda: _wav(_fmt(more=bytes(24)), _data()),
    "wav, no speakers named": lambda: _wav(_fmt(0xFFFE, more=_long(1, 0)), _data()),
    "wav, speakers of no kind": lambda: _wav(
        _fmt(0xFFFE, 2, more=_long(2, 1 << 31)), _data(channels=2)
    ),
    "wav, more speakers than channels": lambda: _wav(_fmt(0xFFFE, more=_long(1, 63)), _data()),
    "wav, 24 bits in 32": lambda: _wav(_fmt(0xFFFE, 1, 32, _long(1, 4, 24)), _data("<i4")),
    "wav, 12 bits in 16": lambda: _wav(_fmt(bits=12), _data()),
    "wav, a wrong size of all": lambda: _wav(_fmt(), _data(), size=100),
    "wav, a tag in front": lambda: _tag(8_000) + _plain(),
    "bw64": partial(_wide, b"BW64"),
    "rf64 by hand": partial(_wide, b"RF64"),
    "mp3, APE tag behind": lambda: (
        _mp3() + b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 1 << 31) + bytes(8)
    ),
    "mp3, lyrics behind": lambda: (
        _mp3() + b"LYRICSBEGIN" + b"x" * 300 + b"LYRICSEND" + b"TAG" + bytes(125)
    ),
    "mp3, a large picture in front": lambda: _tag(16_000) + _mp3(),
    "mp3, two tags": lambda: _tag(16) + _tag(16) + _mp3(),
    "flac, no checksum": partial(_flac, md5=bytes(16)),
    "flac, a wrong checksum": partial(_flac, md5=bytes(range(16))),
    "flac, nobody knows how long": partial(_flac, 0),
    "flac, said to be shorter": partial(_flac, 24_000),
    "flac, a tag in front": lambda: _tag(8_000) + _flac(),
    "flac, a tag behind": lambda: _flac() + b"TAG" + bytes(125),
    "ogg, a tag in front": lambda: _tag(8_000) + _vorbis(),
    "mp4 in fragments": _av("mp4", "aac", movflags="frag_keyframe+empty_moov+default_base_moof"),
    "mp4 for DASH": _av("mp4", "aac", movflags="dash+frag_every_frame"),
    "webm of a live recorder": _av("webm", "libopus", live="1"),
    "ts begun within a packet": lambda: _ts()[188 * 7 + 50 :],
    "ts with times, as cameras write": lambda: _with_times(_ts()),
    "ts with ac3": _av("mpegts", "ac3"),
    "ts with opus": _av("mpegts", "libopus"),
    "mov with ima4": _av("mov", "adpcm_ima_qt"),
    "mov with sowt": _av("mov", "pcm_s16le"),
    "aiff-c sowt": _av("aiff", "pcm_s16le"),
    "aiff-c fl32": _av("aiff", "pcm_f32be"),
    "au with doubles": _av("au", "pcm_f64be"),
    "caf with mu-law": _av("caf", "pcm_mulaw"),
    "wav with mp3": _av("wav", "libmp3lame", 44_100),
    "wav with ac3": _av("wav", "ac3"),
    "wav with G.726": _av("wav", "g726", 8_000),
    "wav with G.722": _av("wav", "g722", 16_000),
    "avi with ac3": _av("avi", "ac3"),
    "asf with wma 1": _av("asf", "wmav1", 44_100),
    "flv with nellymoser": _av("flv", "nellymoser", 44_100),
    "3g2 with aac": _av("3g2", "aac"),
    "vob": _av("vob", "ac3"),
    "mp3 without an index": _av("mp3", "libmp3lame", 44_100, write_xing="0"),
}
# Read with a warning that holds this.
WARNED: dict[str, tuple[Make, str]] = {
    "wav, fractions said to be whole": (lambda: _wav(_fmt(bits=32), _data("<f4")), "fractions"),
    "ac3, the voice in the centre": (partial(_centre, "ac3", "ac3"), "channel 3"),
    "eac3, the voice in the centre": (partial(_centre, "matroska", "eac3"), "channel 3"),
    "m4a, the voice in the centre": (partial(_centre, "ipod", "aac"), "channel 3"),
    "ogg, two recordings": (lambda: _vorbis() + _vorbis(), "2 recordings"),
    "flac, two recordings": (lambda: _flac() + _flac(), "2 recordings"),
    "mp4, three recordings": (lambda: _av("mp4", "aac")() * 3, "3 recordings"),
    "au, two recordings": (lambda: _av("au", "pcm_s16be")() * 2, "Another recording follows"),
    "caf, two recordings": (lambda: _av("caf", "pcm_s16be")() * 2, "Another recording follows"),
    "w64, two recordings": (lambda: _av("w64", "pcm_s16le")() * 2, "Another recording follows"),
    "wav, another wav behind it": (lambda: _plain() + _plain(), "2.00 s of sound follow"),
    "wav, two parts": (lambda: _wav(_fmt(), _data(), _data()), "2.00 s of sound follow"),
}
# Refused with this.
REFUSED: dict[str, tuple[Make, str]] = {
    "wav, its format behind": (lambda: _wav(_data(), _fmt()), "cut off"),
    "wav in text mode": (lambda: _plain().replace(b"\n", b"\r\n"), "changed its line ends"),
    "a page with Windows' line ends": (lambda: b"<html>\r\n" + b"<p>\r\n" * 99, "an HTML page"),
    "wav in base64": (lambda: base64.b64encode(_plain()), "plain text"),
    "wav behind a head of HTTP": (lambda: b"HTTP/1.1 200 OK\r\n\r\n" + _plain(), "cannot be read"),
    "wav as UTF-8": (lambda: _plain().decode("latin-1").encode(), "cannot be read"),
    "wav of no channel": (lambda: _wav(_fmt(channels=0), _data()), "cannot be read"),
    "flac, said to be longer": (partial(_flac, 96_000), "cut off"),
    "mp4 without its index": (lambda: _av("mp4", "aac")()[:9_000], "cannot be read"),
    "webm without its head": (lambda: _av("webm", "libopus")()[200:], "cannot be read"),
    "raw samples": (partial(_pcm, "<i2"), "cannot be read"),
}
