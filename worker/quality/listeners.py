"""Who listens: a row of `RECOGNISERS` for each, loaded when it is first needed. Off by default.

Their packages are optional (`requirements/listen.txt`, `requirements/listen-whisper.txt`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from errors import ConfigError
from worker.quality.recogniser import Moonshine, Recogniser
from worker.quality.whisper import FasterWhisper

OFF = "off"


def _moonshine(model: Path | None) -> Recogniser:
    return Moonshine()


class _Row(NamedTuple):
    load: Callable[[Path | None], Recogniser]
    package: str
    requirements: str


RECOGNISERS: Mapping[str, _Row] = {
    "moonshine": _Row(_moonshine, "moonshine_voice", "listen"),
    "faster-whisper": _Row(FasterWhisper, "faster_whisper", "listen-whisper"),
}


def listener(
    name: str, model: Path | None = None, *, setting: str = "ASR"
) -> Callable[[], Recogniser] | None:
    """How to get a recogniser when it is needed; None for `off`.

    Args:
        name: the value of `setting`.
        model: the folder of its model, for those that need one.

    Raises:
        ConfigError: its package is not installed.
    """
    if name == OFF:
        return None
    row = RECOGNISERS[name]
    if find_spec(row.package) is None:
        raise ConfigError(
            f"{setting}={name} needs a package that is not installed.",
            f"Run pip install -r requirements/{row.requirements}.txt, or set {setting}=off.",
        )
    return partial(recogniser, name, model)


@cache
def recogniser(name: str, model: Path | None = None) -> Recogniser:
    """The recogniser of that name, loaded once.

    Raises:
        ConfigError: it cannot be loaded.
    """
    return RECOGNISERS[name].load(model)
