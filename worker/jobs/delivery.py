"""A finished result on its way to who asked: stored, and answered; where another attempt at the job
was done first, its answer is given again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from s3_utils import ObjectUrl
from worker.app import App
from worker.files.answers import encode_answer, load_answer, request_fingerprint
from worker.files.deliver import Overtaken, Stored, store, withdraw
from worker.files.find import find_timings
from worker.files.inline import inline_limit
from worker.files.jobfiles import JobFiles
from worker.files.target import MODEL_CHARS, Target, warnings_again
from worker.jobs.answer import REDELIVERED, SpeechFacts, answer
from worker.jobs.cost import JobCost
from worker.jobs.render import Rendered
from worker.log import get_logger
from worker.request.speech import SpeechInput
from worker.threads import Lane, in_thread

log = get_logger("tts")

_OTHERS_ANSWER_S = 5.0  # from the audio of another attempt to its answer


class Delivery:
    """That of one job.

    Args:
        redeliverable: whether the platform may redeliver the job if it is interrupted now.
        started: when the attempt began, `time.perf_counter()` seconds.
    """

    def __init__(
        self,
        app: App,
        files: JobFiles,
        target: Target,
        request: SpeechInput,
        redeliverable: Callable[[], bool],
        cost: JobCost,
        started: float,
    ) -> None:
        self._app, self._files, self._target = app, files, target
        self._request, self._redeliverable = request, redeliverable
        self._cost, self._started = cost, started
        self._settings = app.settings.jobs

    async def earlier(self) -> dict[str, Any] | None:
        """What the same job answered, if another attempt at it was done before."""
        if not self._settings.resumes:
            return None
        engine = await self._app.loaded_engine()
        asked = request_fingerprint(self._request, engine.model)
        return await in_thread(Lane.STORE, load_answer, self._files, asked)

    async def deliver(
        self, facts: SpeechFacts, rendered: Rendered, taken: frozenset[str]
    ) -> dict[str, Any]:
        """Stores the result and answers. A job that is cancelled meanwhile has announced nothing,
        so nothing stays of what it stored; one that may be redelivered is answered from it.

        Args:
            taken: which of the target's keys are those of an earlier result.

        Raises:
            StorageError: it could not be stored.
        """
        storing = asyncio.create_task(self._store(facts, rendered, taken))
        storing.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            stored = await asyncio.shield(storing)
            return await in_thread(Lane.STORE, self._answer, facts, rendered.data, stored)
        except Overtaken:
            if earlier := await self._others_answer():
                return await in_thread(Lane.STORE, self.again, earlier)
            # It is gone: all is stored once more.
            return await self.deliver(facts, rendered, self._target.keys)
        except asyncio.CancelledError:
            if not self._redeliverable():
                log.info("cancelled while its result was being stored")
                await withdraw(self._target, storing, taken)
            raise

    async def _others_answer(self) -> dict[str, Any] | None:
        """What another attempt at this job answers, whose audio has just been stored."""
        until = time.monotonic() + _OTHERS_ANSWER_S
        while not (earlier := await self.earlier()):
            if not self._settings.resumes or time.monotonic() > until:
                return None
            await asyncio.sleep(0.2)
        return earlier

    async def _store(self, facts: SpeechFacts, rendered: Rendered, taken: frozenset[str]) -> Stored:
        """Stores the audio, its timing files and the job's answer."""
        model = (await self._app.loaded_engine()).model
        of_object = {
            "duration": f"{rendered.seconds:.3f}",
            "sample-rate": str(rendered.sample_rate),
            "seed": str(facts.seed),
            "model": model[:MODEL_CHARS],
        }
        asked = request_fingerprint(self._request, model)
        kept = encode_answer(asked, facts.as_dict())
        return await store(
            self._target, rendered.data, rendered.timings, of_object, kept, taken=taken
        )

    def _answer(self, facts: SpeechFacts, audio: bytes, stored: Stored) -> dict[str, Any]:
        total_s = time.perf_counter() - self._started
        facts.metrics.upload_s = total_s - facts.metrics.total_s
        facts.metrics.total_s = total_s
        facts.bucket, facts.storage_type = stored.audio.bucket, stored.audio.storage_type
        return self._handed_over(facts.as_dict(), stored.url, stored.warnings, lambda: audio)

    def again(self, earlier: Mapping[str, Any]) -> dict[str, Any]:
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
            most_inline=inline_limit(self._settings.inline_audio_max_bytes, self._files.job_id),
        )
