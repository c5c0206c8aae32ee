"""What a job's answer warns of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.boot import Engine
from engine.chunk import Chunk
from engine.weights.card import ModelCard
from worker.jobs.facts import warnings_of
from worker.request.speech import SpeechInput


def said_of(card: ModelCard, *languages: str) -> list[str]:
    voice = SimpleNamespace(content_hash="", ref_text="")
    chunks: Any = [SimpleNamespace(voice=voice, language=language) for language in languages]
    engine = cast(Engine, SimpleNamespace(model="demo", card=card))
    request = SpeechInput.model_validate({"text": "Dzień dobry."})
    return warnings_of(request, engine, [], cast(list[Chunk], chunks), None, streams=True)


def test_a_language_that_the_model_does_not_speak_is_named() -> None:
    (said,) = said_of(ModelCard(languages=("en", "zh")), "en-GB", "pl", "pl", "")
    assert "in Polish, and the model demo speaks English and Chinese" in said


@pytest.mark.parametrize("card", [ModelCard(languages=("pl",)), ModelCard()])
def test_its_own_languages_and_unknown_ones_are_not(card: ModelCard) -> None:
    assert said_of(card, "pl", "pl-PL") == []
