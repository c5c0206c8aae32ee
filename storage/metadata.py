"""User metadata of an object, and its content type.

S3 carries metadata in HTTP headers: ASCII only, 2 KB in all, keys folded to lower case. Values that
headers would damage travel as RFC 2047 words (what AWS itself answers for non-ASCII values) and
come back as they were. So do names: proxies drop headers whose names hold more than letters, digits
and hyphens, and Ceph reads `user_id` as `user-id`, so `_` travels as `--5f` and `.` as `--2e`.
Local stores apply the same limits, so a job behaves the same everywhere.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header
from pathlib import PurePosixPath

from errors import InvalidInput

METADATA_LIMIT_BYTES = 2048
SHA256_KEY = "sha256"
_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,127}\Z")
_UNSAFE = re.compile(r"[_.]|-(?=-)")  # a hyphen before another would look like an escape
_ESCAPE = re.compile(r"--(5f|2e|2d)")
_HASH = re.compile(r"[0-9a-f]{64}\Z")
# Of voices and what lies beside them; job files come with a type. The platform has a longer table.
_TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".txt": "text/plain; charset=utf-8",
}


def guess_type(key: str) -> str:
    """The content type a key's extension means."""
    known = _TYPES.get(PurePosixPath(key).suffix.lower())
    return known or mimetypes.guess_type(key)[0] or "application/octet-stream"


def encode_metadata(metadata: Mapping[str, str] | None, sha256: str) -> dict[str, str]:
    """Metadata as headers may carry it, with the content's `sha256` (lower-case hex) added. Raises
    InvalidInput: a key is not a header token, a value is not a string, or all of it together is
    over 2 KB."""
    encoded = {SHA256_KEY: sha256}
    for key, value in (metadata or {}).items():
        name = key.lower()
        if not _KEY.match(name) or name == SHA256_KEY:
            raise InvalidInput(
                f"metadata: {key[:80]!a} cannot be a metadata key.",
                "Use letters, digits, '-', '_' and '.'; sha256 is set by the worker.",
            )
        if not isinstance(value, str):
            raise InvalidInput(
                f"metadata.{name}: must be a string, not {type(value).__name__}.",
                "Give it as text.",
            )
        sent = _UNSAFE.sub(lambda found: f"--{ord(found.group()):02x}", name)
        encoded[sent] = _encode_value(value)
    total = sum(len(key) + len(value) for key, value in encoded.items())
    if total > METADATA_LIMIT_BYTES:
        raise InvalidInput(
            f"metadata: {total} bytes, S3 keeps {METADATA_LIMIT_BYTES} at most.",
            "Shorten the values; non-ASCII text takes about twice its size, `_` in a name four "
            "bytes.",
        )
    return encoded


def decode_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """What `encode_metadata` was given (keys lower case), with `sha256` if it was stored."""
    return {
        _ESCAPE.sub(lambda found: chr(int(found[1], 16)), key.lower()): _decode_value(value)
        for key, value in metadata.items()
    }


def stored_sha256(metadata: Mapping[str, str]) -> str | None:
    """The SHA-256 an object was stored with, or None."""
    value = metadata.get(SHA256_KEY, "")
    return value if _HASH.match(value) else None


def _encode_value(value: str) -> str:
    # HTTP strips outer blanks and SigV4 folds inner runs: both must be hidden from them.
    plain = value.isascii() and value.isprintable() and value == " ".join(value.split())
    if plain and not value.startswith("=?"):
        return value
    return "=?utf-8?b?" + base64.b64encode(value.encode("utf-8", "replace")).decode() + "?="


def _decode_value(value: str) -> str:
    if not value.startswith("=?"):
        return value
    try:
        words = decode_header(value)
        return "".join(
            word.decode(charset or "ascii") if isinstance(word, bytes) else word
            for word, charset in words
        )
    except (HeaderParseError, ValueError, LookupError):
        return value  # another program's text that merely looks like a word
