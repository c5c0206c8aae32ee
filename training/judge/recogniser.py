"""Who listens to a checkpoint: the worker's own recogniser, Moonshine Tiny (English)."""

from __future__ import annotations

from collections.abc import Callable

from errors import ConfigError
from training import Samples
from worker.quality.recogniser import Moonshine

NAME = "Moonshine Tiny (moonshine-voice 0.0.45)"

Recogniser = Callable[[Samples], str]


class Missing(RuntimeError):
    """The recogniser is not installed."""


def load() -> Recogniser:
    """The recogniser.

    Raises:
        Missing: its package is not installed, or is a version without the model.
    """
    try:
        moonshine = Moonshine()
    except ConfigError as exc:
        raise Missing(f"{exc.message} pip install -r requirements/training.txt") from exc

    def recognise(samples: Samples) -> str:
        return " ".join(word.text for word in moonshine.recognise(samples))

    return recognise
