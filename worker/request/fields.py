"""The types a job's fields are made of, with the checks plain pydantic does not have.

Everything is strict: true is not a number, "1.0" is not a number, 1 is a valid float. Limits that
the settings decide come in through the validation context.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from errors import InvalidInput
from s3_utils import MAX_EXPIRES_S
from text.markup import parse_script
from worker.keys import check_template, check_user_key, voice_problem
from worker.settings.load import Settings
from worker.subtitles.write import TimingFormat
from worker.wording import nearest, show

TIMING_FORMATS: tuple[TimingFormat, ...] = get_args(TimingFormat)

_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_METADATA_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MAX_METADATA = 32
_MAX_METADATA_VALUE = 1024


class Strict(BaseModel):
    """Base of every input: frozen, strict, no unknown fields, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


def settings_of(info: ValidationInfo) -> Settings:
    """What the job is checked against; the defaults where a model is validated without context."""
    return info.context if isinstance(info.context, Settings) else Settings()


def clean_text(text: str) -> str:
    """`text` on one line: line breaks and tabs become spaces, as the model cannot speak them.

    Raises:
        ValueError: other control characters or half a surrogate pair.
    """
    text = _BREAKS.sub(" ", text).strip().removeprefix("\ufeff")
    for position, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise ValueError(f"holds the control character {character!a} at position {position}")
    return text


def _spoken(text: str, info: ValidationInfo) -> str:
    limit = settings_of(info).jobs.max_text_chars
    if len(text) > limit:
        raise ValueError(f"has {len(text)} characters; at most {limit} are allowed")
    text = clean_text(text)
    if not text:
        raise ValueError("is empty")
    _call(parse_script, text)
    return text


def _call(check: Callable[[str], object], value: str) -> None:
    """A check of another module with its error as pydantic wants it."""
    try:
        check(value)
    except InvalidInput as exc:
        raise ValueError(exc.message.rstrip(".")) from exc


def _voice(value: Any, info: ValidationInfo) -> str | dict[str, str]:
    voices = settings_of(info).voices
    if isinstance(value, dict):
        return {"audio_base64": _inline_voice(value, voices.max_bytes)}
    if not isinstance(value, str):
        raise ValueError(f"must be a name, a URL or an object, not {show(value)}")
    if value.startswith("data:"):
        return {"audio_base64": _base64(value.partition(",")[2], voices.max_bytes)}
    voice: str = value.strip()
    if problem := voice_problem(voice, allow_http=voices.allow_http):
        raise ValueError(problem)
    return voice


def _named_voice(value: Any, info: ValidationInfo) -> str:
    voice = _voice(value, info)
    if not isinstance(voice, str):
        raise ValueError("must be a name or a URL here")
    return voice


def _inline_voice(value: dict[Any, Any], max_bytes: int) -> str:
    others = [key for key in value if key != "audio_base64"]
    if others or not value:
        raise ValueError(f"as an object holds `audio_base64` only, not {show(others)}")
    return _base64(value["audio_base64"], max_bytes)


def _base64(value: Any, max_bytes: int) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"needs base64 text, not {show(value)}")
    if len(value) > (max_bytes + 3) * 4 // 3 + 1024:
        raise ValueError(f"is larger than {max_bytes} bytes")
    if value.startswith("data:"):
        value = value.partition(",")[2]
    compact = "".join(value.split())
    try:
        size = len(base64.b64decode(compact, validate=True))
    except (binascii.Error, ValueError) as exc:
        raise ValueError("is not valid base64") from exc
    if not 0 < size <= max_bytes:
        raise ValueError(f"is larger than {max_bytes} bytes" if size else "is empty")
    return compact


