"""An offline speech recogniser whose model comes inside its package: Moonshine Tiny (English).

`moonshine-voice` 0.0.45 on PyPI carries the 27 M parameter model (MIT licence) in its wheel; later
versions download theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.arch import MelConfig
from training import Samples

NAME = "Moonshine Tiny (moonshine-voice 0.0.45)"
_RATE = MelConfig.sample_rate
# Seconds of silence added before and after: the model was trained on recordings that have some. Of
# those tried (none, a quarter second on both sides, with and without noise) these gave the fewest
# errors.
_SILENCE_S = (0.1, 0.3)

Recogniser = Callable[[Samples], str]


class Missing(RuntimeError):
    """The recogniser is not installed."""


def load() -> Recogniser:
    """The recogniser.

    Raises:
        Missing: its package is not installed, or is a version without the model.
    """
    try:
        from moonshine_voice import ModelArch, get_assets_path
        from moonshine_voice.transcriber import Transcriber
    except ImportError as exc:
        raise Missing(f"no recogniser ({exc}): pip install -r requirements/training.txt") from exc
    model = Path(get_assets_path()) / "tiny-en"
    if not (model / "encoder_model.ort").is_file():
        raise Missing(f"no model in {model}: pip install -r requirements/training.txt")
    # Everything is speech here: the detector would cut words off the ends.
    transcriber = Transcriber(str(model), ModelArch.TINY, options={"vad_threshold": "0.0"})

    def recognise(samples: Samples) -> str:
        padded = np.pad(samples, [int(seconds * _RATE) for seconds in _SILENCE_S])
        transcript = transcriber.transcribe_without_streaming(padded.tolist(), _RATE)
        return " ".join(line.text.strip() for line in transcript.lines)

    return recognise
