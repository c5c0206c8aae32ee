"""A model's card: what jobs need to know of it, in `card.yaml` beside its weights.

    notice: Trained on read speech only.    # a warning on every answer
    cfg_strength: 1.0                       # guidance of jobs that ask for none in particular
    max_seconds: 30                         # longest chunk, its reference included
    languages: [en]                         # what it speaks: texts in others are warned of

Every key may be left out, and so may the card.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from engine.reading import Unreadable, read_yaml
from engine.weights.hub import PUBLISHED
from errors import ModelUnavailable

CARD = "card.yaml"


class ModelCard(BaseModel):
    """What is left out is f5-tts's own: its guidance and longest chunk, and no notice. Without
    `languages` no text is warned of."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    notice: str = Field(default="", max_length=500, description="text of at most 500 characters")
    cfg_strength: Annotated[float, Field(ge=0, le=10)] | None = Field(
        default=None, description="a number from 0 to 10"
    )
    max_seconds: Annotated[float, Field(ge=5, le=80)] = Field(
        default=30.0,  # what f5-tts's models were trained up to
        description="a number from 5 to 80",
    )
    languages: tuple[Annotated[str, Field(pattern="^[a-z]{2,3}$")], ...] = Field(
        default=(), strict=False, description="a list of codes such as en"
    )


def read_card(path: Path | None, name: str = "") -> ModelCard:
    """The card in a file; None for a model without one: its languages are told by `name`, if that
    is published. Raises ModelUnavailable: it cannot be read, or has unknown keys or wrong values;
    names each."""
    if path is None:
        published = PUBLISHED.get(name)
        return ModelCard(languages=published.languages if published else ())
    try:
        found = read_yaml(path)
        return ModelCard.model_validate({} if found is None else found)
    except ValidationError as exc:
        problem = "; ".join(_problem(error) for error in exc.errors())
    except Unreadable as exc:
        problem = str(exc)
    raise ModelUnavailable(
        f"The model's card {path} cannot be used: {problem}.",
        f"Its keys are {', '.join(ModelCard.model_fields)}; correct it, or remove the file.",
    )


def _problem(error: ErrorDetails) -> str:
    if not error["loc"]:
        return "it is not a list of keys and their values"
    key = str(error["loc"][0])
    known = ModelCard.model_fields.get(key)
    return f"{key} must be {known.description}" if known else f"{key} is unknown"
