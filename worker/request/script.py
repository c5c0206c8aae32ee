"""A job's script as it comes: whether its markup is understood, and whether it fits one job.

The text is not read here; that needs the lexicon and the model's vocabulary (`worker.jobs.script`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from errors import InvalidInput
from text.events import MarkupOptions
from text.front import NOTHING_TO_SAY, Outline, Source, TextOptions, outline
from worker.request.fields import refuse_if, settings_of
from worker.request.processing import processing_of
from worker.settings.load import Settings
from worker.voices.address import voice_fault

MAX_STRETCHES = 1000  # between tags and segments
MAX_SILENCE_S = 1800.0  # of a whole script: silence takes memory as speech does


def check_script(sources: Sequence[Source], info: ValidationInfo) -> None:
    """Checks the texts of a job; the fields that say how they are read are validated before.

    Raises:
        ValueError: a phrase that follows the field's name.
        PydanticCustomError: the same about one of several texts, whose place is in its context.
    """
    settings = settings_of(info)
    options = text_options(processing_of(info.data, settings.processing).text, settings)
    found: list[Outline] = []
    for number, source in enumerate(sources):
        try:
            found.append(outline(source, options))
        except InvalidInput as exc:
            said = exc.message
            if said != NOTHING_TO_SAY:
                said = " ".join(map(_ended, filter(None, (f"is wrong at {said}", exc.hint))))
                said = said.removesuffix(".")
            raise PydanticCustomError("script", "{said}", {"said": said, "number": number}) from exc
    refuse_if(_too_long(found))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def text_options(options: TextOptions, settings: Settings) -> TextOptions:
    """`options` with how this worker's voices may be called."""
    fault = partial(voice_fault, allow_http=settings.voices.allow_http)
    return replace(options, markup_options=MarkupOptions(voice_problem=fault))


def _too_long(found: Sequence[Outline]) -> str | None:
    stretches = sum(one.stretches for one in found)
    if stretches > MAX_STRETCHES:
        return f"must have at most {MAX_STRETCHES} stretches between tags, not {stretches}"
    silence_s = sum(one.silence_s for one in found)
    if silence_s > MAX_SILENCE_S:
        return f"must have at most {MAX_SILENCE_S:g} s of pauses, not {silence_s:g} s"
    return None
