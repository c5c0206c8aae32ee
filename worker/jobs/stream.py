"""Chunks of a long text as soon as they are spoken, in order, while the rest is still running.

Each is an audio file of its own: a URL, or base64 where the job asks for inline audio and it fits
the platform's limit for one chunk of a stream. Play each from its `start`: between two may lie a
pause, and with f5-tts's joins they overlap by its cross-fade.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Any, Protocol, Self, runtime_checkable

from engine.chunk import Chunk, Samples, SpokenChunk
from worker.audio.encode import encode
from worker.audio.formats import AUDIO_FORMATS
from worker.audio.joins import Joins
from worker.audio.level import WORKING_LUFS
from worker.audio.loud_file import amplified_file
from worker.audio.mix import RunningMix
from worker.audio.resample import resample
from worker.files.target import Target
from worker.jobs.reporter import Reporter
from worker.request.speech import SpeechInput
from worker.threads import Lane, in_thread

PIECE_LIMIT_BYTES = 1_000_000  # RunPod's documented limit of one piece of a stream
_ROOM_BYTES = 20_000  # of a piece, for everything that is not audio


@runtime_checkable
class Ears(Protocol):
    """A reporter that takes the sound itself, in place of files of chunks."""

    def warn(self, warnings: Sequence[str]) -> None:
        """What is known before the first sound, of what was changed, dropped or guessed."""

    def hear(self, samples: Samples, *, last: bool) -> None:
        """(n,) fp32 at the engine's rate: what comes next of the whole, joined; `last`: after it
        comes nothing but the end of the last chunk."""


class ChunkStream:
    """Sends a job's chunks to the platform in speaking order, if the job asks and it can receive.

    Leaving its block waits until every chunk is on its way; after a failure nothing more is sent.
    """

    def __init__(
        self,
        reporter: Reporter,
        target: Target,
        request: SpeechInput,
        chunks: Sequence[Chunk],
        sample_rate: int,
        joins: Joins,
    ) -> None:
        self._reporter, self._target, self._request = reporter, target, request
        self._chunks, self._rate = chunks, sample_rate
        self._joins = joins
        self._waves: dict[int, Samples] = {}
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._request.stream and self._reporter.streams:
            self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Ends the stream.

        Raises:
            StorageError: a chunk could not be stored.
        """
        if self._task is None:
            return
        try:
            if error is None:
                await self._task
        finally:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def add(self, chunk: SpokenChunk) -> None:
        """A chunk has finished; it is sent once all before it are."""
        if self._task is not None:
            self._waves[chunk.index] = chunk.samples
            self._arrived.set()

    async def _run(self) -> None:
        mix = RunningMix()
        for position, chunk in enumerate(self._chunks):
            while chunk.index not in self._waves:
                self._arrived.clear()
                await self._arrived.wait()
            samples = self._waves.pop(chunk.index)
            placed = await in_thread(
                Lane.COMPUTE, self._joins.put, samples, chunk.pause_s, chunk.voice.name
            )
            last = position == len(self._chunks) - 1
            if isinstance(self._reporter, Ears):
                ready = await in_thread(Lane.COMPUTE, mix.add, placed, self._joins.settled)
                self._reporter.hear(ready, last=last)
                continue
            piece = {
                "index": chunk.index,
                "text": chunk.written,
                "voice": chunk.voice.name,
                "start": round(placed.start / self._rate, 3),
                "end": round(placed.end / self._rate, 3),
                "last": last,
            }
            self._reporter.chunk(
                {**piece, **await in_thread(Lane.STORE, self._file, chunk, placed.samples)}
            )

    def _file(self, chunk: Chunk, samples: Samples) -> dict[str, Any]:
        """The chunk as a file: inline, or stored with its URL."""
        fmt = self._request.output_format
        rate = AUDIO_FORMATS[fmt].rate(self._request.sample_rate)
        data = self._encoded(resample(samples, self._rate, rate), rate)
        inline = self._request.return_audio
        if inline and len(data) * 4 // 3 + _ROOM_BYTES <= PIECE_LIMIT_BYTES:
            return {"format": fmt, "audio_base64": base64.b64encode(data).decode()}
        file = self._target.files.streamed(chunk.index, fmt)
        self._target.files.put(file, data)
        return {"format": fmt, "s3_key": file.key, "audio_url": self._target.links.to(file.key).url}

    def _encoded(self, samples: Samples, rate: int) -> bytes:
        fmt, loudness = self._request.output_format, self._request.loudness
        if loudness is None:
            return encode(samples, rate, fmt)
        return amplified_file(samples, rate, fmt, loudness - WORKING_LUFS)
