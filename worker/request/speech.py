"""The fields of a `tts` job. Names are those of README.md; older ones are in `aliases`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo

from s3_utils import UrlKind
from text.events import MAX_PAUSE_S, MAX_SPEED, MIN_SPEED
from text.front import Source
from worker.audio.formats import AudioFormat
from worker.request.callback import CallbackUrl
from worker.request.clips import JobVoice, Loudness, VoicesByName, said_once
from worker.request.fields import (
    CleanText,
    Expires,
    HandedOver,
    KeyTemplate,
    LanguageCode,
    LexiconEntries,
    Metadata,
    NamedVoice,
    PausesByKind,
    Strict,
    TimingFormats,
    UserId,
    WrittenText,
    settings_of,
)
from worker.request.processing import Processing, processing_of
from worker.request.script import MAX_STRETCHES, check_script
from worker.settings.processing import Mode, ProcessingConfig
from worker.subtitles.write import TimingFormat

QUALITY_STEPS = {"draft": 7, "balanced": 16, "best": 32}

Speed: TypeAlias = Annotated[float, Field(ge=MIN_SPEED, le=MAX_SPEED)]


class SegmentInput(Strict):
    """One part of a script; `pause` is seconds of silence before it. Its tags end with it."""

    text: WrittenText
    voice: NamedVoice | None = None
    speed: Speed | None = None
    pause: Annotated[float, Field(ge=0, le=MAX_PAUSE_S)] = 0.0

    @property
    def source(self) -> Source:
        """The text as the front end takes it."""
        return Source(self.text, self.voice, self.speed, self.pause)


def _one_text(text: str, info: ValidationInfo) -> str:
    check_script([Source(text)], info)
    return text


def _one_job(segments: list[SegmentInput], info: ValidationInfo) -> list[SegmentInput]:
    limit = settings_of(info).jobs.max_text_chars
    characters = sum(len(segment.text) for segment in segments)
    if characters > limit:
        raise ValueError(f"have {characters} characters together; at most {limit} are allowed")
    check_script([segment.source for segment in segments], info)
    return segments


class SpeechInput(Strict):
    """The `tts` job. Inference parameters have f5-tts's names and defaults."""

    one_of = ("text", "segments")

    endpoint: Literal["tts"] = "tts"
    # What is done beyond f5-tts; before the texts, whose checks need it.
    processing: Mode | None = None
    language: LanguageCode | None = None
    markup: bool | None = None
    clean: bool | None = None
    breaks: bool | None = None
    normalize: bool | None = None
    durations: bool | None = None
    joins: bool | None = None
    checks: bool | None = None
    best_clip: bool | None = None
    mend_voice: bool | None = None
    pauses: PausesByKind | None = None  # seconds by kind of break
    lexicon: LexiconEntries | None = None
    text: Annotated[WrittenText, AfterValidator(_one_text)] | None = None
    segments: (
        Annotated[
            list[SegmentInput],
            Field(min_length=1, max_length=MAX_STRETCHES),
            AfterValidator(_one_job),
        ]
        | None
    ) = None
    voice: JobVoice | None = None
    ref_text: Annotated[CleanText | None, AfterValidator(said_once)] = None
    voices: VoicesByName = Field(default_factory=dict)  # what names in this script mean
    speed: Speed = 1.0
    quality: Literal["draft", "balanced", "best"] = "best"
    nfe_step: Annotated[int, Field(ge=4, le=64)] | None = None
    cfg_strength: Annotated[float, Field(ge=0, le=10)] = 2.0
    # Below -1 or above 2 / (pi - 2) the sway mapping of time is no longer monotone.
    sway_sampling_coef: Annotated[float, Field(ge=-1, le=1.75)] | None = -1.0
    seed: Annotated[int, Field(ge=-1, lt=1 << 63)] | None = None
    cross_fade_duration: Annotated[float, Field(ge=0, le=5)] = 0.15  # seconds
    target_rms: Annotated[float, Field(gt=0, le=1)] = 0.1
    fix_duration: Annotated[float, Field(gt=0, le=3600)] | None = None  # seconds
    remove_silence: bool = False
    loudness: Loudness | None = None  # LUFS
    output_format: AudioFormat = "wav"
    sample_rate: Annotated[int, Field(ge=8000, le=48000)] = 24000  # Hz
    output_key: KeyTemplate | None = None
    url: Annotated[UrlKind | None, HandedOver()] = None
    url_expires: Annotated[Expires | None, HandedOver()] = None  # seconds
    use_s3: bool | None = None
    return_word_timings: bool | None = None
    timing_format: TimingFormats | None = None
    return_audio: Annotated[bool, HandedOver()] = False
    stream: Annotated[bool, HandedOver()] = False
    callback_url: Annotated[CallbackUrl | None, HandedOver()] = None
    user_id: UserId | None = None
    session: UserId | None = None
    index: Annotated[int, Field(ge=0, le=999_999)] = 0
    metadata: Metadata = Field(default_factory=dict)

    @property
    def sources(self) -> tuple[Source, ...]:
        """What is to be spoken, in order."""
        if self.text is not None:
            return (Source(self.text),)
        return tuple(segment.source for segment in self.segments or ())

    def processed(self, settings: ProcessingConfig) -> Processing:
        """How far the job goes beyond f5-tts."""
        return processing_of(dict(self), settings)

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
