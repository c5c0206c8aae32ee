"""What a running job says before its answer: how far it is, and chunks of a stream."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

from engine.chunk import Chunk, SpokenChunk


class Reporter(Protocol):
    """Where a job's reports go. `streams` is False where nobody can receive chunks."""

    @property
    def streams(self) -> bool: ...

    def progress(self, update: dict[str, Any]) -> None:
        """Offers an update; most are dropped, the latest one counts."""

    def chunk(self, chunk: dict[str, Any]) -> None:
        """Sends a chunk of a stream; every one is sent, in order."""


class Silent:
    """For local runs: nobody listens."""

    streams = False

    def progress(self, update: dict[str, Any]) -> None: ...

    def chunk(self, chunk: dict[str, Any]) -> None: ...


class Progress:
    """Counts finished chunks; time left is estimated from the frames still to be made."""

    def __init__(self, chunks: Sequence[Chunk], sample_rate: int) -> None:
        self._frames = {chunk.index: chunk.frames for chunk in chunks}
        self._total = sum(self._frames.values())
        self._rate = sample_rate
        self._started = time.monotonic()
        self._chunks = self._done = self._spoken = 0
        self._audio_s = 0.0

    def add(self, chunk: SpokenChunk) -> dict[str, Any]:
        """Counts a finished chunk; returns the update to report, times in seconds."""
        self._chunks += 1
        self._audio_s += len(chunk.samples) / self._rate
        self._done += self._frames[chunk.index]
        if chunk.inference_s:  # chunks of an interrupted run cost nothing
            self._spoken += self._frames[chunk.index]
        elapsed = time.monotonic() - self._started
        left = elapsed / self._spoken * (self._total - self._done) if self._spoken else None
        return {
            "chunks_done": self._chunks,
            "chunks": len(self._frames),
            "audio_s": round(self._audio_s, 2),
            "seconds_left": None if left is None else round(left, 1),
        }
