"""`POST /v1/audio/speech`, as OpenAI documents it: the sound while it is made, or whole.

Until the first sound an error is an answer of its own. After it, an error is an event of an `sse`
stream; a stream of plain bytes has no place for one, and is cut off so that nobody takes it for
whole. `/v1/jobs/ID` tells it then, and with it what is known of each text.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from errors import FormatUnavailable, Unexpected, WorkerError
from worker.audio.containers import installed as has_ffmpeg
from worker.audio.formats import AUDIO_FORMATS
from worker.audio.running import ENCODERS
from worker.audio.whole import converted
from worker.http.body import read_json
from worker.http.desk import Desk
from worker.http.feed import Feed
from worker.http.kept import SPEECH, Job
from worker.http.presence import ClientGone, while_there
from worker.http.problems import ENDING, problem, refusal
from worker.jobs.unstored import Sound
from worker.request.openai import SpeechRequest, read_speech
from worker.request.parse import TTS
from worker.threads import Lane, in_thread

CONTENT_TYPES: Mapping[str, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_ALIVE_S = 15.0  # without a byte for longer, proxies take a stream for dead
_ALIVE = b": waiting\n\n"
_MOST_WARNINGS = 3_000  # characters of a header
_NOTHING_YET = object()
# Of a text's facts, for `/v1/jobs`.
_KEPT = ("status", "voice", "duration", "sample_rate", "format", "seed", "metrics", "cost")


class SpeechRoute:
    """Answers requests for speech."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def answer(self, request: Request) -> SpeechAnswer:
        """Reads the request; the sound is made while it is answered."""
        body = await read_json(request)
        engine = await self._desk.app.loaded_engine()
        settings = self._desk.app.settings
        asked = await in_thread(Lane.CHECK, read_speech, body, settings, engine.model)
        if asked.response_format == "aac" and not has_ffmpeg():
            raise FormatUnavailable(
                "aac needs FFmpeg, which this worker was installed without.",
                "Ask for mp3 or opus, or install requirements/decode.txt.",
            )
        rate = AUDIO_FORMATS[asked.job["output_format"]].rate(engine.synthesizer.sample_rate)
        own_rate = asked.job.get("sample_rate", rate) == rate == engine.synthesizer.sample_rate
        # What is done to the whole, so that its beginning is not known before.
        of_the_whole = asked.job.get("remove_silence") is True or asked.job.get("loudness")
        runs = own_rate and not of_the_whole
        asked.job["stream"] = asked.job["stream"] and runs
        return SpeechAnswer(self._desk, asked, runs=runs)


