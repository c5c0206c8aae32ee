"""A job's chunks to waveforms: the middle of a job.

    script -> plan_chunks (worker.jobs.plan) -> speak (yields chunks as they finish) -> assemble

Chunks of a job are all submitted at once; the engine packs them with those of other jobs.
Leaving `speak` early takes the job's chunks out of their batch at the next step.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from engine.chunk import Chunk, SaidWord, Samples, SpokenChunk
from engine.synthesizer import Synthesizer
from worker.audio.crossfade import place
from worker.threads import Lane, in_thread


@dataclass(frozen=True)
class Segment:
    """A spoken chunk on the result's time axis, as it was written; `start` and `end` in seconds."""

    index: int
    text: str
    voice: str
    start: float
    end: float
    words: tuple[SaidWord, ...] = ()


@dataclass
class Spoken:
    """A job's speech at the engine's sample rate, and what making it took (seconds)."""

    samples: Samples
    sample_rate: int
    segments: list[Segment]
    queue_s: float = 0.0
    inference_s: float = 0.0


async def speak(
    chunks: Sequence[Chunk], synthesizer: Synthesizer, stored: Mapping[int, Samples]
) -> AsyncGenerator[SpokenChunk, None]:
    """Chunks as they finish, those in `stored` (from an interrupted run) first, without inference.

    Raises:
        InferenceFailed: the device failed; retryable.
    """
    for index, samples in stored.items():
        yield SpokenChunk(index, samples)
    missing = [chunk for chunk in chunks if chunk.index not in stored]
    submitted = await _submitted(missing, synthesizer)
    waiting = [
        asyncio.ensure_future(_finished(chunk, future, synthesizer))
        for chunk, future in zip(missing, submitted, strict=True)
    ]
    try:
        for next_finished in asyncio.as_completed(waiting):
            yield await next_finished
    finally:
        for task, future in zip(waiting, submitted, strict=True):
            future.cancel()
            task.cancel()


async def _submitted(
    chunks: Sequence[Chunk], synthesizer: Synthesizer
) -> list[Future[SpokenChunk]]:
    """Futures of all `chunks`; a job stopped meanwhile leaves none of its chunks behind."""
    submission = asyncio.ensure_future(
        in_thread(Lane.STORE, lambda: [synthesizer.submit(chunk) for chunk in chunks])
    )
    try:
        return await asyncio.shield(submission)
    except asyncio.CancelledError:
        submission.add_done_callback(_cancel_all)  # the thread goes on
        raise


def _cancel_all(submission: asyncio.Future[list[Future[SpokenChunk]]]) -> None:
    if not submission.cancelled() and submission.exception() is None:
        for future in submission.result():
            future.cancel()


async def _finished(
    chunk: Chunk, future: Future[SpokenChunk], synthesizer: Synthesizer
) -> SpokenChunk:
    spoken = await asyncio.wrap_future(future)
    return replace(spoken, samples=synthesizer.restore_loudness(chunk, spoken.samples))


def assemble(
    chunks: Sequence[Chunk], finished: Mapping[int, SpokenChunk], sample_rate: int
) -> Spoken:
    """All finished chunks, by index, on one time axis."""
    waves = [finished[chunk.index].samples for chunk in chunks]
    fade = int(chunks[0].parameters.cross_fade_duration * sample_rate) if chunks else 0
    gaps = [int(chunk.pause_s * sample_rate) for chunk in chunks]
    samples, starts = place(waves, gaps, fade)
    segments = [
        Segment(
            chunk.index,
            chunk.written,
            chunk.voice.name,
            start / sample_rate,
            (start + len(wave)) / sample_rate,
            chunk.words,
        )
        for chunk, wave, start in zip(chunks, waves, starts, strict=True)
    ]
    made = [spoken for spoken in finished.values() if spoken.inference_s]
    queue_s = min((spoken.queue_s for spoken in made), default=0.0)
    end_s = max((spoken.queue_s + spoken.inference_s for spoken in made), default=0.0)
    return Spoken(samples, sample_rate, segments, queue_s, end_s - queue_s)
