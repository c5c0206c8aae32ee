"""The fields of a `tts` job; older names of them are in `aliases`.

The text below a field is its line in docs/job.md."""

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
    """One part of a script. Its tags end with it."""

    text: WrittenText
    """What to say, tags included."""
    voice: NamedVoice | None = None
    """A name, of `voices` or of the library, a key or a URL. Unset: the job's."""
    speed: Speed | None = None
    """Unset: the job's."""
    pause: Annotated[float, Field(ge=0, le=MAX_PAUSE_S)] = 0.0
    """Seconds of silence before it."""

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
    """`full`: figures read, line breaks minded, pauses kept ([what happens to your text](text.md));
    `f5-tts`: nothing beyond f5-tts. Unset: `PROCESSING`."""
    language: LanguageCode | None = None
    """Whose figures are read: `en`, `en-GB`; with [an optional part](text.md#other-languages) `de`,
    `fr`, `es`, `zh`; other languages are spoken as written. Unset: found in the text."""
    markup: bool | None = None
    """Tags and SSML are read; `false`: every bracket is text. Unset: `TEXT_MARKUP`."""
    clean: bool | None = None
    """Canonical characters, no markdown. This and the next seven are the stages of `processing`;
    unset, its own setting ([which](../CONFIG.md#text-and-sound)) or `processing` decides."""
    breaks: bool | None = None
    """Line breaks end sentences and paragraphs."""
    normalize: bool | None = None
    """Figures, signs and short forms are read as words."""
    durations: bool | None = None
    """Lengths and cuts follow what is spoken, not the bytes of the text."""
    joins: bool | None = None
    """Chunks keep a pause between them and are never laid over each other."""
    checks: bool | None = None
    """What was made is checked."""
    best_clip: bool | None = None
    """Of a long voice [the best part](voices.md#the-part-of-a-long-recording-that-is-used) is used,
    not the first 12 s."""
    mend_voice: bool | None = None
    """A voice whose channels cancel, with an offset, or too quiet is made usable."""
    pauses: PausesByKind | None = None
    """Seconds by kind of break: `{"sentence": 0.3, "paragraph": 0.8}`. Unset: `PAUSES`."""
    lexicon: LexiconEntries | None = None
    """What [words and names are said as](text.md#lexicon): `{"SQL": "sequel"}`, beside the bucket's
    lexicons; `false`: without those."""
    text: Annotated[WrittenText, AfterValidator(_one_text)] | None = None
    """What to say. May hold `[voice:NAME]`, `[pause:0.5]`, `[speed:1.2]` (`\\[` for a bracket),
    [other systems' tags, SSML](text.md). At most `MAX_TEXT_CHARS`. This or `segments` is required.
    """
    segments: (
        Annotated[
            list[SegmentInput],
            Field(min_length=1, max_length=MAX_STRETCHES),
            AfterValidator(_one_job),
        ]
        | None
    ) = None
    """Instead of `text`: a script as [a list](#segments)."""
    voice: JobVoice | None = None
    """A name in the library, a key, `s3://bucket/key` (`VOICE_BUCKETS`), an https URL,
    `{"audio_base64": ...}`; on the [command line](command.md#your-own-voice) also a file; or
    [a clip of one, or a list of clips](voices.md#a-reference-of-a-jobs-own-choice). Unset:
    `DEFAULT_VOICE`."""
    ref_text: Annotated[CleanText | None, AfterValidator(said_once)] = None
    """What the reference says. Unset: the [transcript](transcripts.md) beside it, or with
    `TRANSCRIBER` what a [recogniser hears](voices.md#words-that-are-heard)."""
    voices: VoicesByName = Field(default_factory=dict)
    """What names in this script mean, for `voice`, `[voice:Ann]` and segments: `{"Ann": {"voice":
    "film", "start": 61, "end": 69}}`."""
    speed: Speed = 1.0
    """How fast, 1 as the reference."""
    quality: Literal["draft", "balanced", "best"] = "best"
    """Sampling steps: `draft` 7, `balanced` 16, `best` 32."""
    nfe_step: Annotated[int, Field(ge=4, le=64)] | None = None
    """Sampling steps, instead of `quality`."""
    cfg_strength: Annotated[float, Field(ge=0, le=10)] = 2.0
    """Guidance, as in f5-tts. Unset, a [model's card](../CONFIG.md#model-files) may say another;
    the demo's says 1."""
    # Below -1 or above 2 / (pi - 2) the sway mapping of time is no longer monotone.
    sway_sampling_coef: Annotated[float, Field(ge=-1, le=1.75)] | None = -1.0
    """As in f5-tts; null: none."""
    seed: Annotated[int, Field(ge=-1, lt=1 << 63)] | None = None
    """The same seed gives the same audio. Unset or -1: made from the job's id."""
    cross_fade_duration: Annotated[float, Field(ge=0, le=5)] = 0.15
    """Seconds, as in f5-tts; only with `joins` off."""
    target_rms: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Level to which a quiet reference is raised, as in f5-tts."""
    fix_duration: Annotated[float, Field(gt=0, le=3600)] | None = None
    """Seconds of reference and speech together, as in f5-tts. Also cures very short texts, which
    f5-tts slows down."""
    remove_silence: bool = False
    """As in f5-tts."""
    loudness: Loudness | None = None
    """LUFS of the result (BS.1770), true peak at most -1 dBTP
    ([more](voices.md#the-level-of-a-result)). Unset: as loud as the reference."""
    output_format: AudioFormat = "wav"
    """`ogg` is Opus."""
    sample_rate: Annotated[int, Field(ge=8000, le=48000)] = 24000
    """Hz; mp3 and ogg take the next rate that the codec knows."""
    output_key: KeyTemplate | None = None
    """Where the audio is stored: a template of `{job_id}`, `{date}`, `{voice}`, `{user_id}`,
    `{session}`, `{index}` (three digits), `{ext}`. Unset: `OUTPUT_KEY`."""
    url: Annotated[UrlKind | None, HandedOver()] = None
    """[Kind of URLs](../CONFIG.md#urls). Unset: `S3_URL_KIND`."""
    url_expires: Annotated[Expires | None, HandedOver()] = None
    """Seconds that a presigned URL lives. Unset: `S3_PRESIGNED_URL_EXPIRY`."""
    use_s3: bool | None = None
    """`false` keeps this job's result on local disk."""
    return_word_timings: bool | None = None
    """`true`: subtitles with the times of words, as `srt` if no format is named; `false`: no
    subtitles."""
    timing_format: TimingFormats | None = None
    """Subtitles: one format or several."""
    return_audio: Annotated[bool, HandedOver()] = False
    """Also `audio_base64`, if it fits an answer."""
    stream: Annotated[bool, HandedOver()] = False
    """Also send each chunk as soon as it is spoken, [see below](#while-it-runs)."""
    callback_url: Annotated[CallbackUrl | None, HandedOver()] = None
    """Where the answer is posted when the job ends, signed and tried again
    ([callbacks](callbacks.md))."""
    user_id: UserId | None = None
    """For the key and the object's metadata, and for [what users cost](cost.md)."""
    session: UserId | None = None
    """For the key and the object's metadata."""
    index: Annotated[int, Field(ge=0, le=999_999)] = 0
    """For the key and the object's metadata."""
    metadata: Metadata = Field(default_factory=dict)
    """More metadata of the object: text or numbers by name, 32 at most."""

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
