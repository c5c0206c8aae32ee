"""OpenAI's documented `POST /v1/audio/speech` body as a `tts` job, with this worker's own fields
beside. https://platform.openai.com/docs/api-reference/audio/createSpeech (November 2026)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from errors import InvalidInput, ModelNotFound, nearest, show
from worker.request.aliases import meant
from worker.request.speech import SpeechInput
from worker.settings.load import Settings

# response_format to the `output_format` of the whole file; pcm and aac are made of a wav.
FORMATS: Mapping[str, str] = {
    "mp3": "mp3",
    "opus": "ogg",
    "aac": "wav",
    "flac": "flac",
    "wav": "wav",
    "pcm": "wav",
}
STREAMS = ("audio", "sse", "whole")
WRITTEN: Mapping[str, str] = {"text": "input"}  # field of a job to the name in such a body
_OPENAI = ("input", "model", "voice", "instructions", "response_format", "speed", "stream_format")
# What of a job means nothing here: the answer is the sound itself, of which nothing is stored, and
# the body has names of its own for it.
_NOT_HERE = frozenset(
    (
        *("endpoint", "text", "segments", "output_format", "output_key", "url", "url_expires"),
        *("use_s3", "timing_format", "return_audio", "stream", "metadata"),
        *("session", "index", "callback_url"),
    )
)
_CALLED_HERE = {"text": "input", "output_format": "response_format", "stream": "stream_format"}
OWN = tuple(name for name in SpeechInput.model_fields if name not in {*_NOT_HERE, *_OPENAI})
_FIELDS = "Leave it out; docs/http.md lists the fields."
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True)
class SpeechRequest:
    """A body that was read: `job` has the fields of a `tts` job, not yet checked."""

    job: dict[str, Any]
    response_format: str
    stream_format: str
    warnings: list[str] = field(default_factory=list)


def read_speech(body: object, settings: Settings, served: str) -> SpeechRequest:
    """Reads a body; `served` is the name of the loaded model.

    Raises:
        InvalidInput: it is no object, or names an unknown field, format or kind of voice.
        ModelNotFound: another model is asked for.
    """
    if not isinstance(body, Mapping):
        raise InvalidInput(
            f"The body must be a JSON object, not {show(body)}.",
            'Send {"input": "Good morning!", "voice": "demo"}.',
        )
    _refuse_unknown(body)
    given = {str(name): value for name, value in body.items() if value is not None}
    response_format = _one_of(given, "response_format", tuple(FORMATS), "mp3")
    stream_format = _one_of(given, "stream_format", STREAMS, "audio")
    warnings: list[str] = []
    job = {name: given[name] for name in OWN if name in given}
    job |= {"text": given.get("input"), "output_format": FORMATS[response_format]}
    if "speed" in given:
        job["speed"] = given["speed"]
    if "voice" in given:
        job["voice"] = _voice(given["voice"], settings, warnings)
    quality = _quality(given.get("model"), settings, served)
    if quality and not {"quality", "nfe_step"} & given.keys():
        job["quality"] = quality
    if job["text"] is None:
        raise InvalidInput("Wrong input: input is required.", "`input` is the text to say.")
    job["stream"] = stream_format != "whole"
    warnings += _unfollowed(given, stream_format)
    return SpeechRequest(job, response_format, stream_format, warnings)


def _unfollowed(given: Mapping[str, Any], stream_format: str) -> list[str]:
    """Warnings of what is not done. Raises InvalidInput: `instructions` are no text."""
    warnings: list[str] = []
    if not isinstance(given.get("instructions", ""), str):
        raise InvalidInput(
            f"Wrong input: instructions must be a string, not {show(given['instructions'])}.",
            "Leave them out: they are not followed.",
        )
    if given.get("instructions"):
        warnings.append("`instructions` are not followed: the voice's own recording sets the tone.")
    if given.get("return_word_timings") and stream_format != "sse":
        warnings.append(
            f"`return_word_timings` has no place in `{stream_format}`; "
            "ask for `sse`, or send a job."
        )
    return warnings


def _refuse_unknown(body: Mapping[Any, Any]) -> None:
    known = (*_OPENAI, *OWN)
    unknown = [str(name) for name in body if name not in known]
    if not unknown:
        return
    named = [
        f"{show(name)[1:-1]} is not a known field{_meant(name, known)}" for name in unknown[:10]
    ]
    more = f"; and {len(unknown) - 10} more" if len(unknown) > 10 else ""
    elsewhere = [name for name in unknown if name in _NOT_HERE]
    hint = f"`{elsewhere[0]}` belongs to jobs, see `POST /v1/jobs`." if elsewhere else _FIELDS
    raise InvalidInput(f"Wrong input: {'; '.join(named)}{more}.", hint)


def _meant(name: str, known: Sequence[str]) -> str:
    here = _CALLED_HERE.get(name)
    return f" (here it is {here})" if here else meant(name, known)


def _one_of(given: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = given.get(name, default)
    if isinstance(value, str) and value in allowed:
        return value
    near = nearest(value, allowed) if isinstance(value, str) else None
    guess = f"Did you mean {near}?" if near else "Use one of these."
    known = ", ".join(allowed)
    raise InvalidInput(f"Wrong input: {name} must be one of {known}, not {show(value)}.", guess)


def _voice(value: object, settings: Settings, warnings: list[str]) -> object:
    """The voice of a job; OpenAI's `{"id": ...}` names one as well."""
    if isinstance(value, Mapping) and set(value) == {"id"}:
        if not isinstance(value["id"], str):
            raise InvalidInput(
                f"Wrong input: voice.id must be a string, not {show(value['id'])}.",
                'Name a voice: {"id": "demo"}.',
            )
        value = value["id"]
    if not isinstance(value, str):
        return value
    voice = settings.http.voice_for(value, settings.voices.default_voice)
    if voice is None:
        return value
    warnings.append(f"The voice {value} is spoken by {voice} here (OPENAI_VOICES).")
    return voice


def _quality(model: object, settings: Settings, served: str) -> str | None:
    """The quality a model's name stands for, None for the loaded model's own name."""
    if model is None or model == served:
        return None
    known = settings.http.models
    if isinstance(model, str):
        for name in (model, _DATED.sub("", model)):
            if name in known:
                return known[name]
    names = (served, *known)
    near = nearest(model, names) if isinstance(model, str) else None
    hint = f"Did you mean {near}?" if near else f"Known are {', '.join(names)} (OPENAI_MODELS)."
    raise ModelNotFound(f"This worker has no model {show(model)}.", hint)
