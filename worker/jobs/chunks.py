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

import numpy as np

from engine.chunk import Chunk, SaidWord, Samples, SpokenChunk
from engine.meter import Meter
from engine.synthesizer import Synthesizer
from worker.audio.joins import CrossFade, Joins, NaturalJoins, Piece, join_all, spans
from worker.audio.level import Levelled
from worker.quality.guard import Guard, Report
from worker.request.speech import SpeechInput
from worker.subtitles.align import Method
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
    language: str = ""
    report: Report | None = None
    word_times: Method | None = None


@dataclass
class Spoken:
    """A job's speech at the engine's sample rate, and what making it took (seconds)."""

    samples: Samples
    sample_rate: int
    segments: list[Segment]
    queue_s: float = 0.0
    inference_s: float = 0.0
    warnings: Sequence[str] = ()


async def speak(
    chunks: Sequence[Chunk],
    synthesizer: Synthesizer,
    stored: Mapping[int, SpokenChunk],
    guard: Guard | None = None,
    meter: Meter | None = None,
) -> AsyncGenerator[SpokenChunk, None]:
    """Chunks as they finish, those in `stored` (from an interrupted run) first, without inference.
    Each has passed `guard`; what they take of the device, `meter` counts.

    Raises:
        InferenceFailed: the device failed; retryable.
    """
    for chunk in chunks:
        if chunk.index in stored:
            spoken = stored[chunk.index]
            yield await guard.checked(chunk, spoken) if guard else spoken
    missing = [chunk for chunk in chunks if chunk.index not in stored]
    submitted = await _submitted(missing, synthesizer, meter)
    waiting = [
        asyncio.ensure_future(_finished(chunk, future, synthesizer, guard, meter))
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
    chunks: Sequence[Chunk], synthesizer: Synthesizer, meter: Meter | None
) -> list[Future[SpokenChunk]]:
    """Futures of all `chunks`; a job stopped meanwhile leaves none of its chunks behind."""
    submission = asyncio.ensure_future(in_thread(Lane.STORE, synthesizer.submit_job, chunks, meter))
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
    chunk: Chunk,
    future: Future[SpokenChunk],
    synthesizer: Synthesizer,
    guard: Guard | None,
    meter: Meter | None,
) -> SpokenChunk:
    spoken = await _at_its_level(chunk, future, synthesizer)
    if guard is None:
        return spoken

    async def again(chunk: Chunk) -> SpokenChunk:
        (future,) = await _submitted([chunk], synthesizer, meter)
        try:
            return await _at_its_level(chunk, future, synthesizer)
        finally:
            future.cancel()

    return await guard.checked(chunk, spoken, again)


async def _at_its_level(
    chunk: Chunk, future: Future[SpokenChunk], synthesizer: Synthesizer
) -> SpokenChunk:
    spoken = await asyncio.wrap_future(future)
    return replace(spoken, samples=synthesizer.restore_loudness(chunk, spoken.samples))


def joins_of(request: SpeechInput, *, natural: bool, sample_rate: int) -> Joins:
    """The rule by which the chunks of a job meet, to be used once."""
    fade_s = request.cross_fade_duration
    joins = NaturalJoins(sample_rate, fade_s) if natural else CrossFade(sample_rate, fade_s)
    return joins if request.loudness is None else Levelled(joins, sample_rate)


def assemble(
    chunks: Sequence[Chunk],
    finished: Mapping[int, SpokenChunk],
    sample_rate: int,
    joins: Joins,
    reports: Mapping[int, Report],
    tail_s: float = 0.0,
) -> Spoken:
    """All finished chunks, by index, on one time axis; `tail_s` seconds of silence end it."""
    pieces = [Piece(finished[c.index].samples, c.pause_s, c.voice.name) for c in chunks]
    samples, placed = join_all(joins, pieces)
    samples = np.pad(samples, (0, round(tail_s * sample_rate)))
    segments = [
        Segment(
            chunk.index,
            chunk.written,
            chunk.voice.name,
            start / sample_rate,
            end / sample_rate,
            chunk.words,
            chunk.language,
            reports.get(chunk.index),
        )
        for chunk, (start, end) in zip(chunks, spans(placed), strict=True)
    ]
    made = [spoken for spoken in finished.values() if spoken.inference_s]
    queue_s = min((spoken.queue_s for spoken in made), default=0.0)
    end_s = max((spoken.queue_s + spoken.inference_s for spoken in made), default=0.0)
    warnings = dict.fromkeys(said for spoken in finished.values() for said in spoken.warnings)
    return Spoken(samples, sample_rate, segments, queue_s, end_s - queue_s, tuple(warnings))
