"""A model's own guidance strength, from its card, for jobs that ask for none."""

from __future__ import annotations

from typing import Any

import pytest

from engine.weights.card import ModelCard
from worker.jobs.plan import speech_parameters
from worker.request.parse import parse
from worker.request.speech import SpeechInput
from worker.settings.load import Settings


@pytest.mark.parametrize(
    ("card", "asked", "strength"),
    [
        (ModelCard(cfg_strength=1.5), {}, 1.5),
        (ModelCard(cfg_strength=1.5), {"cfg_strength": None}, 1.5),
        (ModelCard(cfg_strength=1.5), {"cfg_strength": 2.0}, 2.0),
        (ModelCard(cfg_strength=1.5), {"cfg_strength": 0}, 0.0),
        (ModelCard(cfg_strength=0.0), {}, 0.0),
        (ModelCard(), {}, 2.0),
    ],
)
def test_strength(card: ModelCard, asked: dict[str, Any], strength: float) -> None:
    job = parse({"text": "Hello.", **asked}, {}, Settings()).input
    assert isinstance(job, SpeechInput)
    assert speech_parameters(job, "job-1", card).cfg_strength == strength
