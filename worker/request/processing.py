"""How far a job goes beyond f5-tts: `processing`, and a field for each stage of it.

A stage's field in the job decides; else the job's `processing`; else the stage's own setting; else
PROCESSING. A stage is one row of `Stages`, one field of a job and one setting, all of one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from text.front import TextOptions
from text.script import Pauses
from worker.settings.processing import F5_TTS, ProcessingConfig
from worker.voices.wish import Wish


@dataclass(frozen=True)
class Stages:
    """What is done beyond f5-tts; everything by default, nothing with `processing: f5-tts`.

    Attributes:
        clean: canonical characters, no decoration.
        breaks: line breaks end sentences and paragraphs.
        normalize: figures, signs and short forms become words.
        durations: lengths and cuts follow what is spoken, not the bytes of what is written.
        joins: chunks keep a pause and are never laid over each other.
        checks: what was made is looked at.
        best_clip: of a long recording the best stretch is cloned from, not the first 12 s.
        mend_voice: a voice whose channels cancel, with an offset, or too quiet is made usable.
    """

    clean: bool = True
    breaks: bool = True
    normalize: bool = True
    durations: bool = True
    joins: bool = True
    checks: bool = True
    best_clip: bool = True
    mend_voice: bool = True


STAGES = tuple(stage.name for stage in fields(Stages))
_NO_PAUSES = Pauses(0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Processing:
    """What is decided for one job."""

    stages: Stages
    lexicons: bool  # of the bucket
    text: TextOptions  # without what is known later: lexicons, voices, the model's vocabulary

    @property
    def wish(self) -> Wish:
        """How voices are prepared."""
        stages = self.stages
        return Wish(stages.best_clip, stages.mend_voice, stages.checks, self.text.language)


def processing_of(job: Mapping[str, Any], settings: ProcessingConfig) -> Processing:
    """What a job's fields and the settings come to.

    Args:
        job: its fields; what is absent or None was not given.
    """
    mode = job.get("processing")
    stages = Stages(**{name: _stage(name, job.get(name), mode, settings) for name in STAGES})
    markup = job.get("markup")
    base = settings.pauses if stages.joins else _NO_PAUSES
    text = TextOptions(
        language=job.get("language") or settings.language,
        default_language=settings.default_language,
        clean=stages.clean,
        normalize=stages.normalize,
        breaks=stages.breaks,
        markup=settings.markup if markup is None else markup,
        pauses=replace(base, **(job.get("pauses") or {})),
    )
    plain = (mode or settings.processing) == F5_TTS
    lexicons = job.get("lexicon") is not False and not plain
    return Processing(stages, lexicons, text)


def _stage(name: str, own: bool | None, mode: str | None, settings: ProcessingConfig) -> bool:
    if own is not None:
        return own
    if mode is not None:
        return mode != F5_TTS
    set_for_all: bool | None = getattr(settings, name)
    return settings.processing != F5_TTS if set_for_all is None else set_for_all
