"""How a checkpoint is judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.config import Dtype

ESPEAK = "espeak"  # as the model: espeak-ng itself


@dataclass(frozen=True)
class JudgeOptions:
    """Which checkpoint is judged, on what, and where the figures go."""

    model: str  # a checkpoint directory, or `ESPEAK`
    vocoder: str | None = None  # a directory, or griffin-lim; None: `vocos/` in the model
    sentences: int = 50
    others: int = 19  # sentences that each could be confused with
    nfe: int | None = None  # sampling steps; None: as the worker
    cfg_strength: float | None = None  # guidance; None: the demo's
    dtype: Dtype = "auto"  # as F5_DTYPE
    threads: int = 2
    seed: int = 1  # of the choice of sentences and voices
    words: bool = True  # with the recogniser, if it is installed
    out: Path = Path("data/demo-judge")
    audio: Path | None = None  # where the speech is kept as WAV files
