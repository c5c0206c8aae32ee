"""A job's input: what a user may send, under today's and older names, checked once at the door.

`parse` gives a typed request or one InvalidInput that names every bad field, so that a user fixes
a job in one go. Names are those of the job schema in README.md; older systems' names are mapped by
`worker.request.aliases`. The JSON Schema of each model is the documentation's source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, model_validator

from errors import InvalidInput
from s3_utils import UrlKind
from text.markup import MAX_LINES, MAX_PAUSE_S, MAX_SPEED, MIN_SPEED
from worker.audio.encode import AudioFormat
from worker.operations.base import OPERATIONS, Operation
from worker.request.aliases import Canonical, canonical
from worker.request.fields import (
    CleanText,
    Expires,
    KeyTemplate,
    Metadata,
    NamedVoice,
    SpokenText,
    Strict,
    TimingFormats,
    UserId,
    Voice,
    settings_of,
)
from worker.settings.load import Settings
from worker.subtitles.write import TimingFormat
from worker.wording import nearest, problem, show

TTS = "tts"
QUALITY_STEPS = {"draft": 7, "balanced": 16, "best": 32}

Speed = Annotated[float, Field(ge=MIN_SPEED, le=MAX_SPEED)]


class SegmentInput(Strict):
    """One line of a script; `pause` is seconds of silence before it."""

    text: SpokenText
    voice: NamedVoice | None = None
    speed: Speed | None = None
    pause: Annotated[float, Field(ge=0, le=MAX_PAUSE_S)] = 0.0


class SpeechInput(Strict):
    """The `tts` job. Inference parameters have f5-tts's names and defaults."""

    endpoint: Literal["tts"] = "tts"
    text: SpokenText | None = None
    segments: Annotated[list[SegmentInput], Field(min_length=1, max_length=MAX_LINES)] | None = None
    voice: Voice | None = None
    ref_text: CleanText | None = None
    speed: Speed = 1.0
    quality: Literal["draft", "balanced", "best"] = "best"
    nfe_step: Annotated[int, Field(ge=4, le=64)] | None = None
    cfg_strength: Annotated[float, Field(ge=0, le=10)] = 2.0
    # Below -1 or above 2 / (pi - 2) the sway mapping of time is no longer monotone.
    sway_sampling_coef: Annotated[float, Field(ge=-1, le=1.75)] | None = -1.0
    seed: Annotated[int, Field(ge=-1, lt=1 << 63)] | None = None
    cross_fade_duration: Annotated[float, Field(ge=0, le=5)] = 0.15
    target_rms: Annotated[float, Field(gt=0, le=1)] = 0.1
    fix_duration: Annotated[float, Field(gt=0, le=3600)] | None = None
    remove_silence: bool = False
    output_format: AudioFormat = "wav"
    sample_rate: Annotated[int, Field(ge=8000, le=48000)] = 24000
    output_key: KeyTemplate | None = None
    url: UrlKind | None = None
    url_expires: Expires | None = None
    use_s3: bool | None = None
    return_word_timings: bool | None = None
    timing_format: TimingFormats | None = None
    return_audio: bool = False
    stream: bool = False
    user_id: UserId | None = None
    session: UserId | None = None
    index: Annotated[int, Field(ge=0, le=999_999)] = 0
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_script(self, info: ValidationInfo) -> Self:
        if self.text is not None and self.segments is not None:
            raise ValueError("give `text` or `segments`, not both")
        if self.text is None and self.segments is None:
            raise ValueError("`text` is required (or `segments`)")
        limit = settings_of(info).jobs.max_text_chars
        total = sum(len(segment.text) for segment in self.segments or ())
        if total > limit:
            raise ValueError(
                f"`segments` have {total} characters together; at most {limit} are allowed"
            )
        return self

    @property
    def steps(self) -> int:
        """Function evaluations of the sampler: `nfe_step`, else what `quality` stands for."""
        return self.nfe_step or QUALITY_STEPS[self.quality]

    @property
    def timings(self) -> tuple[TimingFormat, ...]:
        """Formats of the timing files wanted; naming a format asks for it."""
        if self.return_word_timings is False:
            return ()
        if self.timing_format is not None:
            return self.timing_format
        return ("srt",) if self.return_word_timings else ()

    def cue_per_word(self, fmt: TimingFormat) -> bool:
        """True where word timings were asked for and `fmt` cannot hold them inside sentences."""
        return self.return_word_timings is True and fmt in ("srt", "csv")


@dataclass(frozen=True)
class Request:
    """A checked input, and what the user should know about how it was read."""

    input: SpeechInput | Operation
    warnings: tuple[str, ...] = ()


def parse(raw: object, settings: Settings) -> Request:
    """Checks a job's input against what the settings allow.

    Raises:
        InvalidInput: naming every bad field at once.
    """
    if not isinstance(raw, Mapping):
        raise InvalidInput(
            f"The job's input must be an object, not {show(raw)}.",
            'Send {"input": {"text": "..."}}.',
        )
    model = _model(raw.get("endpoint"))
    aliases = canonical(raw, model)
    try:
        parsed = model.model_validate(aliases.values, context=settings)
    except ValidationError as exc:
        raise _invalid(model, aliases, exc) from exc
    if aliases.problems:
        raise InvalidInput(f"Wrong input: {'; '.join(aliases.problems)}.")
    return Request(parsed, aliases.warnings)


def _model(endpoint: object) -> type[SpeechInput] | type[Operation]:
    if endpoint is None or endpoint == TTS:
        return SpeechInput
    known = [TTS, *OPERATIONS]
    if isinstance(endpoint, str) and endpoint in OPERATIONS:
        return OPERATIONS[endpoint]
    near = nearest(endpoint, known) if isinstance(endpoint, str) else None
    hint = f"Did you mean {near}?" if near else f"Known are {', '.join(known)}."
    raise InvalidInput(f"endpoint: {show(endpoint)} is not an endpoint.", hint)


def _invalid(
    model: type[SpeechInput] | type[Operation], aliases: Canonical, exc: ValidationError
) -> InvalidInput:
    problems = list(aliases.problems)
    for error in exc.errors(include_url=False):
        place = _place(error["loc"], aliases)
        text = problem(error)
        if error["type"] == "extra_forbidden":
            text += _meant(error["loc"], model)
        elif error["type"] == "value_error" and not place:
            text = str(error["ctx"]["error"])
        problems.append(f"{place} {text}" if place else text)
    return InvalidInput(f"Wrong input: {'; '.join(problems)}.")


def _place(loc: tuple[int | str, ...], aliases: Canonical) -> str:
    """The field as the user wrote it: `segments[0].speed`, `local_voice`."""
    text = ""
    for i, piece in enumerate(loc):
        if isinstance(piece, int):
            text += f"[{piece}]"
        else:
            name = aliases.given.get(piece, piece) if i == 0 else piece
            shown = name if name.isprintable() and len(name) <= 60 else show(name)
            text += f".{shown}" if text else shown
    return text


def _meant(loc: tuple[int | str, ...], model: type[Strict]) -> str:
    fields = SegmentInput.model_fields if len(loc) > 1 else model.model_fields
    near = nearest(str(loc[-1]), fields)
    return f" (did you mean {near}?)" if near else ""


def schema() -> dict[str, Any]:
    """JSON Schema of the `tts` input, for documentation and clients."""
    return SpeechInput.model_json_schema()
