"""What a file that is no usable audio seems to be, and whether a wav or aiff file was cut off.

People hand in share links, error pages and phone recordings; naming what came saves them a guess.
"""

from __future__ import annotations

from errors import VoiceUnusable

_CONVERT = "Convert it, for example: ffmpeg -i FILE -ac 1 voice.wav."
_PAGE = "Use a link that downloads the audio file itself; open it in a private window to check."
_UNPACK = "Unpack it and give the audio file itself."
_FORMATS = "Accepted are wav, flac, mp3, ogg (opus, vorbis) and aiff."

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x1aE\xdf\xa3", "a WebM or Matroska file", _CONVERT),
    (b"0&\xb2u", "a WMA or WMV file", _CONVERT),
    (b"#!AMR", "an AMR recording", _CONVERT),
    (b"FLV", "a Flash video", _CONVERT),
    (b"%PDF", "a PDF document", _FORMATS),
    (b"\x89PNG", "a PNG image", _FORMATS),
    (b"\xff\xd8\xff", "a JPEG image", _FORMATS),
    (b"GIF8", "a GIF image", _FORMATS),
)
_STREAMED = 0x7FFF_0000  # sizes from here on mean "unknown", written by programs that stream


def refuse_other_files(data: bytes) -> None:
    """Raises VoiceUnusable when `data` is empty or begins like something other than audio."""
    if not data:
        raise VoiceUnusable("The voice file is empty (0 bytes).", "Upload it again.")
    kind = _other_kind(data)
    if kind:
        what, hint = kind
        raise VoiceUnusable(f"The voice file is {what}, which cannot be read as audio.", hint)


def _other_kind(data: bytes) -> tuple[str, str] | None:
    for magic, what, hint in _MAGIC:
        if data.startswith(magic):
            return what, hint
    if data[4:8] == b"ftyp":
        return "an MP4, M4A or MOV file", _CONVERT
    # An ADTS frame has the same sync word as mp3, with layer 0.
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return "a raw AAC stream", _CONVERT
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


def refuse_cut_off(data: bytes) -> None:
    """Raises VoiceUnusable when a wav or aiff header promises more audio than `data` holds.

    A size of 0 or near the format's end is what streaming programs write; it promises nothing.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        order, chunk = "little", b"data"
    elif data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        order, chunk = "big", b"SSND"
    else:
        return
    position = 12
    while position + 8 <= len(data):
        name = data[position : position + 4]
        size = int.from_bytes(data[position + 4 : position + 8], order)  # type: ignore[arg-type]
        if name == chunk:
            there = len(data) - position - 8
            if there < size < _STREAMED:
                raise cut_off(f"{there} of {size} bytes of audio are there")
            return
        position += 8 + size + size % 2
    raise cut_off("no audio follows its header")


def cut_off(detail: str) -> VoiceUnusable:
    """The error of a truncated file; `detail` says what is missing."""
    return VoiceUnusable(f"The voice file is cut off: {detail}.", "Upload the whole file again.")
