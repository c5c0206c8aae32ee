"""What every part of the GPU benchmark stands on: the device, the model's files, both sides.

On a GPU the model has the published size and random weights. Without one the parts are rehearsed
on the CPU with a tiny model and few repetitions: that shows that they run, its figures say nothing.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

import torch

from bench.floor import wait
from bench.full_size import CACHE, Ours, Theirs, Voice, make_files, make_voice, text_of
from engine.arch import Arch
from engine.config import EngineConfig
from engine.weights.config import read_config
from engine.weights.locate import ModelFiles, ModelRequest, locate
from standins.checkpoints import make_checkpoint, make_vocos

TINY = "tiny-model"


@dataclass(frozen=True)
class Scale:
    """How much is measured. `limit_s`: no case is repeated for longer than this."""

    in_flight: tuple[int, ...] = (1, 8, 32, 128)
    steps: tuple[int, ...] = (7, 16, 32)
    their_jobs: int = 4
    chunks: tuple[int, ...] = (1, 8, 32)
    budgets: tuple[int, ...] = (2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072)
    mix: int = 32  # jobs in flight where one number must do, and ...
    mix_steps: int = 16  # ... their steps
    lengths: int = 8
    starts: int = 2
    seconds: float = 3.0  # of speech of the shortest job; the longest has four times as much
    limit_s: float = 3.0


REHEARSAL = Scale(
    in_flight=(1, 2),
    steps=(2,),
    their_jobs=1,
    chunks=(1, 2),
    budgets=(512, 1_024),
    mix=2,
    mix_steps=2,
    lengths=2,
    starts=1,
    seconds=0.5,
    limit_s=0.0,
)


@dataclass
class Setting:
    """The device, the files and what is loaded; `ours` and `theirs` when first asked for."""

    device: str
    scale: Scale = field(default_factory=Scale)
    cache: Path = CACHE
    said: list[str] = field(default_factory=list)  # by `ours` when it started
    # Called with what a part has found so far, after every case: a run that is cut loses nothing.
    keep: Callable[[dict[str, Any]], None] = lambda _: None

    @cached_property
    def voice(self) -> Voice:
        """A synthetic reference of 4 s."""
        self.cache.mkdir(parents=True, exist_ok=True)
        return make_voice(self.cache)

    @cached_property
    def files(self) -> ModelFiles:
        """The published size on a GPU, a tiny model on a CPU; made when missing."""
        self.cache.mkdir(parents=True, exist_ok=True)
        return make_files(self.cache) if self.on_gpu else tiny_files(self.cache)

    @cached_property
    def arch(self) -> Arch:
        """The shape of the model that is measured."""
        return read_config(self.files.config)[0]

    @cached_property
    def ours(self) -> Ours:
        """The engine as it starts by default on this device."""
        ours, self.said = self.engine_with()
        return ours

    @cached_property
    def theirs(self) -> Theirs:
        """f5-tts in the precision that it takes on this device."""
        dtype = torch.float16 if self.on_gpu else torch.float32
        return Theirs(self.files, self.voice, self.device, dtype)

    @property
    def on_gpu(self) -> bool:
        return self.device != "cpu"

    def engine_with(
        self, files: ModelFiles | None = None, **changed: Any
    ) -> tuple[Ours, list[str]]:
        """An engine with some options changed, and what it said while it started."""
        with Listening() as said:
            config = EngineConfig(**{"device": self.device} | changed)
            return Ours(files or self.files, config, self.voice), said.lines

    def texts(self, jobs: int) -> list[str]:
        """One to four times the scale's seconds of speech a job, evenly spread."""
        shortest = self.scale.seconds
        return [text_of(shortest * (1 + 3 * (job * 5 % 8) / 7), job) for job in range(jobs)]

    def seconds(self, run: Callable[[], object]) -> float:
        """Median of up to three runs after one to warm up. A run that takes longer than half of the
        limit is its own warm-up: it is measured once."""
        taken = [self.once(run)]
        if taken[0] > self.scale.limit_s / 2:
            return taken[0]
        repeats = int(min(3, max(1, self.scale.limit_s / taken[0])))
        return median(self.once(run) for _ in range(repeats))

    def once(self, run: Callable[[], object]) -> float:
        """Seconds of one run; the device's work is waited for before and after."""
        wait(self.device)
        started = time.perf_counter()
        run()
        wait(self.device)
        return time.perf_counter() - started


def tiny_files(cache: Path) -> ModelFiles:
    """A tiny model with the published architecture's parts, for the rehearsal."""
    directory = cache / TINY
    if not (directory / "model_1.safetensors").is_file():
        make_checkpoint(directory)
    if not (directory / "vocos" / "pytorch_model.bin").is_file():
        make_vocos(directory / "vocos")
    return locate(ModelRequest(model=str(directory) + "/"))


def say(text: str) -> None:
    """A line of progress."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Listening(logging.Handler):
    """Keeps what the engine logs, to tell which kernels it took and why not others."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def __enter__(self) -> Listening:
        logger = logging.getLogger("f5worker")
        self._level = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(self)
        return self

    def __exit__(self, *exc: object) -> None:
        logger = logging.getLogger("f5worker")
        logger.removeHandler(self)
        logger.setLevel(self._level)
