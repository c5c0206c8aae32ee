"""Who decides how far a job goes beyond f5-tts: its fields, then the settings."""

from __future__ import annotations

from typing import Any

import pytest

from text.script import Pauses
from worker.request.parse import parse
from worker.request.processing import STAGES, Processing
from worker.request.speech import SpeechInput
from worker.settings.load import Settings


def decided(job: dict[str, Any], environ: dict[str, str] | None = None) -> Processing:
    settings = Settings.load(environ or {})
    request = parse({"text": "A.", **job}, {}, settings).input
    assert isinstance(request, SpeechInput)
    return request.processed(settings.processing)


def test_everything_is_done_by_default_and_nothing_with_f5_tts() -> None:
    everything, nothing = decided({}), decided({"processing": "f5-tts"})
    for stage in STAGES:
        assert getattr(everything.stages, stage) is True
        assert getattr(nothing.stages, stage) is False
    assert (everything.lexicons, nothing.lexicons) == (True, False)
    assert nothing.text.pauses == Pauses(0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_a_field_and_a_setting(stage: str) -> None:
    variables = {
        "clean": "TEXT_CLEAN", "breaks": "TEXT_BREAKS", "normalize": "TEXT_NORMALIZE",
        "durations": "SPOKEN_DURATIONS", "joins": "NATURAL_JOINS", "checks": "CHECKS",
        "best_clip": "BEST_CLIP", "mend_voice": "MEND_VOICE",
    }  # fmt: skip
    for off in ({stage: False}, {}):
        environ = {} if off else {variables[stage]: "false"}
        stages = decided(off, environ).stages
        assert not getattr(stages, stage)
        assert all(getattr(stages, other) for other in STAGES if other != stage)


@pytest.mark.parametrize(
    ("job", "environ", "normalize"),
    [
        ({}, {"PROCESSING": "f5-tts"}, False),
        ({"processing": "full"}, {"PROCESSING": "f5-tts"}, True),
        ({"normalize": True}, {"PROCESSING": "f5-tts"}, True),
        ({}, {"PROCESSING": "f5-tts", "TEXT_NORMALIZE": "true"}, True),
        ({"processing": "f5-tts"}, {"TEXT_NORMALIZE": "true"}, False),
        ({"processing": "full"}, {"TEXT_NORMALIZE": "false"}, True),
        ({"processing": "f5-tts", "normalize": True}, {}, True),
    ],
)
def test_the_job_beats_the_settings_and_a_stage_the_mode(
    job: dict[str, Any], environ: dict[str, str], normalize: bool
) -> None:
    assert decided(job, environ).stages.normalize is normalize


def test_pauses_and_language_of_the_job_beat_those_of_the_settings() -> None:
    environ = {"PAUSES": "sentence=0.4,heading=1", "TEXT_LANGUAGE": "de"}
    found = decided({"pauses": {"sentence": 0.1}, "language": "en_gb"}, environ).text
    assert (found.pauses.sentence, found.pauses.heading) == (0.1, 1.0)
    assert found.language == "en-GB"
    assert decided({}, environ).text.language == "de"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PAUSES", "sentence", "must be kinds and seconds"),
        ("PAUSES", "word=1", "unknown kind"),
        ("PAUSES", "sentence=11", "allowed are 0 to 10"),
        ("TEXT_LANGUAGE", "english", "did you mean en"),
        ("PROCESSING", "none", "must be one of"),
        ("LEXICON_PREFIX", "../x", "LEXICON_PREFIX"),
    ],
)
def test_wrong_settings_stop_the_start(name: str, value: str, said: str) -> None:
    from errors import ConfigError

    with pytest.raises(ConfigError, match=said):
        Settings.load({name: value})
