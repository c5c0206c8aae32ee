"""The voice of a job where it is more than a name: clips of recordings, checked at the door."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    model_validator,
)

from errors import show
from worker.audio.decode import MAX_CHANNELS
from worker.audio.level import LEAST_LUFS, MOST_LUFS
from worker.request.fields import (
    CleanText,
    NamedVoice,
    Strict,
    Voice,
    decoded_voice,
    voice_name_fault,
)
from worker.voices.asked import MAX_CLIP_S, MAX_CLIPS, MIN_CLIP_S, Asked, Excerpt, VoiceInput

PLAIN, CLIP, CLIPS = "-plain-", "-clip-", "-clips-"  # in an error's place, for `parse` to leave out

Seconds: TypeAlias = Annotated[float, Field(ge=0, le=36_000)]
Loudness: TypeAlias = Annotated[float, Field(ge=LEAST_LUFS, le=MOST_LUFS)]


class ClipInput(Strict):
    """A recording, or the part from `start` to `end` seconds of it, and how it is taken.

    `voice` is a name, a key or a URL, else `audio_base64` holds the file; `channel` counts from 1.
    """

    voice: NamedVoice | None = None
    audio_base64: Annotated[str, AfterValidator(decoded_voice)] | None = None
    start: Seconds | None = None
    end: Seconds | None = None
    channel: Annotated[int, Field(ge=1, le=MAX_CHANNELS)] | None = None
    loudness: Loudness | None = None
    ref_text: CleanText | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> ClipInput:
        if (self.voice is None) == (self.audio_base64 is None):
            raise ValueError(
                "needs `voice` (a name, a key or a URL) or `audio_base64`, one of them"
            )
        start, end = self.start or 0.0, self.end
        if end is None:
            return self
        if end <= start:
            raise ValueError(f"must end after it starts: `start` is {start:g}, `end` {end:g}")
        if not MIN_CLIP_S - 1e-6 <= end - start <= MAX_CLIP_S + 1e-6:
            raise ValueError(
                f"must have {MIN_CLIP_S:g} to {MAX_CLIP_S:g} s, not {end - start:g} s: move "
                "`start` or `end`"
            )
        return self

    @property
    def asked(self) -> Asked:
        """As the voice library takes it."""
        voice: VoiceInput = self.voice or {"audio_base64": self.audio_base64 or ""}
        part = Excerpt(self.start, self.end, self.channel, self.loudness)
        return Asked(voice, self.ref_text, part)


def _kind(value: Any) -> str:
    if isinstance(value, list | tuple):
        return CLIPS
    if isinstance(value, ClipInput) or (
        isinstance(value, dict) and list(value) != ["audio_base64"]
    ):
        return CLIP
    return PLAIN


def _item(value: Any) -> Any:
    """A name in a list of clips is the whole recording of that name."""
    return {"voice": value} if isinstance(value, str) else value


def _fits(clips: list[ClipInput]) -> list[ClipInput]:
    known = sum(clip.end - (clip.start or 0.0) for clip in clips if clip.end is not None)
    if known > MAX_CLIP_S:
        raise ValueError(
            f"must have clips of at most {MAX_CLIP_S:g} s together, not {known:g} s: leave some out"
        )
    return clips


JobVoice: TypeAlias = Annotated[
    Annotated[Voice, Tag(PLAIN)]
    | Annotated[ClipInput, Tag(CLIP)]
    | Annotated[
        list[Annotated[ClipInput, BeforeValidator(_item)]],
        Field(min_length=1, max_length=MAX_CLIPS),
        AfterValidator(_fits),
        Tag(CLIPS),
    ],
    Discriminator(_kind),
]

_MAX_NAMES = 200


def _named(voices: dict[str, Any]) -> dict[str, Any]:
    for name in voices:
        if fault := voice_name_fault(name):
            raise ValueError(f"has the name {show(name)}, which {fault}")
    return voices


VoicesByName: TypeAlias = Annotated[
    dict[str, JobVoice], Field(max_length=_MAX_NAMES), AfterValidator(_named)
]


def asked_voices(
    voice: str | dict[str, str] | ClipInput | list[ClipInput], words: str | None
) -> tuple[Asked, ...]:
    """The recordings that a job's voice is made of; `words`: the job's own."""
    if isinstance(voice, list):
        clips = [clip.asked for clip in voice]
    else:
        clips = [voice.asked if isinstance(voice, ClipInput) else Asked(voice)]
    if len(clips) > 1 or clips[0].words:
        return tuple(clips)
    return (replace(clips[0], words=words or clips[0].words),)


def said_once(words: str | None, info: ValidationInfo) -> str | None:
    """Checks a job's `ref_text` against its voice, which was validated before."""
    voice = info.data.get("voice")
    clips = voice if isinstance(voice, list) else [voice]
    if words and any(isinstance(clip, ClipInput) and clip.ref_text for clip in clips):
        raise ValueError("is given in `voice` too: give it once")
    if words and len(clips) > 1:
        raise ValueError("is of one recording: give each clip of `voice` its own `ref_text`")
    return words
