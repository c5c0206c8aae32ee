"""The demo's own guidance strength, for jobs that ask for none."""

from __future__ import annotations

from typing import Any

import pytest

from engine.weights import demo
from worker.jobs.speech_job import speech_parameters
from worker.request.parse import parse
from worker.request.speech import SpeechInput
from worker.settings.load import Settings


@pytest.mark.parametrize(
    ("model", "asked", "strength"),
    [
        ("demo", {}, demo.CFG_STRENGTH),
        ("demo", {"cfg_strength": None}, demo.CFG_STRENGTH),
        ("demo", {"cfg_strength": 2.0}, 2.0),
        ("demo", {"cfg_strength": 0}, 0.0),
        ("F5TTS_v1_Base", {}, 2.0),
    ],
)
def test_strength(model: str, asked: dict[str, Any], strength: float) -> None:
    job = parse({"text": "Hello.", **asked}, {}, Settings()).input
    assert isinstance(job, SpeechInput)
    assert speech_parameters(job, "job-1", model).cfg_strength == strength
