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


def said_of(
    card: ModelCard, *languages: str, fallback: str | None = "en", text: str = "Hi."
) -> list[str]:
    voice = SimpleNamespace(content_hash="", ref_text="")
    chunks: Any = [
        SimpleNamespace(voice=voice, language=language, written="", text=text)
        for language in languages
    ]
    engine = cast(Engine, SimpleNamespace(model="demo", card=card))
    request = SpeechInput.model_validate({"text": "Dzień dobry."})
    known = cast(list[Chunk], chunks)
    return warnings_of(request, engine, [], known, None, streams=True, fallback=fallback)


def test_a_language_that_the_model_does_not_speak_is_named() -> None:
    (said,) = said_of(ModelCard(languages=("en", "zh")), "en-GB", "pl", "pl", "")
    assert "in Polish, and the model demo speaks English and Chinese" in said


@pytest.mark.parametrize("card", [ModelCard(languages=("pl",)), ModelCard()])
def test_its_own_languages_and_unknown_ones_are_not(card: ModelCard) -> None:
    assert said_of(card, "pl", "pl-PL") == []


def test_a_text_too_short_to_tell_is_of_no_other_language_but_one_named_is() -> None:
    """With DEFAULT_LANGUAGE as it is, a short text of a Polish model counts as English."""
    polish = ModelCard(languages=("pl",))
    assert said_of(polish, "en", "en-GB") == []
    assert "in English, and" in said_of(polish, "en", fallback=None)[0]


def test_a_text_that_is_surely_in_the_default_language_is_named() -> None:
    polish = ModelCard(languages=("pl",))
    (said,) = said_of(polish, "en", text="The cat was not on the table, and it is here.")
    assert "in English, and the model demo speaks Polish" in said
    assert said_of(polish, "en", text="Kowalski, Nowak, Wiśniewski") == []
