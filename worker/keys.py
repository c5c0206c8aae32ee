"""Where a job's results go: key templates, and the rule that user text never becomes a path.

A template is `output/{job_id}.{ext}` with the placeholders of `PLACEHOLDERS`. Values are reduced to
ASCII letters, digits, `.`, `_`, `-` before they are put in, so a voice named `../x` cannot leave
its place. Keys are relative to the store's own prefix.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import urlsplit

from errors import InvalidInput
from s3_utils import key_fault
from worker.wording import nearest, show

TIMING_TEMPLATE = "{prefix}{job_id}.{fmt}"
ANONYMOUS = "anonymous"
PLACEHOLDERS = ("job_id", "date", "voice", "user_id", "session", "index", "ext")
AUDIO_EXTENSIONS = ("wav", "flac", "mp3", "ogg")

_MAX_SEGMENT_BYTES = 240  # a file system's limit, with room for a temporary name
_MAX_PIECE = 100
_MARK = 12  # hexadecimal digits of a long piece's hash
_HOLE = re.compile(r"\{([^{}]*)\}")
_EXTENSION = re.compile(r"\.(wav|flac|mp3|ogg|opus|\{ext\})$", re.IGNORECASE)


def output_key(
    template: str,
    *,
    job_id: str,
    date: str = "",
    voice: str = "",
    ext: str = "wav",
    user_id: str | None = None,
    session: str | None = None,
    index: int = 0,
    voices_prefix: str = "voices/",
) -> str:
    """The key of one result.

    Args:
        date: as it shall appear, `2026-01-31`; take the job's, not the clock's, so that a
            redelivered job gets the same key.
        ext: extension of the format, without dot; the key always ends in it.
        index: number of the segment, three digits in the key.

    Raises:
        InvalidInput: unknown placeholder, or the key would leave its place (`check_user_key`) or
            overwrite the voice library.
    """
    check_template(template)
    values = {
        "job_id": safe_piece(job_id),
        "date": safe_piece(date),
        "voice": safe_piece(voice),
        "user_id": safe_piece(user_id or "") if user_id else ANONYMOUS,
        "session": safe_piece(session or "") if session else "default",
        "index": f"{index:03d}",
        "ext": safe_piece(ext),
    }
    key = _HOLE.sub(lambda hole: values[hole.group(1)], template)
    key = f"{without_extension(key)}.{ext}"
    check_user_key(key)
    if voices_prefix and key.casefold().startswith(voices_prefix.casefold()):
        raise InvalidInput(
            f"The key {show(key)} lies in the voice library {voices_prefix}.",
            "Use the `upload` operation for voices.",
        )
    return key


def without_extension(key: str) -> str:
    """A key or template without an audio extension or `.{ext}` at its end."""
    return _EXTENSION.sub("", key)


def timing_key(prefix: str, job_id: str, fmt: str) -> str:
    """The key of a timing file, `timings/{job_id}.{fmt}`."""
    return TIMING_TEMPLATE.format(prefix=prefix, job_id=safe_piece(job_id), fmt=safe_piece(fmt))


def check_template(template: str) -> None:
    """Raises InvalidInput unless `template` names known placeholders only and makes a safe key."""
    for name in _HOLE.findall(template):
        if name not in PLACEHOLDERS:
            near = nearest(name, PLACEHOLDERS)
            meant = f"did you mean {{{near}}}?" if near else f"known are {_known()}."
            raise InvalidInput(f"unknown placeholder {{{show(name)[1:-1]}}}; {meant}")
    plain = _HOLE.sub("x", template)
    if "{" in plain or "}" in plain:
        raise InvalidInput(f"unbalanced braces in the key template {show(template)}.")
    check_user_key(plain)


def check_user_key(key: str) -> None:
    """Raises InvalidInput unless a job or a setting may name the object `key`."""
    fault = user_key_fault(key)
    if fault:
        raise InvalidInput(f"the key {show(key)} {fault}.")


def user_key_fault(key: str) -> str | None:
    """What is wrong with a key that a user gives, or None.

    Stricter than storage, whose own rules come with it: a bucket may hold objects that no job can
    name, because they could not be files everywhere.
    """
    if key.startswith("~") or re.match(r"[A-Za-z]:/", key):
        return "is absolute"
    if fault := key_fault(key):
        return fault
    if any(len(piece.encode()) > _MAX_SEGMENT_BYTES for piece in key.split("/")):
        return f"has a piece longer than {_MAX_SEGMENT_BYTES} bytes"
    return None


def check_prefix(prefix: str) -> None:
    """Raises InvalidInput unless `prefix` ends in a slash and is a safe key before it."""
    if not prefix.endswith("/"):
        raise InvalidInput(f"the prefix {show(prefix)} must end in a slash.")
    check_user_key(prefix[:-1])


def safe_piece(text: str) -> str:
    """`text` as one ASCII piece of a key: `Żółć 1/2` becomes `Zolc_1_2`, nothing left is `_`.

    At most 100 characters, the last of a longer text being a hash of it, so that long job ids
    that begin alike keep keys of their own; never starts with a dot.
    """
    folded = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L"))
    ascii_text = folded.encode("ascii", "ignore").decode()
    piece = re.sub(r"[^A-Za-z0-9._-]+", "_", ascii_text).rstrip("_").lstrip("._") or "_"
    if len(piece) <= _MAX_PIECE:
        return piece
    mark = hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:_MARK]
    return f"{piece[: _MAX_PIECE - _MARK - 1]}-{mark}"


def _known() -> str:
    return ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)


def voice_problem(voice: str, *, allow_http: bool = True) -> str | None:
    """What is wrong with a voice given as text, None when nothing is.

    A voice is a library name (`Dorota`, `Dorota.wav`), a key, `s3://bucket/key` or an https URL.
    Whether it exists is for the voice library to say.
    """
    scheme, separator, rest = voice.partition("://")
    if not separator:
        return user_key_fault(voice)
    if scheme.lower() == "s3":
        bucket, _, key = rest.partition("/")
        return (user_key_fault(key) if bucket else "names no bucket") if key else "names no key"
    if scheme.lower() not in ("https", "http"):
        return "must be a name, a key, an s3:// URI or an https URL"
    if scheme.lower() == "http" and not allow_http:
        return "must use https (ALLOW_HTTP_VOICES permits http)"
    return url_problem(voice)


def url_problem(url: str) -> str | None:
    """What is wrong with the form of an http(s) URL, None when nothing is."""
    if len(url) > 4096:
        return "is longer than 4096 characters"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zs") for c in url):
        return "holds spaces or control characters"
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return None if host else "names no host"
