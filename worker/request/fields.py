"""The types a job's fields are made of, with the checks plain pydantic does not have.

Everything is strict: true is not a number, "1.0" is not a number, 1 is a valid float. Limits that
the settings decide come in through the validation context, a `Settings`. Every error is a phrase
that follows the field's name.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
)

from errors import InvalidInput, nearest, show
from s3_utils import MAX_EXPIRES_S
from text.lexicon_file import from_mapping
from text.subtitles import subtitle_form
from worker.keys import template_fault, user_key_fault
from worker.settings.load import Settings
from worker.settings.processing import language_code, pauses_of
from worker.subtitles.write import TIMING_FORMATS, TimingFormat
from worker.voices.address import decode_audio, voice_fault

_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_METADATA_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MAX_LEXICON = 200  # entries; more belong into the bucket
_MAX_METADATA = 32
_MAX_METADATA_VALUE = 1024
_MAX_REF_TEXT = 20_000
_ARROW_TIMES = re.compile(r"\d:\d{2}(?:[.,]\d{1,3})?\s*-{1,2}>\s*\d")
_MAX_USER_ID = 128
_MAX_VOICE_NAME = 200
_INT_LIMIT = 1 << 64  # of whole numbers that are kept as text


class Strict(BaseModel):
    """Base of every input: frozen, strict, no unknown fields, no NaN or infinity. Where `one_of`
    names fields, exactly one of them must be given; `parse` sees to it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)
    one_of: ClassVar[tuple[str, ...]] = ()


class HandedOver:
    """Marks a field that says how a result is handed over, not what is said: a job sent again with
    another value of it is answered from its stored answer."""


def settings_of(info: ValidationInfo) -> Settings:
    """The settings a job is checked against; the defaults if none were given."""
    return info.context if isinstance(info.context, Settings) else Settings()


def clean_text(text: str) -> str:
    """`text` on one line: line breaks and tabs become spaces, as the model cannot speak them.
    Raises ValueError: other control characters or half a surrogate pair."""
    text = _BREAKS.sub(" ", text).strip().removeprefix("\ufeff")
    for position, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise ValueError(f"holds the control character {character!a} at position {position}")
    return text


def _words_alone(words: str) -> str:
    if subtitle_form(words) or _ARROW_TIMES.search(words):
        raise ValueError(
            "holds subtitles with their times: give the words alone, or put the file beside the "
            "voice (NAME.srt)"
        )
    return words


def _with_words(text: str) -> str:
    """Words of a reference; "..." is none, and its pace would be that of one letter."""
    if text and not any(map(str.isalnum, text)):
        raise ValueError("holds no words; write what the reference says, or leave it out")
    return text


def refuse_if(fault: str | None) -> None:
    """Raises ValueError, which pydantic reports with the field's name, if there is a fault."""
    if fault:
        raise ValueError(fault)


def _written(value: Any, info: ValidationInfo) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a string, not {show(value)}")
    limit = settings_of(info).jobs.max_text_chars
    if len(value) > limit:
        raise ValueError(
            f"has {len(value)} characters; at most {limit} are allowed: split it, or raise "
            "MAX_TEXT_CHARS"
        )
    if not clean_text(value):
        raise ValueError("is empty")
    return value


def _lexicon(value: Any) -> dict[str, Any] | list[Any] | Literal[False]:
    if value is False:
        return False
    if isinstance(value, dict | list) and len(value) > _MAX_LEXICON:
        raise ValueError(f"has {len(value)} entries; at most {_MAX_LEXICON} are allowed in a job")
    try:
        from_mapping(value)
    except InvalidInput as exc:
        raise ValueError(f"is wrong: {exc.message.rstrip('.')}") from exc
    found: dict[str, Any] | list[Any] = value
    return found


def _voice(value: Any, info: ValidationInfo) -> str | dict[str, str]:
    voices = settings_of(info).voices
    if isinstance(value, dict):
        others = [key for key in value if key != "audio_base64"]
        if others or not value:
            raise ValueError(f"as an object holds `audio_base64` only, not {show(others)}")
        return _inline_voice(value["audio_base64"], voices.max_bytes)
    if not isinstance(value, str):
        raise ValueError(f"must be a name, a URL or an object, not {show(value)}")
    if value.startswith("data:"):
        return _inline_voice(value, voices.max_bytes)
    voice: str = value.strip()
    refuse_if(voice_fault(voice, allow_http=voices.allow_http))
    return voice


def _inline_voice(text: Any, max_bytes: int) -> dict[str, str]:
    return {"audio_base64": base64.b64encode(decode_audio(text, max_bytes)).decode()}


