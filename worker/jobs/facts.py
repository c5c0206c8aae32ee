"""What a job made, put together from its stages, and all that the user should know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.boot import Engine
from engine.chunk import Chunk
from text.languages import NAMES, base, detect
from worker.jobs.answer import Metrics, SpeechFacts
from worker.jobs.chunks import Spoken
from worker.jobs.render import Rendered
from worker.quality.expected import reference_warning
from worker.quality.guard import Guard, heard_warnings
from worker.request.speech import SpeechInput
from worker.voices.library import PreparedVoice

_MOST_CLIPS = 20  # in an answer


def speech_facts(
    job_id: str,
    request: SpeechInput,
    engine: Engine,
    chunks: Sequence[Chunk],
    spoken: Spoken,
    rendered: Rendered,
    warnings: Iterable[str],
    *,
    voices: Iterable[PreparedVoice],
    s3_key: str,
    resumed: int,
    prepared_s: float,
    total_s: float,
    cost: Mapping[str, Any] | None,
) -> SpeechFacts:
    """What was made, as far as it is known before it is stored.

    Args:
        resumed: how many chunks an interrupted run had stored.
        prepared_s: seconds until voices and lexicons were read.
        total_s: seconds since the job began.
        cost: as `JobCost` states it.
    """
    metrics = Metrics(
        queue_s=spoken.queue_s,
        inference_s=spoken.inference_s,
        audio_s=rendered.seconds,
        chunks=len(chunks),
        characters=sum(len(chunk.text) for chunk in chunks),
        nfe_step=request.steps,
        device=engine.device,
        model=engine.model,
        download_s=prepared_s,
        total_s=total_s,
        resumed_chunks=resumed,
    )
    return SpeechFacts(
        job_id=job_id,
        text=" ".join(segment.text for segment in rendered.segments),
        voice=chunks[0].voice.name,
        duration=rendered.seconds,
        sample_rate=rendered.sample_rate,
        format=request.output_format,
        bytes=len(rendered.data),
        sha256=rendered.sha256,
        seed=chunks[0].parameters.seed,
        segments=rendered.segments,
        word_count=len(rendered.words),
        metrics=metrics,
        cost=cost,
        warnings=list(dict.fromkeys([*warnings, *spoken.warnings, *rendered.warnings])),
        s3_key=s3_key,
        timing_files=dict.fromkeys(request.timings),
        clips=_clips(voices),
    )


def _clips(voices: Iterable[PreparedVoice]) -> dict[str, dict[str, object]]:
    """Of each long voice the part that was used, seconds, and why."""
    found = {
        voice.name: {
            "start": round(voice.clip_span[0], 2),
            "end": round(voice.clip_span[1], 2),
            "reason": voice.clip_reason,
        }
        for voice in voices
        if voice.clip_span
    }
    return dict(list(found.items())[:_MOST_CLIPS])


def warnings_of(
    request: SpeechInput,
    engine: Engine,
    voices: Iterable[PreparedVoice],
    chunks: Sequence[Chunk],
    guard: Guard | None,
    *,
    streams: bool,
    fallback: str | None,
) -> list[str]:
    """What the user should know beside how the request and its text were read.

    Args:
        chunks: their voices have the words of the references as they are spoken.
        guard: None where nothing was checked.
        streams: whether chunks could be sent.
        fallback: the language of texts too short to tell; None: the job names its language.
    """
    found: list[str] = []
    spoken = {chunk.voice.content_hash: chunk.voice.ref_text for chunk in chunks}
    for voice in voices:
        found += voice.warnings
        words = spoken.get(voice.content_hash, voice.ref_text)
        said = reference_warning(voice.name, words, voice.seconds) if guard else None
        found += [said] if said else []
    if guard:
        found += heard_warnings(guard.reports, {c.index: c.written or c.text for c in chunks})
    if engine.card.notice:
        found.append(engine.card.notice)
    found += _foreign(engine, chunks, fallback)
    if request.stream and not streams:
        found.append("`stream` needs the RunPod platform: here the result comes whole.")
    if request.stream and request.remove_silence:
        found.append("`remove_silence` shortens the whole result, not the chunks of the stream.")
    return found


def _foreign(engine: Engine, chunks: Sequence[Chunk], fallback: str | None) -> list[str]:
    """A warning of what is said in languages that the model was not trained on, where its card
    names its own. A chunk in the `fallback` may be in any language: its words must tell."""
    own = engine.card.languages
    told = {base(chunk.language) for chunk in chunks if chunk.language}
    strange = told.difference(own)
    if own and fallback in strange:
        meant = [
            chunk.written or chunk.text for chunk in chunks if base(chunk.language) == fallback
        ]
        if detect(" ".join(meant), "") != fallback:
            strange.remove(fallback)
    if not own or not strange:
        return []
    known, found = _named(own), _named(sorted(strange))
    return [
        f"The text seems to be in {found}, and the model {engine.model} speaks {known}: it will be "
        "hard to understand. Use a model of that language, or give `language` if that is wrong."
    ]


def _named(codes: Iterable[str]) -> str:
    return " and ".join(NAMES.get(code, code) for code in codes)
