"""A script and its voices to waveforms, chunk by chunk: the middle of a job.

    lines -> plan_chunks -> speak (yields chunks as they finish) -> assemble (one time axis)

Chunks of a job are all submitted at once; the engine packs them with those of other jobs. Within
a line and between lines without a pause neighbouring chunks are cross-faded, as f5-tts does.
Leaving `speak` early takes the job's chunks out of their batch at the next step.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from engine.chunk import Chunk, Samples, SpeechParameters, SpokenChunk
from engine.synthesizer import Synthesizer
from engine.weights.card import ModelCard
from text.markup import ScriptLine
from worker.audio.crossfade import place
from worker.request.speech import SpeechInput
from worker.threads import Lane, in_thread
from worker.voices.library import PreparedVoice


@dataclass(frozen=True)
class Segment:
    """A spoken chunk on the result's time axis; `start` and `end` in seconds."""

    index: int
    text: str
    voice: str
    start: float
    end: float


@dataclass
class Spoken:
    """A job's speech at the engine's sample rate, and what making it took (seconds)."""

    samples: Samples
    sample_rate: int
    segments: list[Segment]
    queue_s: float = 0.0
    inference_s: float = 0.0


def speech_parameters(request: SpeechInput, job_id: str, card: ModelCard) -> SpeechParameters:
    """f5-tts's parameters of a job; the model's card may have a guidance strength of its own.

    Without a seed the job's id gives one: sent again, it sounds the same. -1 is f5-tts's word for
    "none".
    """
    strength = request.cfg_strength
    if card.cfg_strength is not None and "cfg_strength" not in request.model_fields_set:
        strength = card.cfg_strength
    seed = request.seed
    if seed is None or seed < 0:
        seed = int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:4])
    return SpeechParameters(
        nfe_step=request.steps,
        cfg_strength=strength,
        sway_sampling_coef=request.sway_sampling_coef,
        speed=request.speed,
        seed=seed,
        target_rms=request.target_rms,
        fix_duration=request.fix_duration,
        cross_fade_duration=request.cross_fade_duration,
    )


def plan_chunks(
    lines: Sequence[ScriptLine],
    voices: Mapping[str | None, PreparedVoice],
    synthesizer: Synthesizer,
    parameters: SpeechParameters,
) -> list[Chunk]:
    """Chunks of `lines` in speaking order; `voices` maps each line's `voice` to its reference.

    Raises:
        InvalidInput: a chunk would be longer than the model can position.
    """
    chunks: list[Chunk] = []
    pause_s = 0.0
    for line in lines:
        pause_s += line.pause_s
        if not line.text.strip():
            continue
        own = replace(parameters, speed=line.speed) if line.speed else parameters
        planned = synthesizer.plan(
            voices[line.voice], line.text, own, first_index=len(chunks), pause_s=pause_s
        )
        if planned:
            chunks += planned
            pause_s = 0.0
    return chunks


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
            chunk.text,
            chunk.voice.name,
            start / sample_rate,
            (start + len(wave)) / sample_rate,
        )
        for chunk, wave, start in zip(chunks, waves, starts, strict=True)
    ]
    made = [spoken for spoken in finished.values() if spoken.inference_s]
    queue_s = min((spoken.queue_s for spoken in made), default=0.0)
    end_s = max((spoken.queue_s + spoken.inference_s for spoken in made), default=0.0)
    return Spoken(samples, sample_rate, segments, queue_s, end_s - queue_s)
