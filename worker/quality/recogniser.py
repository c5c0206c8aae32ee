"""Who listens: offline speech recognisers behind one interface. Off by default.

A row of `RECOGNISERS` for each; it is loaded when it is first needed. Their packages are optional
(`requirements/listen.txt`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from engine.chunk import Samples
from errors import ConfigError

OFF = "off"
_RATE = 24_000
_INSTALL = "Run pip install -r requirements/listen.txt, or set ASR=off."
# Seconds of silence added before and after: the model was trained on recordings that have some. Of
# those tried (none, a quarter second on both sides, with and without noise) these gave the fewest
# errors.
_SILENCE_S = (0.1, 0.3)


class Heard(NamedTuple):
    """A word as it was heard; times in seconds of the samples, NaN where they are not known."""

    text: str
    start: float = math.nan
    end: float = math.nan
    probability: float = math.nan


class Recogniser(Protocol):
    """`languages`: codes it knows, empty for any. `has_times`: whether words come with times."""

    @property
    def name(self) -> str: ...
    @property
    def languages(self) -> frozenset[str]: ...
    @property
    def has_times(self) -> bool: ...

    def recognise(self, samples: Samples, language: str | None = None) -> list[Heard]:
        """The words in (n,) mono samples at 24 kHz; blocking, from one thread at a time."""


class Moonshine:
    """Moonshine Tiny, English: `moonshine-voice` 0.0.45 carries its 27 M parameters (MIT licence).

    Later versions download theirs.
    """

    name = "moonshine"
    languages = frozenset({"en"})
    has_times = False

    def __init__(self) -> None:
        """Loads the model.

        Raises:
            ConfigError: its package is missing, or is a version without the model.
        """
        try:
            from moonshine_voice import ModelArch, get_assets_path
            from moonshine_voice.transcriber import Transcriber
        except ImportError as exc:
            raise ConfigError(f"ASR=moonshine: no recogniser ({exc}).", _INSTALL) from exc
        model = Path(get_assets_path()) / "tiny-en"
        if not (model / "encoder_model.ort").is_file():
            raise ConfigError(f"ASR=moonshine: no model in {model}.", _INSTALL)
        # Everything is speech here: the detector would cut words off the ends.
        self._transcriber = Transcriber(
            str(model), ModelArch.TINY, options={"vad_threshold": "0.0"}
        )

    def recognise(self, samples: Samples, language: str | None = None) -> list[Heard]:
        """See `Recogniser`."""
        padded = np.pad(samples, [int(seconds * _RATE) for seconds in _SILENCE_S])
        transcript = self._transcriber.transcribe_without_streaming(padded.tolist(), _RATE)
        return [Heard(word) for line in transcript.lines for word in line.text.split()]


RECOGNISERS: Mapping[str, Callable[[], Recogniser]] = {"moonshine": Moonshine}
_PACKAGES = {"moonshine": "moonshine_voice"}


def listener(name: str) -> Callable[[], Recogniser] | None:
    """How to get the recogniser of the setting ASR when it is needed; None for `off`.

    Raises:
        ConfigError: its package is not installed.
    """
    if name == OFF:
        return None
    if find_spec(_PACKAGES[name]) is None:
        raise ConfigError(f"ASR={name} needs a package that is not installed.", _INSTALL)
    return partial(recogniser, name)


@cache
def recogniser(name: str) -> Recogniser:
    """The recogniser of that name, loaded once.

    Raises:
        ConfigError: it cannot be loaded.
    """
    return RECOGNISERS[name]()
