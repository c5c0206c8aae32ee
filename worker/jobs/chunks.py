"""A script and its voices to waveforms, chunk by chunk: the middle of a job.

    lines -> plan_parts (chunks) -> speak (yields as they finish) -> assemble (one time axis)

Chunks of a job are all submitted at once; the engine packs them with those of other jobs. Within
a line and between lines without a pause neighbouring chunks are cross-faded, as f5-tts does.
Leaving `speak` early takes the job's chunks out of their batch at the next step.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from engine.batcher import Speech
from engine.synthesizer import Chunk, SpeechParameters, Synthesizer
from text.markup import ScriptLine
from worker.audio.crossfade import Samples, place
from worker.voices.library import PreparedVoice


@dataclass(frozen=True)
class Segment:
    """A spoken chunk on the result's time axis; `start` and `end` in seconds."""

    index: int
    text: str
    voice: str
    start: float
    end: float


@dataclass(frozen=True)
class Part:
    """A chunk to speak: with which voice and parameters, after how many seconds of silence."""

    chunk: Chunk
    voice: PreparedVoice
    parameters: SpeechParameters
    pause_s: float


@dataclass(frozen=True)
class SpokenPart:
    """A finished chunk at the reference's loudness, (n,) fp32, and what it took (seconds)."""

    index: int
    samples: Samples
    queue_s: float = 0.0
    inference_s: float = 0.0


@dataclass
class Spoken:
    """A job's speech at the engine's sample rate, and what making it took (seconds)."""

    samples: Samples
    sample_rate: int
    segments: list[Segment]
    queue_s: float = 0.0
    inference_s: float = 0.0


def plan_parts(
    lines: Sequence[ScriptLine],
    voices: Mapping[str | None, PreparedVoice],
    synthesizer: Synthesizer,
    parameters: SpeechParameters,
) -> list[Part]:
    """Chunks of `lines` in speaking order; `voices` maps each line's `voice` to its reference.

    Raises:
        InvalidInput: a chunk would be longer than the model can position.
    """
    parts: list[Part] = []
    pause_s = 0.0
    for line in lines:
        pause_s += line.pause_s
        if not line.text.strip():
            continue
        voice = voices[line.voice]
        own = replace(parameters, speed=line.speed) if line.speed else parameters
        for chunk in synthesizer.plan(voice, line.text, own, first_index=len(parts)):
            parts.append(Part(chunk, voice, own, pause_s))
            pause_s = 0.0
    return parts


async def speak(
    parts: Sequence[Part], synthesizer: Synthesizer, stored: Mapping[int, Samples]
) -> AsyncGenerator[SpokenPart, None]:
    """Chunks as they finish, those in `stored` (from an interrupted run) first, without inference.

    Raises:
        InferenceFailed: the device failed; retryable.
    """
    for index, samples in stored.items():
        yield SpokenPart(index, samples)
    missing = [part for part in parts if part.chunk.index not in stored]
    submitted = await _submitted(missing, synthesizer)
    waiting = [
        asyncio.ensure_future(_finished(part, future, synthesizer))
        for part, future in zip(missing, submitted, strict=True)
    ]
    try:
        for next_finished in asyncio.as_completed(waiting):
            yield await next_finished
    finally:
        for task, future in zip(waiting, submitted, strict=True):
            future.cancel()
            task.cancel()


async def _submitted(parts: Sequence[Part], synthesizer: Synthesizer) -> list[Future[Speech]]:
    """Futures of all `parts`; a job stopped meanwhile leaves none of its chunks behind."""
    submission = asyncio.ensure_future(asyncio.to_thread(_submit, parts, synthesizer))
    try:
        return await asyncio.shield(submission)
    except asyncio.CancelledError:
        submission.add_done_callback(_cancel_all)  # the thread goes on
        raise


def _cancel_all(submission: asyncio.Future[list[Future[Speech]]]) -> None:
    if not submission.cancelled() and submission.exception() is None:
        for future in submission.result():
            future.cancel()


def _submit(parts: Sequence[Part], synthesizer: Synthesizer) -> list[Future[Speech]]:
    return [synthesizer.submit(part.chunk, part.voice, part.parameters) for part in parts]


async def _finished(part: Part, future: Future[Speech], synthesizer: Synthesizer) -> SpokenPart:
    speech = await asyncio.wrap_future(future)
    samples = synthesizer.restore_loudness(speech.samples, part.voice, part.parameters)
    return SpokenPart(part.chunk.index, samples, speech.queue_s, speech.inference_s)


def assemble(parts: Sequence[Part], spoken: Mapping[int, SpokenPart], sample_rate: int) -> Spoken:
    """All finished chunks on one time axis."""
    waves = [spoken[part.chunk.index].samples for part in parts]
    fade = int(parts[0].parameters.cross_fade_duration * sample_rate) if parts else 0
    gaps = [int(part.pause_s * sample_rate) for part in parts]
    samples, starts = place(waves, gaps, fade)
    segments = [
        Segment(
            part.chunk.index,
            part.chunk.text,
            part.voice.name,
            start / sample_rate,
            (start + len(wave)) / sample_rate,
        )
        for part, wave, start in zip(parts, waves, starts, strict=True)
    ]
    made = [part for part in spoken.values() if part.inference_s]
    queue_s = min((part.queue_s for part in made), default=0.0)
    finished = max((part.queue_s + part.inference_s for part in made), default=0.0)
    return Spoken(samples, sample_rate, segments, queue_s, finished - queue_s)
