"""What a key may look like, and the rule that user text never becomes a path.

A template is `output/{job_id}.{ext}` with the placeholders of `PLACEHOLDERS`. Keys are relative to
the store's own prefix. Each `..._fault` gives a phrase that follows the name of what is wrong.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from errors import nearest, show
from s3_utils import key_fault

PLACEHOLDERS = ("job_id", "date", "voice", "user_id", "session", "index", "ext")
HOLE = re.compile(r"\{([^{}]*)\}")

_MAX_SEGMENT_BYTES = 240  # a file system's limit, with room for a temporary name
_MAX_PIECE = 100
_HASH_DIGITS = 16


def in_all_forms(keys: Iterable[str]) -> list[str]:
    """Keys as they were written, then with accents as one letter and as two: keyboards write the
    former, macOS the latter."""
    keys = list(keys)
    composed, divided = ([unicodedata.normalize(f, key) for key in keys] for f in ("NFC", "NFD"))
    return list(dict.fromkeys([*keys, *composed, *divided]))


def user_key_fault(key: str) -> str | None:
    """What is wrong with a key that a user gives, or None.

    Stricter than storage, whose own rules come with it: a bucket may hold objects that no job can
    name, because they could not be files everywhere.
    """
    if key.startswith("~") or re.match(r"[A-Za-z]:/", key):
        return "is absolute"
    if fault := key_fault(key):
        return fault
    # What is not seen, or turns the line around: two keys would look the same in every list.
    if any(unicodedata.category(char) in {"Cf", "Zl", "Zp"} for char in key):
        return "has an invisible character"
    if any(len(piece.encode()) > _MAX_SEGMENT_BYTES for piece in key.split("/")):
        return f"has a piece longer than {_MAX_SEGMENT_BYTES} bytes"
    return None


def prefix_fault(prefix: str) -> str | None:
    """What is wrong with `prefix`, or None; it must end in a slash and be a valid key before it."""
    return user_key_fault(prefix[:-1]) if prefix.endswith("/") else "must end in a slash"


def template_fault(template: str) -> str | None:
    """What is wrong with a key template, or None: an unknown placeholder, or keys it would make."""
    for name in HOLE.findall(template):
        if name not in PLACEHOLDERS:
            near = nearest(name, PLACEHOLDERS)
            known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            meant = f"did you mean {{{near}}}?" if near else f"known are {known}"
            return f"has the unknown placeholder {{{show(name)[1:-1]}}}; {meant}"
    plain = HOLE.sub("x", template)
    return "has unbalanced braces" if "{" in plain or "}" in plain else user_key_fault(plain)


def safe_piece(text: str, *, reserved: str = "") -> str:
    """`text` as one ASCII piece of a key, and no other text's: plain names stay as they are.

    Plain are up to 100 letters, digits, `.`, `_` and `-` that begin with neither `.` nor `_` and do
    not end in `_`. Any other text, and `reserved`, is folded and has a hash and `_` behind it:
    `Żółć 1/2` becomes `Zolc_1_2-` and 16 digits and `_`.
    """
    piece = _folded(text)
    if piece == text != reserved and len(piece) <= _MAX_PIECE:
        return piece
    digits = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return f"{piece[: _MAX_PIECE - _HASH_DIGITS - 2]}-{digits}_"


def earlier_piece(text: str) -> str:
    """The piece that older versions made of `text`; other texts may have the same."""
    piece = _folded(text)
    if len(piece) <= _MAX_PIECE:
        return piece
    digits = hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:12]
    return f"{piece[: _MAX_PIECE - 13]}-{digits}"


def _folded(text: str) -> str:
    """`text` in ASCII letters, digits, `.`, `_` and `-`; `_` if nothing is left."""
    plain = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L"))
    ascii_text = plain.encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "_", ascii_text).rstrip("_").lstrip("._") or "_"
