"""`{"openai_route": ..., "openai_input": ...}` on the queue, as RunPod's own workers take it: what
its gateway makes of a request to `/v2/ENDPOINT/openai/v1/...`.

An answer there is JSON: the sound comes as `audio_base64` where it fits, and as `audio_url`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from errors import InvalidInput, NoSuchPath, show
from worker.request.models import models
from worker.request.openai import read_speech
from worker.settings.load import Settings

SPEECH, MODELS, VOICES = "/v1/audio/speech", "/v1/models", "/v1/audio/voices"
_FIELDS = ("openai_route", "openai_input")


@dataclass(frozen=True)
class Routed:
    """A job to run, or an answer that needs none."""

    job: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()


def is_routed(raw: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a job's input is a request to one of OpenAI's addresses."""
    return isinstance(raw, Mapping) and _FIELDS[0] in raw


def read_route(raw: Mapping[str, Any], settings: Settings, served: str) -> Routed:
    """What a routed input asks for; `served` is the loaded model's name.

    Raises:
        NoSuchPath: there is nothing at that address.
        InvalidInput: the body is wrong, or asks for what a queue cannot carry.
    """
    if extra := [name for name in raw if name not in _FIELDS]:
        raise InvalidInput(
            f"Wrong input: {show(str(extra[0]))[1:-1]} is not a known field beside openai_route.",
            "Put it into openai_input.",
        )
    route = raw["openai_route"]
    if route == MODELS:
        return Routed(answer=models(served, settings.http))
    if route == VOICES:
        return Routed({"endpoint": "list_voices"})
    if route != SPEECH:
        raise NoSuchPath(
            f"There is nothing at {show(route)} on the queue.",
            f"Known are {SPEECH}, {MODELS} and {VOICES}.",
        )
    asked = read_speech(raw.get("openai_input"), settings, served)
    if asked.stream_format == "sse":
        raise InvalidInput(
            "Wrong input: stream_format sse is for the HTTP face.",
            "Leave it out; on the queue `stream` of a job sends each chunk as it is spoken.",
        )
    if asked.response_format in ("aac", "pcm"):
        raise InvalidInput(
            f"Wrong input: response_format {asked.response_format} is for the HTTP face.",
            "Ask for mp3, opus, flac or wav.",
        )
    return Routed({**asked.job, "stream": False, "return_audio": True}, None, (*asked.warnings,))
