"""What a file seems to be if it is not usable audio, and whether a wav or aiff file was cut off.

People send share links, error pages and phone recordings; the error says what arrived.
"""

from __future__ import annotations

from typing import Literal

_PAGE = "Use a link that downloads the audio file itself; open it in a private window to check."
_UNPACK = "Unpack it and give the audio file itself."
_FORMATS = "Accepted are wav, flac, mp3, ogg (opus, vorbis) and aiff."

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"%PDF", "a PDF document", _FORMATS),
    (b"\x89PNG", "a PNG image", _FORMATS),
    (b"\xff\xd8\xff", "a JPEG image", _FORMATS),
    (b"GIF8", "a GIF image", _FORMATS),
)
_STREAMED = 0x7FFF_0000  # sizes from here on mean "unknown", written by programs that stream


def other_kind(data: bytes) -> tuple[str, str] | None:
    """What `data` is if it begins like something other than audio, and what to do about it."""
    for magic, what, hint in _MAGIC:
        if data.startswith(magic):
            return what, hint
    text = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "an HTML page", _PAGE
    if text.startswith(b"<?xml") or text.startswith(b"<error"):
        return "an XML document (perhaps a storage error message)", _PAGE
    if text.startswith((b"{", b"[")):
        return "JSON text", _PAGE
    if text.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer", "Download the file behind it with git lfs pull."
    if text and all(32 <= byte < 127 or byte in b"\r\n\t" for byte in text):
        return "plain text", _FORMATS
    return None


def missing_audio(data: bytes) -> str | None:
    """What of the audio that a wav or aiff header promises `data` does not hold, None if nothing. A
    size of 0 or near the format's end is what streaming programs write; it promises nothing."""
    order: Literal["little", "big"]
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        order, chunk = "little", b"data"
    elif data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        order, chunk = "big", b"SSND"
    else:
        return None
    position = 12
    while position + 8 <= len(data):
        name = data[position : position + 4]
        size = int.from_bytes(data[position + 4 : position + 8], order)
        if name == chunk:
            there = len(data) - position - 8
            cut_off = there < size < _STREAMED
            return f"{there} of {size} bytes of audio are there" if cut_off else None
        position += 8 + size + size % 2
    return "no audio follows its header"
