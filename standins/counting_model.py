"""A model for tests of the batcher: it counts what it is given, and waits and fails as told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.chunk import Chunk, SpeechParameters
from engine.dit.model import DiT
from standins.waiting import PATIENCE_S


def sums(mels: Sequence[Tensor]) -> list[Tensor]:
    """Stands in for a vocoder: one sample per frame."""
    return [mel.sum(1) for mel in mels]


class CountingModel:
    """The real model, counting the packed chunks of each pass; waits and fails as told."""

    def __init__(self, model: DiT) -> None:
        self.model = model
        self.passes: list[int] = []
        self.tokens: list[int] = []
        self.max_chunks = 1000
        self.no_room: Exception = torch.OutOfMemoryError("no memory")  # for more
        self.overflows = 0  # chunks of that many frames give no numbers
        self.gate: threading.Event | None = None
        self.entered = threading.Event()
        self.error: Exception | None = None

    def __call__(self, x: Tensor, context: Tensor, steps: Any, packing: Any) -> Tensor:
        self.entered.set()
        if self.gate:
            self.gate.wait(PATIENCE_S)
        if self.error:
            raise self.error
        self.passes.append(len(packing.lengths))
        self.tokens.append(packing.tokens)
        if len(packing.lengths) > self.max_chunks:
            raise self.no_room
        v: Tensor = self.model(x, context, steps, packing)
        for length, (start, stop) in zip(packing.lengths, packing.chunk_tokens, strict=True):
            if length == self.overflows:
                v[start:stop] = torch.nan
        return v

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def hold(self) -> threading.Event:
        """From now on passes wait inside the model until the event is set."""
        self.entered.clear()
        self.gate = threading.Event()
        return self.gate


def job(
    frames: int, *, seed: int = 0, nfe: int = 3, cfg: float = 2.0, index: int = 0
) -> tuple[Chunk, Tensor]:
    """A chunk and its reference's mel, of which it has 20 frames."""
    parameters = SpeechParameters(nfe_step=nfe, cfg_strength=cfg)
    voice: Any = None  # the batcher is given its mel
    chunk = Chunk(index, "", voice, parameters, list(range(1, 30)), frames, 20, seed)
    return chunk, torch.zeros(20, 100)
