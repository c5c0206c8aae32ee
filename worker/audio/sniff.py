"""What a file seems to be if it is not usable audio.

People send share links, error pages and phone recordings; the error says what arrived.
"""

from __future__ import annotations

from worker.audio.containers import accepted

_PAGE = "Use a link that downloads the audio file itself; open it in a private window to check."
_UNPACK = "Unpack it and give the audio file itself."

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"%PDF", "a PDF document", ""),
    (b"\x89PNG", "a PNG image", ""),
    (b"\xff\xd8\xff", "a JPEG image", ""),
    (b"GIF8", "a GIF image", ""),
)


def other_kind(data: bytes) -> tuple[str, str] | None:
    """What `data` is if it begins like something other than audio, and what to do about it."""
    for magic, what, hint in _MAGIC:
        if data.startswith(magic):
            return what, hint or accepted()
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
        return "plain text", accepted()
    if _in_text_mode(data):
        return (
            "damaged: a transfer took it for text and changed its line ends",
            "Send it again in binary mode.",
        )
    return None


def _in_text_mode(data: bytes) -> bool:
    """Whether each line feed of a large file has a carriage return before it, as by chance none."""
    pairs = data.count(b"\r\n")
    return pairs >= max(40, len(data) >> 11) and pairs == data.count(b"\n")
