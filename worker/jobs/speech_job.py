"""One `tts` job: script, voices, chunks, speech, files, storage, URL.

Each stage is awaited; blocking work runs on threads, inference on the engine's own. A job that was
done before is answered from its stored answer, one that was interrupted goes on from its stored
chunks. Nothing is written under the result's key before the audio is whole.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from engine.boot import Engine
from engine.chunk import Chunk, SpeechParameters, SpokenChunk
from engine.synthesizer import Synthesizer
from s3_utils import ObjectUrl
from worker.app import App
from worker.audio.joins import Joins
from worker.files.answers import encode_answer, load_answer, request_fingerprint
from worker.files.deliver import Overtaken, Stored, store, withdraw
from worker.files.find import find_timings
from worker.files.inline import inline_limit
from worker.files.jobfiles import JobFiles
from worker.files.target import (
    MODEL_CHARS,
    Target,
    check_room,
    plan_target,
    taken_keys,
    warnings_again,
)
from worker.jobs.answer import REDELIVERED, SpeechFacts, answer
from worker.jobs.chunks import Spoken, assemble, joins_of, speak
from worker.jobs.cost import JobCost
from worker.jobs.facts import speech_facts, warnings_of
from worker.jobs.plan import Planner, speech_parameters
from worker.jobs.render import Rendered, least_bytes, render
from worker.jobs.reporter import Progress, Reporter
from worker.jobs.resume import ChunkSaver, ChunkStore, fingerprint
from worker.jobs.script import JobText, job_text
from worker.jobs.stream import ChunkStream
from worker.jobs.voices import prepare_voices, wanted_voices
from worker.lexicons import Lexicons
from worker.log import get_logger
from worker.quality.guard import Guard
from worker.request.speech import SpeechInput
from worker.threads import Lane, in_thread, meanwhile
from worker.voices.library import PreparedVoice

log = get_logger("tts")

_OTHERS_ANSWER_S = 5.0  # from the audio of another attempt to its answer


class SpeechJob:
    """A job from its checked request to its answer.

    Args:
        warnings: what the user should know about how the request was read.
        redeliverable: whether the platform may redeliver the job if it is interrupted now.
        cost: counts what the job takes.
    """

    # Known once `run` has passed their stage.
    _text: JobText
    _target: Target
    _taken: frozenset[str]
    _lexicons: Lexicons
    _voices: Mapping[str | None, PreparedVoice]
    _engine: Engine
    _prepared_s: float
    _tail_s: float
    _guard: Guard | None = None

    def __init__(
        self,
        app: App,
        job_id: str,
        request: SpeechInput,
        warnings: Sequence[str],
        reporter: Reporter,
        redeliverable: Callable[[], bool],
        cost: JobCost,
    ) -> None:
        self._started = time.perf_counter()
        self._app, self._job_id, self._request = app, job_id, request
        self._warnings, self._reporter = tuple(warnings), reporter
        self._redeliverable, self._cost = redeliverable, cost
        self._settings = app.settings.jobs
        self._files = JobFiles(app.store(request.use_s3), app.settings, job_id)

    async def run(self) -> dict[str, Any]:
        """The job's answer.

        Raises:
            WorkerError: of any kind; no result was stored.
        """
        app, request = self._app, self._request
        self._text = await in_thread(Lane.STORE, job_text, request, app)
        wanted = wanted_voices(self._text.voices, request, app.settings)
        self._target = await in_thread(Lane.STORE, plan_target, self._files, self._request)
        looking = in_thread(Lane.STORE, self._look)
        preparing = prepare_voices(app.voices, wanted, self._text.processing.wish)
        reading = in_thread(Lane.STORE, self._read_lexicons)
        with (
            meanwhile(preparing) as voices,
            meanwhile(looking) as taken,
            meanwhile(reading) as lexicons,
        ):
            if earlier := await self._earlier_answer():
                return await in_thread(Lane.STORE, self._answer_again, earlier)
            self._taken = await taken
            self._voices = await voices
            self._lexicons = await lexicons
        self._prepared_s = time.perf_counter() - self._started
        chunks = await self._plan()
        await in_thread(Lane.STORE, self._check_room, chunks)
        async with self._saver(chunks) as saver:
            finished = await self._speak(chunks, saver)
            spoken = await in_thread(Lane.COMPUTE, self._assembled, chunks, finished)
            rendered, earlier = await asyncio.gather(self._render(spoken), self._earlier_answer())
            if earlier:  # another attempt was quicker
                return await in_thread(Lane.STORE, self._answer_again, earlier)
            facts = self._facts(chunks, spoken, rendered, resumed=len(saver.found))
            return await self._deliver(facts, rendered)

    def _look(self) -> frozenset[str]:
        return taken_keys(self._target)

    def _check_room(self, chunks: Sequence[Chunk]) -> None:
        seconds = sum(map(self._engine.synthesizer.seconds, chunks))
        check_room(self._target, least_bytes(seconds, len(chunks), self._request))

    async def _earlier_answer(self) -> dict[str, Any] | None:
        """What the same job answered, if another attempt at it was done before."""
        if not self._settings.resumes:
            return None
        engine = await self._app.loaded_engine()
        asked = request_fingerprint(self._request, engine.model)
        return await in_thread(Lane.STORE, load_answer, self._files, asked)

    def _read_lexicons(self) -> Lexicons:
        return self._app.lexicons.current() if self._text.processing.lexicons else Lexicons()

    async def _plan(self) -> list[Chunk]:
        engine = self._engine = await self._app.loaded_engine()
        parameters = speech_parameters(self._request, self._job_id, engine.card)
        return await in_thread(Lane.COMPUTE, self._planned, engine.synthesizer, parameters)

    def _planned(self, synthesizer: Synthesizer, parameters: SpeechParameters) -> list[Chunk]:
        script = self._text.read(synthesizer.knows, self._lexicons.lexicon)
        self._warnings = (
            *self._warnings,
            *self._text.warnings,
            *self._lexicons.warnings,
            *script.warnings,
        )
        if self._text.processing.stages.checks:
            self._guard = Guard(
                self._app.recogniser,
                sample_rate=self._rate,
                frames_per_s=synthesizer.frames_per_s,
            )
        planner = Planner(
            synthesizer,
            self._text.spoken_references(self._voices),
            parameters,
            durations=self._text.processing.stages.durations,
            pauses=self._text.options.pauses,
            starts_soon=self._request.stream and self._reporter.streams,
        )
        self._tail_s = planner.tail_s(script)
        return planner.plan(script)

    def _assembled(self, chunks: Sequence[Chunk], finished: Mapping[int, SpokenChunk]) -> Spoken:
        reports = self._guard.reports if self._guard else {}
        return assemble(chunks, finished, self._rate, self._joins(), reports, self._tail_s)

    async def _render(self, spoken: Spoken) -> Rendered:
        """Where words are looked for in the sound, not in the lane that others plan in."""
        aligner = self._app.aligner if self._request.timings else None
        lane = Lane.LISTEN if aligner else Lane.COMPUTE
        return await in_thread(lane, render, spoken, self._request, aligner)

    def _joins(self) -> Joins:
        natural = self._text.processing.stages.joins
        return joins_of(self._request, natural=natural, sample_rate=self._rate)

    def _saver(self, chunks: Sequence[Chunk]) -> ChunkSaver:
        return ChunkSaver(
            ChunkStore(self._files, fingerprint(chunks, self._engine.model)),
            len(chunks),
            enabled=self._settings.resumes and len(chunks) > 1,
            worth_keeping=lambda e: getattr(e, "retryable", False) or self._redeliverable(),
        )

    async def _speak(self, chunks: Sequence[Chunk], saver: ChunkSaver) -> dict[int, SpokenChunk]:
        """Every chunk by index; each is stored and reported as it finishes."""
        progress = Progress(chunks, self._rate)
        stream = ChunkStream(
            self._reporter, self._target, self._request, chunks, self._rate, self._joins()
        )
        synthesizer, meter = self._engine.synthesizer, self._cost.meter
        speaking = aclosing(speak(chunks, synthesizer, saver.found, self._guard, meter))
        finished: dict[int, SpokenChunk] = {}
        async with stream, speaking as spoken:
            async for chunk in spoken:
                finished[chunk.index] = chunk
                saver.add(chunk)
                stream.add(chunk)
                self._reporter.progress(progress.add(chunk))
        return finished

    def _facts(
        self, chunks: Sequence[Chunk], spoken: Spoken, rendered: Rendered, *, resumed: int
    ) -> SpeechFacts:
        request, engine, voices = self._request, self._engine, self._voices.values()
        streams = self._reporter.streams
        said = warnings_of(request, engine, voices, chunks, self._guard, streams=streams)
        return speech_facts(
            self._job_id,
            request,
            engine,
            chunks,
            spoken,
            rendered,
            [*self._warnings, *said],
            voices=voices,
            s3_key=self._target.audio.key,
            resumed=resumed,
            prepared_s=self._prepared_s,
            total_s=time.perf_counter() - self._started,
            cost=self._cost.stated(rendered.seconds),
        )

    async def _deliver(self, facts: SpeechFacts, rendered: Rendered) -> dict[str, Any]:
        """Stores the result and answers. A job that is cancelled meanwhile has announced nothing,
        so nothing stays of what it stored; one that may be redelivered is answered from it."""
        storing = asyncio.create_task(self._store(facts, rendered))
        storing.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            stored = await asyncio.shield(storing)
            return await in_thread(Lane.STORE, self._answer, facts, rendered.data, stored)
        except Overtaken:
            if earlier := await self._others_answer():
                return await in_thread(Lane.STORE, self._answer_again, earlier)
            self._taken = self._target.keys  # it is gone: all is stored once more
            return await self._deliver(facts, rendered)
        except asyncio.CancelledError:
            if not self._redeliverable():
                log.info("cancelled while its result was being stored")
                await withdraw(self._target, storing, self._taken)
            raise

    async def _others_answer(self) -> dict[str, Any] | None:
        """What another attempt at this job answers, whose audio has just been stored."""
        until = time.monotonic() + _OTHERS_ANSWER_S
        while not (earlier := await self._earlier_answer()):
            if not self._settings.resumes or time.monotonic() > until:
                return None
            await asyncio.sleep(0.2)
        return earlier

    async def _store(self, facts: SpeechFacts, rendered: Rendered) -> Stored:
        """Stores the audio, its timing files and the job's answer."""
        of_object = {
            "duration": f"{rendered.seconds:.3f}",
            "sample-rate": str(rendered.sample_rate),
            "seed": str(facts.seed),
            "model": self._engine.model[:MODEL_CHARS],
        }
        asked = request_fingerprint(self._request, self._engine.model)
        kept = encode_answer(asked, facts.as_dict())
        return await store(
            self._target, rendered.data, rendered.timings, of_object, kept, taken=self._taken
        )

    def _answer(self, facts: SpeechFacts, audio: bytes, stored: Stored) -> dict[str, Any]:
        total_s = time.perf_counter() - self._started
        facts.metrics.upload_s = total_s - facts.metrics.total_s
        facts.metrics.total_s = total_s
        facts.bucket, facts.storage_type = stored.audio.bucket, stored.audio.storage_type
        return self._handed_over(facts.as_dict(), stored.url, stored.warnings, lambda: audio)

    def _answer_again(self, earlier: Mapping[str, Any]) -> dict[str, Any]:
        """An earlier answer with URLs as they are asked for now."""
        log.info("redelivered; answered from its stored answer")
        self._cost.again = True
        key, storage, links = earlier["s3_key"], self._files.storage, self._target.links
        url = links.to(key)
        found = self._handed_over(
            earlier,
            url,
            [REDELIVERED, *warnings_again(self._target, url, earlier["storage_type"])],
            lambda: storage.get(key, max_bytes=earlier["bytes"]),
        )
        timings = find_timings(self._files, earlier)  # older versions had other keys
        return {**found, "timing_files": {fmt: links.to(at).url for fmt, at in timings.items()}}

    def _handed_over(
        self,
        facts: Mapping[str, Any],
        url: ObjectUrl,
        warnings: Sequence[str],
        audio: Callable[[], bytes],
    ) -> dict[str, Any]:
        return answer(
            facts,
            url,
            self._target.timing_urls,
            warnings,
            inline=audio if self._request.return_audio else None,
            most_inline=inline_limit(self._settings.inline_audio_max_bytes, self._job_id),
        )

    @property
    def _rate(self) -> int:
        return self._engine.synthesizer.sample_rate
