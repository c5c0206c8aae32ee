"""How a checkpoint is judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from engine.config import Dtype

ESPEAK = "espeak"  # as the model: espeak-ng itself


@dataclass(frozen=True)
class JudgeOptions:
    """Which checkpoint is judged, on what, and where the figures go."""

    model: Annotated[str, "a checkpoint directory, or espeak"]
    vocoder: Annotated[str | None, "a directory, or griffin-lim; else vocos/ in the model"] = None
    sentences: Annotated[int, "to speak"] = 50
    others: Annotated[int, "sentences to confuse each with"] = 19
    nfe: Annotated[int | None, "sampling steps; else as the worker"] = None
    cfg_strength: Annotated[float | None, "guidance; else the demo's"] = None
    dtype: Annotated[Dtype, "as F5_DTYPE"] = "auto"
    threads: Annotated[int, "of the CPU"] = 2
    seed: Annotated[int, "of the choice of sentences and voices"] = 1
    words: Annotated[bool, "word error rates, if there is a recogniser"] = True
    out: Annotated[Path, "where the figures go"] = Path("data/demo-judge")
    audio: Annotated[Path | None, "keep the speech as WAV files here"] = None


@dataclass(frozen=True)
class LinesOptions:
    """Which short lines were spoken."""

    heard: Annotated[Path, "what tools.listen wrote, with sounds"]