def _formats(value: Any) -> tuple[TimingFormat, ...]:
    items = list(value) if isinstance(value, list | tuple) else [value]
    if not items:
        raise ValueError("names no format")
    for item in items:
        if item not in TIMING_FORMATS:
            near = nearest(item, TIMING_FORMATS) if isinstance(item, str) else None
            meant = f"; did you mean {near!r}?" if near else ""
            raise ValueError(f"must be of {', '.join(TIMING_FORMATS)}, not {show(item)}{meant}")
    return tuple(dict.fromkeys(items))


def _key_template(value: str, info: ValidationInfo) -> str:
    _call(check_template, value)
    prefix = settings_of(info).voices.prefix
    if value.casefold().startswith(prefix.casefold()):
        raise ValueError(f"must not lie in the voice library {prefix}")
    return value


def _key(value: str) -> str:
    _call(check_user_key, value)
    return value


def _prefix(value: str) -> str:
    if value:
        _call(check_user_key, value.removesuffix("/"))
    return value


def _voice_name(value: str) -> str:
    if "/" in value or value.startswith("."):
        raise ValueError("must be a plain file name")
    _call(check_user_key, value)
    return value


def _job_id(value: str) -> str:
    if not _JOB_ID.fullmatch(value):
        raise ValueError(f"must be letters, digits, '.', '_' or '-', not {show(value)}")
    return value


def _user_id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"must be a string, not {show(value)}")
    if isinstance(value, int) and abs(value) >= 1 << 64:
        raise ValueError("must be a shorter number")
    text = clean_text(str(value))
    if not 0 < len(text) <= 128:
        raise ValueError("must have 1 to 128 characters")
    return text


def _metadata(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f"must be an object, not {show(value)}")
    if len(value) > _MAX_METADATA:
        raise ValueError(f"has {len(value)} entries; at most {_MAX_METADATA} are allowed")
    return {_metadata_name(name): _metadata_value(name, item) for name, item in value.items()}


def _metadata_name(name: Any) -> str:
    if not isinstance(name, str) or not _METADATA_NAME.fullmatch(name):
        raise ValueError(f"has the name {show(name)}; use letters, digits, '-' and '_'")
    return name.lower()


def _metadata_value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if (isinstance(value, int) and abs(value) < 1 << 64) or isinstance(value, float):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"has {show(value)} under {name!r}; use text or numbers")
    if len(value) > _MAX_METADATA_VALUE:
        raise ValueError(f"has over {_MAX_METADATA_VALUE} characters under {name!r}")
    return clean_text(value)


def _schema(*kinds: str, **more: object) -> WithJsonSchema:
    return WithJsonSchema({"type": list(kinds) if len(kinds) > 1 else kinds[0], **more})


SpokenText: TypeAlias = Annotated[str, AfterValidator(_spoken)]
CleanText: TypeAlias = Annotated[str, Field(max_length=20_000), AfterValidator(clean_text)]
Voice: TypeAlias = Annotated[
    str | dict[str, str], PlainValidator(_voice), _schema("string", "object")
]
NamedVoice: TypeAlias = Annotated[str, PlainValidator(_named_voice), _schema("string")]
TimingFormats: TypeAlias = Annotated[
    tuple[TimingFormat, ...],
    PlainValidator(_formats),
    _schema("string", "array", enum=list(TIMING_FORMATS), items={"enum": list(TIMING_FORMATS)}),
]
KeyTemplate: TypeAlias = Annotated[str, AfterValidator(_key_template)]
Key: TypeAlias = Annotated[str, AfterValidator(_key)]
KeyPrefix: TypeAlias = Annotated[str, AfterValidator(_prefix)]
VoiceName: TypeAlias = Annotated[str, Field(max_length=200), AfterValidator(_voice_name)]
JobId: TypeAlias = Annotated[str, AfterValidator(_job_id)]
UserId: TypeAlias = Annotated[str, PlainValidator(_user_id), _schema("string", "integer")]
Metadata: TypeAlias = Annotated[dict[str, str], PlainValidator(_metadata), _schema("object")]
Expires: TypeAlias = Annotated[int, Field(ge=1, le=MAX_EXPIRES_S)]
