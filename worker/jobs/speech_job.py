"""One `tts` job: script, voices, chunks, speech, files, storage, URL.

Each stage is awaited; blocking work runs on threads, inference on the engine's own. A job that was
done before is answered from its stored result, one that was interrupted goes on from its stored
chunks. Nothing is written under the result's key before the audio is whole.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from engine.boot import Engine
from engine.chunk import Chunk, SpeechParameters, SpokenChunk
from engine.weights import demo
from worker.app import App
from worker.audio.crossfade import Samples
from worker.files.answers import encode_answer, load_answer, request_fingerprint
from worker.files.jobfiles import JobFiles
from worker.files.store import Stored, Target, plan_target, store
from worker.jobs.answer import Metrics, SpeechOutput
from worker.jobs.chunks import Spoken, assemble, plan_chunks, speak
from worker.jobs.limits import inline_limit
from worker.jobs.progress import Progress
from worker.jobs.render import Rendered, render
from worker.jobs.resume import ChunkSaver, ChunkStore, fingerprint
from worker.jobs.stream import ChunkStream
from worker.log import get_logger
from worker.platform.reports import Reporter
from worker.request.parse import Request
from worker.request.speech import SpeechInput
from worker.voices.library import PreparedVoice

log = get_logger("tts")

REPEATED = "This job was delivered before: its stored result is returned."


@dataclass(frozen=True)
class Context:
    """What a job runs in. `resumable` tells whether a cancelled job may be delivered again."""

    app: App
    job_id: str
    reporter: Reporter
    resumable: Callable[[], bool]


@dataclass(frozen=True)
class Work:
    """What is known of a job before it speaks."""

    speech: SpeechInput
    target: Target
    voices: Mapping[str | None, PreparedVoice]
    engine: Engine
    parameters: SpeechParameters
    chunks: Sequence[Chunk]


async def run(context: Context, request: Request) -> dict[str, object]:
    """Runs a job and returns its output.

    Raises:
        WorkerError: of any kind; no result was stored.
    """
    started = time.perf_counter()
    speech = request.input
    assert isinstance(speech, SpeechInput)
    app = context.app
    files = JobFiles(app.store(speech.use_s3), app.settings, context.job_id)
    target = await asyncio.to_thread(plan_target, files, speech)
    work = await _prepare(context, speech, target)
    if isinstance(work, dict):
        return await asyncio.to_thread(_again, context, speech, target, work)
    downloaded = time.perf_counter()
    stored, saver = await _earlier_parts(context, work)
    async with saver:
        finished = await _speak(context, work, saver, stored)
        rate = work.engine.synthesizer.sample_rate
        spoken = await asyncio.to_thread(assemble, work.chunks, finished, rate)
        rendered = await asyncio.to_thread(render, spoken, speech)
        uploading = time.perf_counter()
        output = _output(context, work, spoken, rendered)
        output.warnings[:0] = request.warnings
        output.metrics.download_s = downloaded - started
        output.metrics.total_s = uploading - started
        output.metrics.resumed_chunks = len(stored)
        _add_stored(output, await _store(work, rendered, output))
    output.metrics.upload_s = time.perf_counter() - uploading
    output.metrics.total_s = time.perf_counter() - started
    await asyncio.to_thread(_inline_audio, output, context, speech, rendered.data)
    return output.as_dict()


async def _prepare(context: Context, speech: SpeechInput, target: Target) -> Work | dict[str, Any]:
    """Everything speaking needs; or the stored answer of the same job, delivered before."""
    earlier, voices = await asyncio.gather(
        _earlier(context, speech, target),
        _prepare_voices(context.app, speech),
        return_exceptions=True,
    )
    if isinstance(earlier, dict):
        return earlier
    for outcome in (voices, earlier):
        if isinstance(outcome, BaseException):
            raise outcome
    assert isinstance(voices, dict)
    engine = await context.app.loaded_engine()
    parameters = speech_parameters(speech, context.job_id, engine.model)
    parts = await asyncio.to_thread(
        plan_chunks, speech.lines, voices, engine.synthesizer, parameters
    )
    return Work(speech, target, voices, engine, parameters, parts)


async def _earlier(context: Context, speech: SpeechInput, target: Target) -> dict[str, Any] | None:
    """The stored answer of the same job, delivered before."""
    engine = await context.app.loaded_engine()
    if not context.app.settings.jobs.resumes:
        return None
    fingerprint = request_fingerprint(speech, engine.model)
    return await asyncio.to_thread(load_answer, target.files, fingerprint)


def _again(
    context: Context, speech: SpeechInput, target: Target, earlier: dict[str, Any]
) -> dict[str, object]:
    """A stored answer with URLs as this delivery asks for them."""
    log.info("delivered before; answered from its stored result")
    url = target.links.to(earlier["s3_key"])
    answer = {
        **{name: value for name, value in earlier.items() if name != "timing_formats"},
        "audio_url": url.url,
        "url_kind": url.kind,
        "expires_at": url.expires,
        "timing_files": {
            fmt: target.links.to(file.key).url for fmt, file in target.timings.items()
        },
        "warnings": [*earlier.get("warnings", []), REPEATED],
    }
    if speech.return_audio:
        if problem := _too_large_for_answer(context, answer["bytes"]):
            answer["warnings"].append(problem)
        else:
            data = target.files.storage.get(answer["s3_key"], max_bytes=answer["bytes"])
            answer["audio_base64"] = base64.b64encode(data).decode()
    return answer


async def _prepare_voices(app: App, speech: SpeechInput) -> dict[str | None, PreparedVoice]:
    """The voice of each line that speaks; None is the job's own. Different ones side by side."""
    wanted = list(dict.fromkeys(line.voice for line in speech.lines if line.text))
    own = speech.voice or app.settings.voices.default_voice
    prepared = await asyncio.gather(
        *(
            asyncio.to_thread(
                app.voices.prepare,
                own if voice is None else voice,
                speech.ref_text if voice is None else None,
            )
            for voice in wanted
        )
    )
    return dict(zip(wanted, prepared, strict=True))


