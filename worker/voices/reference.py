"""A voice file and its words to the model's reference: clipped audio, and only the words in it.

f5-tts clips a reference to about 12 s but keeps whatever text it is given; a whole transcript
against clipped audio makes rushed or broken speech. Here the words are cut with the audio:
`part.py` says how, `cut.py` where a job asks for a clip.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from engine.chunk import Reference, Samples
from worker.audio.level import CEILING, to_loudness
from worker.audio.recording import Recording
from worker.audio.resample import resample
from worker.audio.stretches import judge
from worker.audio.traits import measure
from worker.settings.groups import VoiceConfig
from worker.voices.advice import not_speech
from worker.voices.beside import disagreements
from worker.voices.choice import traits_of
from worker.voices.cut import asked_part
from worker.voices.located import Located, TranscriptFile
from worker.voices.part import Part, PartOf, Words, recorded, said_of
from worker.voices.record import HeardFacts
from worker.voices.wish import USUAL, Wish

MODEL_RATE = 24_000


class HeardWords(NamedTuple):
    """What a recogniser heard, which one, and its own confidence, 0 to 1, None where it has
    none."""

    text: str
    by: str
    confidence: float | None


@dataclass(frozen=True, eq=False)
class PreparedVoice(Reference):
    """A reference ready for the engine, its samples read-only.

    `source` says where it came from, without query strings; `clip_span` and `clip_reason`, of a
    long recording: from where to where it was taken, seconds, and why. A voice without words has an
    empty `ref_text`. `heard`: what a recogniser heard in it, None where none listened.
    """

    source: str
    warnings: tuple[str, ...] = ()
    clip_reason: str = ""
    clip_span: tuple[float, float] | None = None
    heard: HeardWords | None = None

    @property
    def nbytes(self) -> int:
        """Memory it takes, bytes, about."""
        return self.samples.nbytes + 4 * len(self.ref_text) + 1024


def with_full_stop(text: str) -> str:
    """f5-tts's rule for a reference's words (preprocess_ref_audio_text)."""
    if text.endswith((". ", "。")):
        return text
    return f"{text} " if text.endswith(".") else f"{text}. "


def prepare_voice(
    located: Located,
    data: bytes,
    words: Words,
    config: VoiceConfig,
    *,
    wish: Wish = USUAL,
    heard: HeardFacts | None = None,
    beside: Sequence[TranscriptFile] = (),
) -> PreparedVoice:
    """Prepares the voice file `data`, bytes as stored.

    Args:
        words: what is said in it, on one line; or the transcripts that tell, read ahead: few voices
            are prepared at a time, and none shall wait for storage. None of them: a recogniser will
            hear the clip that is taken.
        heard: the clip whose words the first of the transcripts has, where a recogniser wrote it.
        beside: transcripts that given words are compared with, read ahead.

    Raises:
        VoiceUnusable: the file cannot be used.
        TranscriptMissing: the transcript is malformed.
    """
    recording = recorded(data, words, config, wish)
    if wish.part.cut:
        part = asked_part(recording, wish.part, words, located.name)
    else:
        measured = cache(partial(traits_of, recording))
        part = PartOf(recording, located.name, located.stem, measured, wish.best, heard).find(words)
    return reference_of(located, recording, part, words, wish=wish, beside=beside)


def reference_of(
    located: Located,
    recording: Recording,
    part: Part,
    words: Words,
    *,
    wish: Wish = USUAL,
    beside: Sequence[TranscriptFile] = (),
) -> PreparedVoice:
    """The reference made of a `part` of a recording; the rest as `prepare_voice`."""
    whole = not part.reason and not wish.part.cut
    warnings = [
        *located.warnings,
        *said_of(recording, located.name),
        *part.warnings,
        *_of_its_sound(part, located.name, wish),
        *disagreements(located.name, part.words, words, beside, whole=whole),
    ]
    clip, loudness = part.clip, wish.part.loudness
    samples, rms = resample(clip.samples, clip.sample_rate, MODEL_RATE), clip.rms
    if loudness is not None:
        samples = _at_loudness(samples, loudness, located, warnings)
        rms = float(np.sqrt(np.mean(np.square(samples))))
    samples.setflags(write=False)
    return PreparedVoice(
        name=located.name,
        samples=samples,
        rms=rms,
        seconds=clip.seconds,
        ref_text=with_full_stop(part.words) if part.words else "",
        content_hash=hashlib.sha256(samples.tobytes()).hexdigest(),
        source=located.source,
        warnings=tuple(warnings),
        clip_reason=part.reason,
        clip_span=part.span if part.reason else None,
    )


def _of_its_sound(part: Part, name: str, wish: Wish) -> Iterator[str]:
    """A warning where the clip is noise or music; of a part that was chosen it is said already."""
    if part.chosen is None and wish.check:
        clip = part.clip
        peak = float(np.abs(clip.samples).max(initial=0.0))
        found = judge(measure([clip.samples], clip.sample_rate, peak))
        if fault := not_speech(found, clip.seconds):
            yield f"Voice {name}: {fault}"


def _at_loudness(samples: Samples, wanted: float, located: Located, warnings: list[str]) -> Samples:
    made = to_loudness(samples, MODEL_RATE, wanted, CEILING)
    if made.lufs is None or made.misses(wanted):
        has = "cannot be measured" if made.lufs is None else f"has {made.lufs:.1f} LUFS"
        warnings.append(
            f"Voice {located.name}: the reference {has}, not the {wanted:g} of its `loudness`: it "
            "is too short, or its peaks allow no more. Ask for less, or leave it out."
        )
    return made.samples
