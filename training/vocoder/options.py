"""How the demo's vocoder is trained, and compared with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from engine.arch import MelConfig
from training.options import RunOptions


@dataclass(frozen=True)
class VocosSize:
    """Width and depth; 256 x 8 has 3.6 M parameters."""

    dim: int = 256
    layers: int = 8
    expansion: int = 3


@dataclass(frozen=True)
class VocoderPlan:
    """What decides the weights; the learning rate falls with the share of the run that is over.

    It is over after `steps` or after `minutes`, whichever comes first.
    """

    steps: Annotated[int, "of the vocoder at most"] = 12_000
    minutes: Annotated[float, "of its training at most, over all resumed runs"] = 60.0
    batch: Annotated[int, "stretches of 0.7 s in a step"] = 16
    frames: int = 64  # of a stretch
    rate: float = 1.5e-3
    warm_up: int = 100
    seed: Annotated[int, "of everything random"] = 7
    size: VocosSize = field(default_factory=VocosSize)

    @property
    def samples(self) -> int:
        """Length of a stretch: `frames` frames with centred padding."""
        return (self.frames - 1) * MelConfig.hop_length


@dataclass(frozen=True)
class VocoderOptions(RunOptions):
    """A training run of the vocoder, on the corpus in the work directory."""

    plan: VocoderPlan = field(default_factory=VocoderPlan)


@dataclass(frozen=True)
class FiguresOptions:
    """A comparison of the vocoders in some directories."""

    vocoders: Annotated[Sequence[Path], "directories"]
    sentences: Annotated[int, "to speak"] = 40
    threads: Annotated[int, "of the CPU"] = 2