def speech_parameters(speech: SpeechInput, job_id: str, model: str) -> SpeechParameters:
    """f5-tts's parameters of a job. Without a seed the job's id gives one: sent again, it sounds
    the same; -1 is f5-tts's word for "none". The demo has a guidance strength of its own."""
    strength = speech.cfg_strength
    if model == demo.NAME and "cfg_strength" not in speech.model_fields_set:
        strength = demo.CFG_STRENGTH
    seed = speech.seed
    if seed is None or seed < 0:
        seed = int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:4])
    return SpeechParameters(
        nfe_step=speech.steps,
        cfg_strength=strength,
        sway_sampling_coef=speech.sway_sampling_coef,
        speed=speech.speed,
        seed=seed,
        target_rms=speech.target_rms,
        fix_duration=speech.fix_duration,
        cross_fade_duration=speech.cross_fade_duration,
    )


async def _earlier_parts(context: Context, work: Work) -> tuple[dict[int, Samples], ChunkSaver]:
    """Chunks an interrupted run stored, and who stores this run's."""
    jobs = context.app.settings.jobs
    parts = ChunkStore(work.target.files, fingerprint(work.chunks, work.engine.model))
    enabled = jobs.resumes and len(work.chunks) > 1
    stored = await asyncio.to_thread(parts.load, len(work.chunks)) if enabled else {}
    if stored:
        log.info("continuing with %d of %d chunks stored", len(stored), len(work.chunks))

    def will_come_again(error: BaseException) -> bool:
        return getattr(error, "retryable", False) or context.resumable()

    return stored, ChunkSaver(parts, stored, enabled=enabled, worth_keeping=will_come_again)


