"""A voice's record, `NAME.voice.json` beside its audio: what it is, whose it is, and who agreed.

JSON, so that any worker and any tool reads it; what another tool put into it is kept. A voice needs
none: those of earlier versions have none.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from errors import VoiceUnusable
from worker.phrases import here
from worker.settings.processing import language_code

SUFFIX = ".voice.json"
PICTURE = ".voice.png"  # a name that is neither audio nor a transcript
MAX_BYTES = 64 << 10
_LONGEST_CLIP_S = 12.5

Line = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]


def _date(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a date, as 2026-11-26") from None
    return value


def _clip(span: tuple[float, float]) -> tuple[float, float]:
    start, end = span
    if not 0 <= start < end <= start + _LONGEST_CLIP_S:  # of what is no number nothing is true
        raise ValueError(f"must be the start and end of a clip of at most {_LONGEST_CLIP_S:g} s")
    return span


class Consent(BaseModel):
    """Who agreed that this voice is cloned: `who`, `when` (a date), the `statement` they made, and
    the `id` under which it is kept elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    who: Line
    when: Annotated[str, AfterValidator(_date)]
    statement: Text | None = None
    id: Line | None = None


class VoiceFacts(BaseModel):
    """What a user says of a voice; all of it may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    description: Text | None = None
    language: Annotated[str, AfterValidator(language_code)] | None = None
    licence: Line | None = None
    consent: Consent | None = None
    tags: Annotated[tuple[Line, ...], Field(max_length=50)] | None = None


class HeardFacts(BaseModel):
    """Who wrote NAME.txt where no person did.

    Attributes:
        words: what was heard; a NAME.txt with other words was corrected.
        by: the recogniser. `confidence`: its own, 0 to 1, where it has one.
        span: from and to which second of a long recording was listened to; None: its first 12 s.
        audio: SHA-256 of the recording, hex.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    words: Text
    by: Line
    confidence: float | None = None
    span: Annotated[tuple[float, float], AfterValidator(_clip)] | None = None
    audio: Line


class KeptConsent(Consent):
    """A consent as it is stored: what a later version or another tool added to it stays."""

    model_config = ConfigDict(frozen=True, extra="allow", str_strip_whitespace=True)


class VoiceRecord(VoiceFacts):
    """The facts, and when the voice was made and last changed (ISO 8601, UTC). `agreed_to`: SHA-256
    of the recording that the consent is for, hex; records that others wrote need none."""

    model_config = ConfigDict(frozen=True, extra="allow")

    consent: KeptConsent | None = None
    agreed_to: str | None = None

    made: str | None = None
    changed: str | None = None
    heard: HeardFacts | None = None

    def updated(self, facts: Mapping[str, Any], now: str) -> VoiceRecord:
        """With `facts` by name in place of its own; None takes one out. A consent is for the
        recording `agreed_to`, if that is given with it."""
        if "consent" in facts:
            facts = {"agreed_to": None, **facts}
        values = {**self.as_output(), **facts, "made": self.made or now, "changed": now}
        return VoiceRecord.model_validate(values)

    def as_output(self) -> dict[str, Any]:
        """As the file and answers have it: what is not known is left out."""
        return self.model_dump(mode="json", exclude_none=True)

    def as_bytes(self) -> bytes:
        """The file."""
        return self.model_dump_json(exclude_none=True, indent=1).encode() + b"\n"


def parse_record(data: bytes, key: str) -> VoiceRecord:
    """The record in a file. Raises VoiceUnusable: it is none; names what is wrong with it."""
    try:
        return VoiceRecord.model_validate_json(data.removeprefix(BOM_UTF8))
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        said = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise VoiceUnusable(
            f"The voice record {key} is damaged: {where}: {said}.", _anew()
        ) from exc


def _anew() -> str:
    return f"Correct the file; or delete the voice and {here('upload it again')}."


def too_large(key: str, why: str) -> VoiceUnusable:
    """The refusal of a record that has more than MAX_BYTES; `why` says so."""
    return VoiceUnusable(
        f"The voice record {key} is damaged: {why}",
        _anew(),
    )
