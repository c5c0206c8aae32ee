"""How a job says which voice it wants: the form of names, keys, links and audio sent inline."""

from __future__ import annotations

import base64
import binascii

from errors import show
from worker.keys import user_key_fault
from worker.web.address import url_fault

_BLANKS = 1024  # characters of line breaks and the like that base64 text may hold
_PATHS = ("/", "~", "./", "../")
_NO_PATH = " (a file's path is for the command line alone: upload the file, and give its name)"


def voice_fault(voice: str, *, allow_http: bool = True) -> str | None:
    """What is wrong with a voice given as text, None if nothing.

    A voice is a library name (`Dorota`, `Dorota.wav`), a key, `s3://bucket/key` or an https URL.
    Whether it exists is for the voice library to say.
    """
    scheme, separator, rest = voice.partition("://")
    if not separator:
        fault = user_key_fault(voice)
        return f"{fault}{_NO_PATH}" if fault and voice.startswith(_PATHS) else fault
    if scheme.lower() == "s3":
        bucket, _, key = rest.partition("/")
        return (user_key_fault(key) if bucket else "names no bucket") if key else "names no key"
    if scheme.lower() not in ("https", "http"):
        return "must be a name, a key, an s3:// URI or an https URL"
    if scheme.lower() == "http" and not allow_http:
        return "must use https (ALLOW_HTTP_VOICES permits http)"
    return url_fault(voice)


def decode_audio(text: object, max_bytes: int) -> bytes:
    """The file in a base64 text or data URL, whose size is checked before it is decoded. Raises
    ValueError: a phrase that follows the field's name; not base64, empty or over `max_bytes`."""
    if not isinstance(text, str) or not text:
        raise ValueError(f"needs base64 text, not {show(text)}")
    if len(text) > (max_bytes + 3) * 4 // 3 + _BLANKS:
        raise ValueError(f"is larger than {max_bytes} bytes")
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError("is not valid base64") from exc
    if not 0 < len(data) <= max_bytes:
        raise ValueError(f"is larger than {max_bytes} bytes" if data else "is empty")
    return data
