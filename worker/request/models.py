"""`/v1/models`, as OpenAI's clients list them: the loaded model, and the names taken for it."""

from __future__ import annotations

from typing import Any

from errors import ModelNotFound, show
from worker.settings.http import HttpConfig


def models(served: str, settings: HttpConfig) -> dict[str, Any]:
    """All of them; `served` is the loaded model's name."""
    names = dict.fromkeys((served, *settings.models))
    return {"object": "list", "data": [_model(name, served, settings) for name in names]}


def model(name: str, served: str, settings: HttpConfig) -> dict[str, Any]:
    """One of them. Raises ModelNotFound: there is none of that name."""
    if name != served and name not in settings.models:
        raise ModelNotFound(
            f"This worker has no model {show(name)}.", "GET /v1/models lists those there are."
        )
    return _model(name, served, settings)


def _model(name: str, served: str, settings: HttpConfig) -> dict[str, Any]:
    found = {"id": name, "object": "model", "created": 0, "owned_by": "f5-tts-worker"}
    quality = settings.models.get(name)
    return found if quality is None else {**found, "root": served, "quality": quality}
