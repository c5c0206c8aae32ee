"""A `tts` job whose sound goes straight to whoever asked: nothing of it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.chunk import Chunk, Samples, SpokenChunk
from worker.jobs.answer import SpeechFacts
from worker.jobs.chunks import Spoken
from worker.jobs.render import Rendered
from worker.jobs.resume import ChunkSaver, ChunkStore
from worker.jobs.speech_job import SpeechJob
from worker.jobs.stream import Ears


@dataclass(frozen=True)
class Sound:
    """What was said: `samples` (n,) fp32 at `rate` Hz as a stream has them; `data`: the whole as a
    file of the job's `output_format`, at the rate and length of `facts`."""

    samples: Samples
    rate: int
    data: bytes
    facts: dict[str, Any]


class UnstoredSpeech(SpeechJob):
    """A job from its checked request to its sound; it leaves no file, so it cannot be resumed."""

    _sound: Samples

    async def sound(self) -> Sound:
        """The job's sound. Raises WorkerError: of any kind."""
        made = await self.run()
        data, facts = made["data"], made["facts"]
        return Sound(self._sound, self._rate, data, facts)

    def _look(self) -> frozenset[str]:
        return frozenset()

    def _check_room(self, chunks: Sequence[Chunk]) -> None: ...

    async def _earlier_answer(self) -> None:
        return None

    def _saver(self, chunks: Sequence[Chunk]) -> ChunkSaver:
        return ChunkSaver(
            ChunkStore(self._files, ""),
            len(chunks),
            enabled=False,
            worth_keeping=lambda _: False,
        )

    async def _speak(self, chunks: Sequence[Chunk], saver: ChunkSaver) -> dict[int, SpokenChunk]:
        if isinstance(self._reporter, Ears):
            self._reporter.warn(self._said(chunks))
        return await super()._speak(chunks, saver)

    async def _render(self, spoken: Spoken) -> Rendered:
        self._sound = spoken.samples
        return await super()._render(spoken)

    async def _deliver(self, facts: SpeechFacts, rendered: Rendered) -> dict[str, Any]:
        told = facts.as_dict()
        for name in ("s3_key", "bucket", "storage_type", "timing_files"):
            del told[name]
        if self._request.return_word_timings:
            told["words"] = [
                {"text": word.text, "start": round(word.start, 3), "end": round(word.end, 3)}
                for word in rendered.words
            ]
        return {"facts": told, "data": rendered.data}
