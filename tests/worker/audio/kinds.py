"""Kinds of voice file and what becomes of each: `python -m tests.worker.audio.kinds` prints them.

Not among them, for no encoder of theirs is at hand: AMR-WB, WMA Pro, Speex, DTS, QCELP. FFmpeg's
decoders for the first four are in the wheel; real files of these kinds were not tried.
"""

from __future__ import annotations

import gzip
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from errors import WorkerError
from tests.worker.audio import odd_kinds
from tests.worker.audio.made import RATE, SECONDS, encoded, silent_film, speech
from tests.worker.audio.signals import as_file
from worker.audio.clip import reference_clip
from worker.audio.decode import decode

RIGHT, REFUSED = "right", "VOICE_UNUSABLE"


@dataclass(frozen=True)
class Kind:
    """`make` gives the file; `outcome`: RIGHT or an error's code; `said`: what its message, or a
    warning, holds."""

    make: Callable[[], bytes]
    outcome: str = RIGHT
    said: str = ""


def _sf(form: str, subtype: str, rate: int = RATE, channels: int = 1) -> Kind:
    return Kind(lambda: as_file(speech(rate, channels=channels), rate, form, subtype))


def _av(muxer: str, codec: str, rate: int, **how: int) -> Kind:
    return Kind(lambda: encoded(muxer, codec, speech(rate), rate, **how))  # type: ignore[arg-type]


def _no(make: Callable[[], bytes], said: str) -> Kind:
    return Kind(make, REFUSED, said)


def _half(form: str, subtype: str) -> bytes:
    whole = as_file(speech(), RATE, form, subtype)
    return whole[: len(whole) // 2]


_WAV = (
    *("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM"),
    *("MS_ADPCM", "GSM610", "NMS_ADPCM_32"),
)
_RATES = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000)
_OTHERS = (
    ("WAVEX", "PCM_16"), ("RF64", "PCM_16"), ("RF64", "FLOAT"), ("W64", "PCM_16"),
    ("W64", "PCM_24"), ("AIFF", "PCM_16"), ("AIFF", "PCM_S8"), ("AIFF", "PCM_24"),
    ("AIFF", "FLOAT"), ("AIFF", "DOUBLE"), ("AIFF", "ULAW"), ("AIFF", "ALAW"),
    ("AIFF", "IMA_ADPCM"), ("CAF", "PCM_16"), ("CAF", "ALAC_16"), ("CAF", "FLOAT"),
    ("AU", "PCM_16"), ("AU", "ULAW"), ("AU", "PCM_32"), ("FLAC", "PCM_S8"), ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"),
    ("NIST", "PCM_16"), ("VOC", "PCM_16"), ("MAT5", "PCM_16"),
)  # fmt: skip
_BY_FFMPEG = (
    ("ipod", "aac", 44_100), ("ipod", "alac", 44_100), ("mp4", "mp3", 44_100),
    ("mp4", "libopus", 48_000), ("mov", "pcm_s16be", 44_100), ("3gp", "libopencore_amrnb", 8_000),
    ("amr", "libopencore_amrnb", 8_000), ("adts", "aac", 48_000), ("latm", "aac", 48_000),
    ("webm", "libopus", 48_000), ("matroska", "aac", 48_000), ("matroska", "pcm_s24le", 48_000),
    ("asf", "wmav2", 44_100), ("mpegts", "aac", 48_000), ("mpeg", "mp2", 44_100),
    ("flv", "aac", 44_100), ("avi", "mp3", 44_100), ("ac3", "ac3", 48_000), ("tta", "tta", 44_100),
    ("wv", "wavpack", 44_100),
)  # fmt: skip

