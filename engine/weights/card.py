"""A model's card: what jobs need to know of it, in `card.yaml` beside its weights.

    notice: Trained on read speech only.    # a warning on every answer
    cfg_strength: 1.0                       # guidance of jobs that ask for none in particular

Every key may be left out, and so may the card.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from errors import ModelUnavailable

CARD = "card.yaml"


class ModelCard(BaseModel):
    """What is left out is f5-tts's own: its guidance, and no notice."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    notice: Annotated[str, Field(max_length=500)] = ""  # it goes on every answer
    cfg_strength: Annotated[float, Field(ge=0, le=10)] | None = None  # as a job's own


def read_card(path: Path | None) -> ModelCard:
    """The card in a file; None for a model without one.

    Raises:
        ModelUnavailable: it cannot be read, or has unknown keys or wrong values; names each.
    """
    if path is None:
        return ModelCard()
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        return ModelCard.model_validate({} if found is None else found)
    except ValidationError as exc:
        problem = "; ".join(_problem(error) for error in exc.errors())
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as exc:
        problem = " ".join(str(exc).split())
    raise ModelUnavailable(
        f"The model's card {path} cannot be used: {problem}.",
        f"Its keys are {', '.join(ModelCard.model_fields)}; correct it, or remove the file.",
    )


def _problem(error: ErrorDetails) -> str:
    subject = ".".join(map(str, error["loc"])) or "the file"
    if error["type"] == "extra_forbidden":
        return f"{subject} is unknown"
    return f"{subject}: {error['msg']}"