class SpeechAnswer:
    """One answer. `runs`: the sound can be sent before all of it is made."""

    def __init__(self, desk: Desk, asked: SpeechRequest, *, runs: bool) -> None:
        self._desk, self._asked, self._runs = desk, asked, runs
        self._id = desk.new_id()
        self._kept = Job(self._id, kind=SPEECH, endpoint=TTS)
        self._feed = Feed(self._kept)
        self._began = time.perf_counter()
        self._heard = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(ClientGone):
            await while_there(receive, self._answer(scope, receive, send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._speaking() as job:
            if self._asked.stream_format == "sse":
                await self._events(job, send)
                return
            try:
                first = await self._first(job)
                whole = await job if first is None else None
            except WorkerError as error:
                self._desk.metrics.failed(error.code)
                await refusal(error)(scope, receive, send)
                return
            if whole is not None:
                await (await self._whole(whole))(scope, receive, send)
                return
            await self._bytes(job, first, send)

    @asynccontextmanager
    async def _speaking(self) -> AsyncIterator[asyncio.Task[Sound]]:
        job = asyncio.create_task(self._desk.speak(self._id, self._asked, self._feed))
        self._feed.ends_with(job)
        self._kept.task = asyncio.create_task(_told(job, self._asked.warnings))
        self._desk.kept.add(self._kept)
        try:
            yield job
        finally:
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)

    async def _first(self, job: asyncio.Task[Sound]) -> Any:
        """The first piece of sound; None where the whole is there, or there as soon."""
        if not self._runs or self._asked.stream_format == "whole":
            await asyncio.wait({job})
            return None
        piece = await self._feed.next()
        if piece is not None:
            self._note_first()
        return None if self._feed.whole else piece

    async def _whole(self, sound: Sound) -> Response:
        """The file at once, with its length."""
        self._note_first()
        data = await in_thread(Lane.COMPUTE, converted, sound.data, self._asked.response_format)
        headers = self._headers(sound.facts["warnings"])
        headers |= {
            "X-Audio-Seconds": str(sound.facts["duration"]),
            "X-Seed": str(sound.facts["seed"]),
        }
        if cost := sound.facts.get("cost"):
            headers["X-Cost"] = json.dumps(cost)
        rate = sound.facts["sample_rate"]
        return Response(data, 200, headers, self._content_type(rate))

    async def _bytes(self, job: asyncio.Task[Sound], first: Any, send: Send) -> None:
        """The file piece by piece. Raises WorkerError: the job failed on the way."""
        rate = self._desk.app.engine.result().synthesizer.sample_rate
        headers = {**self._headers(self._feed.warnings), "Content-Type": self._content_type(rate)}
        await _start(send, headers)
        async for data in self._encoded(job, first):
            await _body(send, data)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _events(self, job: asyncio.Task[Sound], send: Send) -> None:
        """Server-sent events: the file in pieces as base64, then what it took."""
        headers = {**self._headers(()), "Content-Type": "text/event-stream; charset=utf-8"}
        await _start(send, {**headers, "Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        try:
            async for data in self._sse_bytes(job):
                if not data:
                    await _body(send, _ALIVE)
                    continue
                audio = base64.b64encode(data).decode()
                await _body(send, _event({"type": "speech.audio.delta", "audio": audio}))
            await _body(send, _event(self._done(await job)))
        except WorkerError as error:
            self._desk.metrics.failed(error.code)
            await _body(send, _event({"type": "error", **problem(error)}))
        except asyncio.CancelledError:
            if not self._desk.draining:
                raise
            self._desk.metrics.failed(ENDING.code)
            await _body(send, _event({"type": "error", **problem(ENDING)}))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _sse_bytes(self, job: asyncio.Task[Sound]) -> AsyncIterator[bytes]:
        """The file's bytes; an empty piece where nothing came for a while."""
        piece = None
        if self._runs:
            async for piece in self._after_waiting(_ALIVE_S):
                if piece is _NOTHING_YET:
                    yield b""
        while not self._runs and not (await asyncio.wait({job}, timeout=_ALIVE_S))[0]:
            yield b""
        if piece is None or self._feed.whole:  # then the file can say how long it is
            sound = await job
            self._note_first()
            yield await in_thread(Lane.COMPUTE, converted, sound.data, self._asked.response_format)
            return
        self._note_first()
        async for data in self._encoded(job, piece, alive=True):
            yield data

    async def _encoded(
        self, job: asyncio.Task[Sound], piece: Any, *, alive: bool = False
    ) -> AsyncIterator[bytes]:
        """The file's bytes as they can be made. Raises WorkerError: the job failed."""
        rate = self._desk.app.engine.result().synthesizer.sample_rate
        encoder = await in_thread(Lane.COMPUTE, ENCODERS[self._asked.response_format], rate)
        sent = 0
        while piece is not None:
            if data := await in_thread(Lane.COMPUTE, encoder.add, piece):
                yield data
            sent += len(piece)
            async for piece in self._after_waiting(_ALIVE_S if alive else None):
                if piece is _NOTHING_YET:
                    yield b""
        sound = await job
        rest = await in_thread(Lane.COMPUTE, encoder.add, sound.samples[sent:])
        if data := rest + await in_thread(Lane.COMPUTE, encoder.end):
            yield data

    async def _after_waiting(self, patience_s: float | None) -> AsyncIterator[Any]:
        """The next piece, None at the end; before it `_NOTHING_YET` each time that none came in
        `patience_s`."""
        while True:
            try:
                yield await self._feed.next(patience_s)
                return
            except TimeoutError:
                yield _NOTHING_YET

    def _done(self, sound: Sound) -> dict[str, Any]:
        """The last event. A token is a character of `input`, a frame of 1/93.75 s that comes out;
        OpenAI's own count cannot be made here."""
        facts = sound.facts
        characters = len(self._asked.job["text"])
        frames = round(facts["duration"] * self._desk.app.engine.result().synthesizer.frames_per_s)
        usage = {"input_tokens": characters, "output_tokens": frames}
        usage["total_tokens"] = characters + frames
        warnings = [*self._asked.warnings, *facts["warnings"]]
        result = {**facts, "warnings": warnings}
        return {"type": "speech.audio.done", "usage": usage, "result": result}

    def _headers(self, warnings: Any) -> dict[str, str]:
        said = [*self._asked.warnings, *warnings]
        more = {"X-Warnings": fitting(said)} if said else {}
        return {"X-Job-Id": self._id, **more}

    def _content_type(self, rate: int) -> str:
        kind = CONTENT_TYPES[self._asked.response_format]
        return f"{kind};rate={rate};channels=1" if kind == "audio/pcm" else kind

    def _note_first(self) -> None:
        if not self._heard:
            self._heard = True
            self._desk.metrics.first_audio(time.perf_counter() - self._began)


async def _told(job: asyncio.Task[Sound], warnings: Sequence[str]) -> dict[str, Any]:
    """What `/v1/jobs/ID` answers for a text: its error, or the facts of its sound; nothing of the
    sound and the text, but what a warning quotes. `warnings`: beside those of the facts."""
    try:
        facts = (await job).facts
    except WorkerError as error:
        output = error.as_output()
        output.pop("refresh_worker", None)
        return output
    except Exception as exc:
        return Unexpected(type(exc).__name__).as_output()
    kept = {name: facts[name] for name in _KEPT if name in facts}
    return {**kept, "warnings": [*warnings, *facts["warnings"]]}


def fitting(warnings: Sequence[str]) -> str:
    """Warnings as JSON in ASCII, as many as a header can hold, and how many it cannot."""
    told = json.dumps([*warnings])
    for left in range(1, len(warnings) + 1):
        if len(told) <= _MOST_WARNINGS:
            break
        shown = warnings[: len(warnings) - left]
        told = json.dumps([*shown, f"{left} more, too long for a header: sse has them."])
    return told


def _event(content: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(content)}\n\n".encode()


async def _start(send: Send, headers: Mapping[str, str]) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})


async def _body(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})