KINDS = {
    **{f"wav {subtype}": _sf("WAV", subtype, 8_000) for subtype in _WAV},
    **{f"wav at {rate} Hz": _sf("WAV", "PCM_16", rate) for rate in _RATES},
    **{f"wav, {n} channels": _sf("WAV", "PCM_16", RATE, n) for n in (2, 6, 16)},
    **{f"{form} {subtype}".lower(): _sf(form, subtype) for form, subtype in _OTHERS},
    **{f"{row[0]} with {row[1]}": _av(*row) for row in _BY_FFMPEG},
    "a film's sound": _av("mp4", "aac", 48_000, film=True),
    "a film with two sound tracks": _av("mp4", "aac", 48_000, film=True, tracks=2),
    "aac behind other bytes": Kind(
        lambda: b"garbage " * 9 + encoded("adts", "aac", speech(48_000), 48_000)
    ),
    "aac behind a tag": Kind(
        lambda: b"ID3\x04\0\0\0\0\0\x10" + bytes(16) + encoded("adts", "aac", speech(), RATE)
    ),
    **{name: Kind(make) for name, make in odd_kinds.RIGHT.items()},
    **{name: Kind(make, RIGHT, said) for name, (make, said) in odd_kinds.WARNED.items()},
    **{name: Kind(make, REFUSED, said) for name, (make, said) in odd_kinds.REFUSED.items()},
    "nothing": _no(bytes, "empty"),
    "a zip": _no(lambda: b"PK\x03\x04" + bytes(99), "zip"),
    "a gzip of a wav": _no(lambda: gzip.compress(as_file(speech(), RATE)), "gzip"),
    "a page": _no(lambda: b"<!DOCTYPE html><html></html>", "HTML"),
    "an error of S3": _no(lambda: b'<?xml version="1.0"?><Error/>', "XML"),
    "JSON": _no(lambda: b'{"error": 1}', "JSON"),
    "ffconcat": _no(lambda: b"ffconcat version 1.0\nfile '/etc/passwd'\n", "text"),
    "m3u8": _no(lambda: b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n", "text"),
    "sdp": _no(lambda: b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n", "text"),
    "subtitles": _no(lambda: b"1\n00:00:00,000 --> 00:00:04,100\nOne.\n", "text"),
    "a picture": _no(lambda: b"\x89PNG\r\n" + bytes(99), "PNG"),
    "a film without sound": _no(silent_film, "no sound track"),
    "noise of bytes": _no(lambda: bytes(range(1, 256)) * 9, "cannot be read"),
    "silence": _no(lambda: as_file(np.zeros((RATE, 1)), RATE), "silent"),
    "a blip": _no(lambda: as_file(speech()[: RATE // 5], RATE), "0.20 s"),
    "NaN": _no(lambda: as_file(speech() * np.nan, RATE, "WAV", "FLOAT"), "NaN"),
    "half a wav": _no(partial(_half, "WAV", "PCM_16"), "cut off"),
    "half a flac": _no(partial(_half, "FLAC", "PCM_16"), "cut off"),
    "half an aiff": _no(partial(_half, "AIFF", "PCM_16"), "cut off"),
    "half an mp3": _no(partial(_half, "MP3", "MPEG_LAYER_III"), "cut off"),
    "half a w64": _no(partial(_half, "W64", "PCM_16"), "cut off"),
    "half an au": _no(partial(_half, "AU", "PCM_16"), "cut off"),
    "half a caf": _no(partial(_half, "CAF", "PCM_16"), "cut off"),
}


def outcome(kind: Kind) -> str:
    """RIGHT, an error's code, or what is wrong."""
    try:
        audio = decode(kind.make(), max_seconds=60, max_bytes=1 << 25)
        clip = reference_clip(audio)
    except WorkerError as error:
        told = kind.said in error.message and error.hint
        return error.code if told else f"wrong: {error.message}"
    if abs(audio.seconds - SECONDS) > 0.1:
        return f"wrong: {audio.seconds:.2f} s of {SECONDS}"
    # The loud 1.5 s of the signal, mixed: its level, whatever the way there.
    if kind.outcome == RIGHT and not any(kind.said in warning for warning in (*audio.warnings, "")):
        return f"wrong: warns {audio.warnings}"
    return RIGHT if 0.05 < clip.rms < 0.3 else f"wrong: level {clip.rms:.4f}"


def main() -> None:
    """Prints what becomes of each kind, and how many of each outcome there are."""
    found = {name: outcome(kind) for name, kind in KINDS.items()}
    for name, result in found.items():
        sys.stdout.write(f"{name:40} {result}\n")
    counts = Counter("wrong" if each.startswith("wrong") else each for each in found.values())
    sys.stdout.write(f"{len(found)} kinds: {dict(counts)}\n")


if __name__ == "__main__":
    main()
