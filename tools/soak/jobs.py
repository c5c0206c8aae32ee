"""The jobs of a soak: every kind a worker meets, in the order of a seed."""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass
from typing import Any

from worker.audio.formats import AUDIO_FORMATS

SENTENCES = (
    "The tide was out.",
    "Please hold the line.",
    "Nobody expected that!",
    "Turn left, then right.",
    "Would you like to hear more?",
    "Rain is expected in the north.",
    "Your parcel has left.",
)
LONG_CHUNKS = 10
STEPS: dict[str, Any] = {"nfe_step": 4, "cfg_strength": 0}  # the fewest
TIMINGS = ("srt", "vtt", "ass", "csv", "json")
# Of a hundred jobs.
MIX = {
    "plain": 32, "voice": 10, "timings": 10, "stream": 6, "inline": 6, "long": 10, "script": 6,
    "twin": 8, "bad": 12,
}  # fmt: skip
CANCELLED, TWICE = 0.08, 0.08  # shares of the jobs that are no bad ones

BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"text": ""}, "INVALID_INPUT"),
    ({"text": "Hi.", "nfe_stpe": 4}, "INVALID_INPUT"),
    ({"text": "Hi.", "voice": "Nobody"}, "VOICE_NOT_FOUND"),
    ({"text": "Hi.", "voice": "broken", "ref_text": "Words."}, "VOICE_UNUSABLE"),
    ({"text": "Hi.", "voice": "no-words"}, "TRANSCRIPT_MISSING"),
    ({"text": "Hi.", "output_key": "../x.wav"}, "INVALID_INPUT"),
    ({"text": "Hi.", "voice": "http://[/x.wav"}, "INVALID_INPUT"),
    ({"endpoint": "info", "key": "output/no-such-object.wav"}, "OBJECT_NOT_FOUND"),
    ({"text": ["Hi."]}, "INVALID_INPUT"),
)


@dataclass(frozen=True)
class SoakJob:
    """One job. `error_code`: what it must fail with, empty if it must succeed; `twin`: jobs of the
    same number must get the same sound; `cancel_s`, `again_s`: seconds after its submission when it
    is cancelled, or handed out a second time."""

    job_id: str
    kind: str
    job_input: dict[str, Any]
    error_code: str = ""
    twin: int | None = None
    cancel_s: float | None = None
    again_s: float | None = None


def soak_jobs(count: int, seed: int, inline_voice: bytes) -> list[SoakJob]:
    """`count` jobs; `inline_voice` is an audio file that some bring along."""
    draw = random.Random(f"soak {seed}")
    kinds = draw.choices(list(MIX), weights=list(MIX.values()), k=count)
    voice = base64.b64encode(inline_voice).decode()
    return [_job(number, kinds[number], voice, draw) for number in range(count)]


def _job(number: int, kind: str, voice: str, draw: random.Random) -> SoakJob:
    job_id = f"soak-{number:05d}-{kind}"
    if kind == "bad":
        job_input, code = draw.choice(BAD)
        return SoakJob(job_id, kind, dict(job_input), error_code=code)
    fields: dict[str, Any] = {
        "text": draw.choice(SENTENCES),
        "voice": "Dorota",
        "output_format": draw.choice(list(AUDIO_FORMATS)),
        "seed": draw.randrange(1 << 30),
        **STEPS,
    }
    twin = draw.randrange(5) if kind == "twin" else None
    fields |= _special(kind, twin, voice, draw)
    chance = draw.random()
    cancel_s = draw.uniform(0, 2) if chance < CANCELLED else None
    again_s = draw.uniform(0, 4) if chance > 1 - TWICE else None
    return SoakJob(job_id, kind, fields, twin=twin, cancel_s=cancel_s, again_s=again_s)


def _special(kind: str, twin: int | None, voice: str, draw: random.Random) -> dict[str, Any]:
    """The fields by which a kind differs from plain jobs."""
    if kind == "voice":
        return draw.choice(
            (
                {"voice": {"audio_base64": voice}, "ref_text": "These are its words."},
                {"voice": "Robert.mp3"},
                {"voice": "longest"},
                {"voice": "demo"},
            )
        )
    if kind == "timings":
        return {"timing_format": draw.sample(TIMINGS, 2), "return_word_timings": True}
    if kind == "stream":
        return {"stream": True, "text": _chunks(draw, 3)}
    if kind == "inline":
        return {"return_audio": True, "remove_silence": draw.random() < 0.5}
    if kind == "long":
        return {"text": _chunks(draw, LONG_CHUNKS), "nfe_step": 8}
    if kind == "script":
        return {"text": "[voice:Dorota] Good morning. [voice:Robert] It is. [pause:0.5] Is it?"}
    if twin is not None:
        return {
            "text": f"Twins of number {twin} sound alike.",
            "seed": twin,
            "output_format": list(AUDIO_FORMATS)[twin % len(AUDIO_FORMATS)],
        }
    return {}


def _chunks(draw: random.Random, count: int) -> str:
    """Sentences with pauses between, each of which is a chunk."""
    return " [pause:0.1] ".join(draw.choices(SENTENCES, k=count))