def decoded_voice(value: str, info: ValidationInfo) -> str:
    """Base64 text of an audio file, checked and without what may be in it beside base64."""
    return _inline_voice(value, settings_of(info).voices.max_bytes)["audio_base64"]


def _named_voice(value: Any, info: ValidationInfo) -> str:
    voice = _voice(value, info)
    if not isinstance(voice, str):
        raise ValueError("must be a name or a URL here; `voices` can give the name to anything")
    return voice


def _formats(value: Any) -> tuple[TimingFormat, ...]:
    items = list(value) if isinstance(value, list | tuple) else [value]
    if not items:
        raise ValueError("names no format")
    for item in items:
        if not isinstance(item, str) or item not in TIMING_FORMATS:
            near = nearest(item, TIMING_FORMATS) if isinstance(item, str) else None
            meant = f"; did you mean {near!r}?" if near else ""
            raise ValueError(f"must be one of {', '.join(TIMING_FORMATS)}, not {show(item)}{meant}")
    return tuple(dict.fromkeys(items))


def _key_template(value: str, info: ValidationInfo) -> str:
    refuse_if(template_fault(value))
    if kept_apart := settings_of(info).kept_apart(value):
        raise ValueError(f"must not lie in {kept_apart[0]}")
    return value


def _without(fault_of: Callable[[str], str | None]) -> AfterValidator:
    """Text of which `fault_of` says nothing."""

    def check(value: str) -> str:
        refuse_if(fault_of(value))
        return value

    return AfterValidator(check)


def _prefix_fault(value: str) -> str | None:
    return user_key_fault(value.removesuffix("/")) if value else None


def voice_name_fault(value: str) -> str | None:
    """What is wrong with the name of a voice, None if nothing."""
    plain = "/" not in value and not value.startswith(".")
    return user_key_fault(value) if plain else "must be a plain file name"


def _library_name_fault(value: str) -> str | None:
    if any(piece.startswith(".") for piece in value.split("/")):
        return "must be a name like Dorota or Dorota/calm, without a leading dot"
    return user_key_fault(value)


def _job_id_fault(value: str) -> str | None:
    if _JOB_ID.fullmatch(value):
        return None
    return f"must be letters, digits, '.', '_' or '-', not {show(value)}"


def _user_id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"must be a string, not {show(value)}")
    if isinstance(value, int) and abs(value) >= _INT_LIMIT:
        raise ValueError("must be a shorter number")
    text = clean_text(str(value))
    if not 0 < len(text) <= _MAX_USER_ID:
        raise ValueError(f"must have 1 to {_MAX_USER_ID} characters")
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
    if (isinstance(value, int) and abs(value) < _INT_LIMIT) or isinstance(value, float):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"has {show(value)} under {name!r}; use text or numbers")
    if len(value) > _MAX_METADATA_VALUE:
        raise ValueError(f"has over {_MAX_METADATA_VALUE} characters under {name!r}")
    return clean_text(value)


WrittenText: TypeAlias = Annotated[str, PlainValidator(_written)]
LexiconEntries: TypeAlias = Annotated[
    dict[str, Any] | list[Any] | Literal[False], PlainValidator(_lexicon)
]
LanguageCode: TypeAlias = Annotated[str, AfterValidator(language_code)]
PausesByKind: TypeAlias = Annotated[dict[str, float], AfterValidator(pauses_of)]
CleanText: TypeAlias = Annotated[
    str, Field(max_length=_MAX_REF_TEXT), AfterValidator(_words_alone), AfterValidator(clean_text),
    AfterValidator(_with_words),
]  # fmt: skip
Voice: TypeAlias = Annotated[str | dict[str, str], PlainValidator(_voice)]
NamedVoice: TypeAlias = Annotated[str, PlainValidator(_named_voice)]
TimingFormats: TypeAlias = Annotated[tuple[TimingFormat, ...], PlainValidator(_formats)]
KeyTemplate: TypeAlias = Annotated[str, AfterValidator(_key_template)]
Key: TypeAlias = Annotated[str, _without(user_key_fault)]
KeyPrefix: TypeAlias = Annotated[str, _without(_prefix_fault)]
VoiceName: TypeAlias = Annotated[str, Field(max_length=_MAX_VOICE_NAME), _without(voice_name_fault)]
LibraryName: TypeAlias = Annotated[
    str, Field(max_length=_MAX_VOICE_NAME), _without(_library_name_fault)
]
JobId: TypeAlias = Annotated[str, _without(_job_id_fault)]
UserId: TypeAlias = Annotated[str, PlainValidator(_user_id)]
Metadata: TypeAlias = Annotated[dict[str, str], PlainValidator(_metadata)]
Expires: TypeAlias = Annotated[int, Field(ge=1, le=MAX_EXPIRES_S)]
