"""The interface of offline speech recognisers, and the smallest of them."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from engine.chunk import Samples
from errors import ConfigError

RATE = 24_000  # Hz, of what recognisers are given
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
        padded = np.pad(samples, [int(seconds * RATE) for seconds in _SILENCE_S])
        transcript = self._transcriber.transcribe_without_streaming(padded.tolist(), RATE)
        return [Heard(word) for line in transcript.lines for word in line.text.split()]


ONE_AT_A_TIME = threading.Lock()
"""Held while a recogniser listens: they are not thread-safe, and use every core."""
