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
from text.languages import base
from worker.app import App
from worker.audio.joins import Joins
from worker.files.jobfiles import JobFiles
from worker.files.target import Target, check_room, plan_target, taken_keys
from worker.jobs.answer import SpeechFacts
from worker.jobs.chunks import Spoken, assemble, joins_of, speak
from worker.jobs.cost import JobCost
from worker.jobs.delivery import Delivery
from worker.jobs.facts import speech_facts, warnings_of
from worker.jobs.plan import Planner, speech_parameters
from worker.jobs.render import Rendered, least_bytes, render
from worker.jobs.reporter import Progress, Reporter
from worker.jobs.resume import ChunkSaver, ChunkStore, fingerprint
from worker.jobs.script import JobText, job_text
from worker.jobs.stream import ChunkStream
from worker.jobs.voices import prepare_voices, wanted_voices
from worker.lexicons import Lexicons
from worker.quality.guard import Guard
from worker.request.speech import SpeechInput
from worker.threads import Lane, in_thread, meanwhile
from worker.voices.library import PreparedVoice


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
    _delivery: Delivery
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
        self._delivery = Delivery(
            app, self._files, self._target, request, self._redeliverable, self._cost, self._started
        )
        looking = in_thread(Lane.STORE, self._look)
        preparing = prepare_voices(app.voices, wanted, self._text.processing.wish)
        reading = in_thread(Lane.STORE, self._read_lexicons)
        with (
            meanwhile(preparing) as voices,
            meanwhile(looking) as taken,
            meanwhile(reading) as lexicons,
        ):
            if earlier := await self._earlier_answer():
                return await in_thread(Lane.STORE, self._delivery.again, earlier)
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
                return await in_thread(Lane.STORE, self._delivery.again, earlier)
            facts = self._facts(chunks, spoken, rendered, resumed=len(saver.found))
            return await self._deliver(facts, rendered)

    def _look(self) -> frozenset[str]:
        return taken_keys(self._target)

    def _check_room(self, chunks: Sequence[Chunk]) -> None:
        seconds = sum(map(self._engine.synthesizer.seconds, chunks))
        check_room(self._target, least_bytes(seconds, len(chunks), self._request))

    async def _earlier_answer(self) -> dict[str, Any] | None:
        return await self._delivery.earlier()

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
        return speech_facts(
            self._job_id,
            self._request,
            self._engine,
            chunks,
            spoken,
            rendered,
            self._said(chunks),
            voices=self._voices.values(),
            s3_key=self._target.audio.key,
            resumed=resumed,
            prepared_s=self._prepared_s,
            total_s=time.perf_counter() - self._started,
            cost=self._cost.stated(rendered.seconds),
        )

    def _said(self, chunks: Sequence[Chunk]) -> list[str]:
        """The warnings that are known by now, beside those of the sound itself."""
        options = self._text.options
        found = warnings_of(
            self._request,
            self._engine,
            self._voices.values(),
            chunks,
            self._guard,
            streams=self._reporter.streams,
            fallback=None if options.language else base(options.default_language),
        )
        return [*self._warnings, *found]

    async def _deliver(self, facts: SpeechFacts, rendered: Rendered) -> dict[str, Any]:
        return await self._delivery.deliver(facts, rendered, self._taken)

    @property
    def _rate(self) -> int:
        return self._engine.synthesizer.sample_rate