async def _speak(
    context: Context, work: Work, saver: ChunkSaver, stored: Mapping[int, Samples]
) -> dict[int, SpokenChunk]:
    """Speaks every part, telling the platform and storage as they finish."""
    synthesizer = work.engine.synthesizer
    stream = None
    if work.speech.stream and context.reporter.streams:
        stream = ChunkStream(
            context.reporter, work.target, work.speech, work.chunks, synthesizer.sample_rate
        )
    progress = Progress(work.chunks, synthesizer.sample_rate)
    finished: dict[int, SpokenChunk] = {}
    try:
        async with aclosing(speak(work.chunks, synthesizer, stored)) as speaking:
            async for chunk in speaking:
                finished[chunk.index] = chunk
                saver.add(chunk)
                context.reporter.progress(progress.add(chunk))
                if stream:
                    stream.add(chunk)
        if stream:
            await stream.finish()
    finally:
        if stream:
            stream.abort()
    return finished


async def _store(work: Work, rendered: Rendered, output: SpeechOutput) -> Stored:
    """Stores the audio, its timing files and the job's answer."""
    facts = {
        "duration": f"{rendered.seconds:.3f}",
        "sample-rate": str(rendered.sample_rate),
        "seed": str(work.parameters.seed),
        "model": work.engine.model[:80],
    }
    answer = encode_answer(request_fingerprint(work.speech, work.engine.model), output.as_dict())
    return await store(work.target, rendered.data, rendered.timings, facts, answer)


def _output(context: Context, work: Work, spoken: Spoken, rendered: Rendered) -> SpeechOutput:
    """The answer as far as it is known before it is stored."""
    said = [line for line in work.speech.lines if line.text]
    return SpeechOutput(
        job_id=context.job_id,
        text=" ".join(line.text for line in said),
        voice=work.voices[said[0].voice].name,
        duration=rendered.seconds,
        sample_rate=rendered.sample_rate,
        format=work.speech.output_format,
        bytes=len(rendered.data),
        sha256=rendered.sha256,
        seed=work.parameters.seed,
        s3_key=work.target.audio.key,
        segments=list(rendered.segments),
        word_count=rendered.word_count,
        timing_files=dict.fromkeys(work.speech.timings),
        warnings=_warnings(context, work),
        metrics=Metrics(
            queue_s=spoken.queue_s,
            inference_s=spoken.inference_s,
            audio_s=rendered.seconds,
            chunks=len(spoken.segments),
            characters=sum(len(line.text) for line in said),
            nfe_step=work.speech.steps,
            device=work.engine.device,
            model=work.engine.model,
        ),
    )


def _add_stored(output: SpeechOutput, stored: Stored) -> None:
    audio, url = stored.audio, stored.url
    output.bucket, output.storage_type = audio.bucket, audio.storage_type
    output.audio_url, output.url_kind = url.url, url.kind
    output.expires_at = url.expires
    output.timing_files = dict(stored.timing_urls)
    output.warnings += stored.warnings


def _inline_audio(output: SpeechOutput, context: Context, speech: SpeechInput, data: bytes) -> None:
    """Adds the audio as base64 where it was asked for and the platform would carry it."""
    if not speech.return_audio:
        return
    if problem := _too_large_for_answer(context, len(data)):
        output.warnings.append(problem)
    else:
        output.audio_base64 = base64.b64encode(data).decode()


def _too_large_for_answer(context: Context, size: int) -> str | None:
    """Why `size` bytes of audio cannot come as base64 with this job's answer."""
    limit = inline_limit(context.app.settings.jobs.inline_audio_max_bytes, context.job_id)
    if size <= limit:
        return None
    return f"The audio has {size} bytes, more than the {limit} that fit an answer: use audio_url."


def _warnings(context: Context, work: Work) -> list[str]:
    found = [warning for voice in work.voices.values() for warning in voice.warnings]
    if work.engine.model == demo.NAME:
        found.append(demo.WARNING)
    if work.speech.stream and not context.reporter.streams:
        found.append("`stream` needs the RunPod platform: here the result comes whole.")
    if work.speech.stream and work.speech.remove_silence:
        found.append("`remove_silence` shortens the whole result, not the chunks of the stream.")
    return list(dict.fromkeys(found))
