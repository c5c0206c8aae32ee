"""A report on a voice: what was measured, whether it is good to clone from, what to do better.

What is measured is the part that is used: of a recording over 12 s the best stretch. `unusable`:
there is no speech in it; `doubtful`: a clone will be heard to suffer from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from errors import VoiceUnusable
from worker.audio.clip import Clip, reference_clip, stretch_clip
from worker.audio.decode import cut_off, decode
from worker.audio.loudness import loudness
from worker.audio.recording import Recording
from worker.audio.stretches import Judged, judge
from worker.audio.traits import Traits
from worker.settings.groups import VoiceConfig
from worker.subtitles.notes import one_line
from worker.subtitles.read import parse
from worker.subtitles.transcript import Transcript
from worker.subtitles.words import spoken_letters
from worker.threads import Lane, in_turn
from worker.voices.advice import Advice, advice
from worker.voices.choice import best_clip, traits_of
from worker.voices.located import Located

Verdict: TypeAlias = Literal["good", "doubtful", "unusable"]

_LEAST_S = 3.0  # a shorter reference copies the voice badly
_QUIET_LUFS = -40.0
_NO_SPEECH_DB = 3.0  # speech is nowhere as even as this for 2.5 s; noise and hum are
_BAND_HZ = 250
_BAND_DB = -60.0  # below the strongest band: nothing is there
_NARROW_HZ = 5000  # a telephone's 3.4 kHz, and little more
_SLOW, _FAST = 5.0, 25.0  # letters a second


@dataclass(frozen=True)
class VoiceReport:
    """What a voice is like.

    Attributes:
        seconds: length of the recording; `used`: of it, from and to, seconds.
        reason: why that part is used, empty where it is all.
        loudness_lufs: of that part, None where it is too short to measure.
        peak_db: of the recording, against full scale.
        clipped_share, speech_share: of its samples and frames, 0 to 1.
        noise_db: level of its background against full scale.
        background_db: how far that is below the voice.
        bandwidth_hz: above this there is nothing.
        words: how many are known to be said in it, None where none are known.
        letters_per_s: how fast they are said, None likewise.
        advice: sentences on what is wrong and what helps.
        warnings: sentences on what was changed, left out or guessed to read the file.
    """

    verdict: Verdict
    seconds: float
    used: tuple[float, float]
    reason: str
    loudness_lufs: float | None
    peak_db: float
    clipped_share: float
    noise_db: float
    background_db: float
    bandwidth_hz: int
    speech_share: float
    words: int | None
    letters_per_s: float | None
    advice: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[str, ...]:
        """What an answer's warnings say: about the file, then about the voice."""
        return (*self.warnings, *self.advice)

    def as_output(self) -> dict[str, Any]:
        """As JSON carries it, rounded to what can be heard."""
        values = asdict(self)
        rounded = {
            name: round(value, 4 if name.endswith("share") else 2)
            for name, value in values.items()
            if isinstance(value, float)
        }
        used = [round(value, 2) for value in self.used]
        said = {"advice": list(self.advice), "warnings": list(self.warnings)}
        return {**values, **rounded, "used": used, **said}

    def as_rows(self) -> list[tuple[str, str, str]]:
        """(mark, name, detail) for people; the marks are `doctor`'s."""
        lufs, rate = self.loudness_lufs, self.letters_per_s
        words = "not known" if rate is None else f"{self.words}, {rate:.1f} letters a second"
        facts = {
            "length": f"{self.seconds:.1f} s",
            "used": f"{self.used[0]:.1f} to {self.used[1]:.1f} s. {self.reason}".strip(),
            "level": "too short to measure" if lufs is None else f"{lufs:.1f} LUFS",
            "peak": f"{self.peak_db:.1f} dB, {self.clipped_share:.2%} of the samples clipped",
            "background": f"{self.noise_db:.0f} dB, {self.background_db:.0f} dB below the voice",
            "bandwidth": f"{self.bandwidth_hz / 1000:.1f} kHz",
            "speech": f"{self.speech_share:.0%}",
            "words": words,
        }
        rows = [("ok", name, detail) for name, detail in facts.items()]
        mark = "FAILED" if self.verdict == "unusable" else "warning"
        rows += [("warning", "file", text) for text in self.warnings]
        return [*rows, *((mark, "advice", text) for text in self.advice)]


@dataclass(frozen=True)
class _Used:
    """The part of a recording that jobs speak with."""

    clip: Clip
    start: float
    end: float
    words: str
    reason: str


def report_on(data: bytes, transcript: Transcript | None, config: VoiceConfig) -> VoiceReport:
    """Measures the voice file `data`, bytes as stored, with its words, if they are known.

    Raises:
        VoiceUnusable: it cannot be decoded, or holds no sound.
    """
    timed = transcript is not None and bool(transcript.cues)
    recording = decode(
        data, max_seconds=config.max_seconds, max_bytes=config.max_bytes, partial=timed
    )
    if recording.lacks and transcript:
        recording, transcript = _what_is_there(recording, transcript)
    return measured(recording, transcript)


def _what_is_there(recording: Recording, transcript: Transcript) -> tuple[Recording, Transcript]:
    """A recording whose end is missing, with a warning, and the segments said before it ends."""
    cues = tuple(cue for cue in transcript.cues if cue.end <= recording.seconds)
    if not cues:
        raise cut_off(recording.lacks)
    said = (
        f"The file is cut off ({recording.lacks}); what is there is used, up to {cues[-1].end:.1f} "
        "s, where a segment of its transcript ends. Upload the whole file again."
    )
    recording = replace(recording, warnings=(*recording.warnings, said))
    text = one_line(" ".join(cue.text for cue in cues))
    return recording, replace(transcript, cues=cues, text=text)


def check_located(located: Located, ref_text: str | None, config: VoiceConfig) -> VoiceReport:
    """The report on a voice that was found, with the words given, or those beside it.

    Raises:
        VoiceUnusable, TranscriptMissing, StorageError: as reading it and its transcript does.
    """
    transcript = given_words(one_line(ref_text or ""))
    if transcript is None and (beside := located.beside()):
        chosen = next((one for one in beside if one.timed), beside[0])
        transcript = parse(chosen.read(), chosen.key)
    return in_turn(Lane.DECODE, report_on, located.read(), transcript, config)


def given_words(words: str) -> Transcript | None:
    """Words as a transcript without times; None if there are none."""
    return Transcript("`ref_text`", words) if words else None


def measured(recording: Recording, transcript: Transcript | None) -> VoiceReport:
    """The report on a decoded voice. Raises VoiceUnusable: it holds no sound."""
    traits = traits_of(recording)
    used = _used(recording, traits, transcript)
    found = judge(traits.between(used.start, used.end))
    lufs = loudness(used.clip.samples, recording.sample_rate)
    speech_s = max(0.1, found.speech_share * (used.end - used.start))
    rate = spoken_letters(used.words) / speech_s if used.words else None
    hertz = bandwidth(traits)
    problems = [
        *_of_its_level(used, lufs, hertz),
        *advice(found),
        *_of_words(used, rate),
    ]
    return VoiceReport(
        verdict=_verdict(found, problems),
        seconds=recording.seconds,
        used=(used.start, used.end),
        reason=used.reason,
        loudness_lufs=lufs,
        peak_db=20 * float(np.log10(max(recording.peak, 1e-9))),
        clipped_share=found.clipped_share,
        noise_db=found.speech_db - found.background_db,
        background_db=found.background_db,
        bandwidth_hz=hertz,
        speech_share=found.speech_share,
        words=len(used.words.split()) if used.words else None,
        letters_per_s=rate,
        advice=tuple(map(str, problems)),
        warnings=recording.warnings,
    )


def _verdict(found: Judged, problems: Sequence[Advice]) -> Verdict:
    if found.background_db < _NO_SPEECH_DB:
        return "unusable"
    return "doubtful" if problems else "good"


def refuse(report: VoiceReport, *, strict: bool) -> None:
    """Raises VoiceUnusable, with the report: the voice is unusable, or doubtful and `strict`."""
    if report.verdict == "unusable":
        raise VoiceUnusable(
            "The voice file holds noise, a hum or a tone, and no speech.",
            "Record 5 to 12 s of speech.",
            report=report.as_output(),
        )
    if strict and report.verdict == "doubtful":
        raise VoiceUnusable(
            f"The voice is doubtful: {' '.join(report.advice)}",
            "Without `strict` it is taken as it is.",
            report=report.as_output(),
        )


def _used(recording: Recording, traits: Traits, transcript: Transcript | None) -> _Used:
    first = reference_clip(recording)
    if first.clipped and (transcript is None or transcript.cues):
        cues: Sequence[Any] = transcript.cues if transcript else ()
        if choice := best_clip(traits, cues):
            clip = stretch_clip(recording, choice.start, choice.end)
            return _Used(clip, choice.start, choice.end, choice.words, choice.reason)
    start, end = first.kept[0][0], first.kept[-1][1]
    if not first.clipped:
        return _Used(first, start, end, transcript.text if transcript else "", "")
    return _Used(first, start, end, "", f"The first {end:.1f} s are used, cut at a pause.")


def bandwidth(traits: Traits) -> int:
    """The frequency above which a recording holds nothing, Hz, in steps of 250."""
    width = traits.rate / 2 / (len(traits.power) - 1)
    per_band = max(1, round(_BAND_HZ / width))
    count = len(traits.power) // per_band
    bands = traits.power[: count * per_band].reshape(count, per_band).mean(axis=1)
    there = np.flatnonzero(bands > bands.max(initial=0.0) * 10 ** (_BAND_DB / 10))
    highest = (int(there[-1]) + 1) * per_band * width if len(there) else 0.0
    return min(round(highest / _BAND_HZ) * _BAND_HZ, traits.rate // 2)


def _of_its_level(used: _Used, lufs: float | None, hertz: int) -> Iterator[Advice]:
    seconds = used.end - used.start
    if seconds < _LEAST_S:
        yield Advice(f"only {seconds:.1f} s of sound are there", "Record 5 to 12 s of speech.")
    if lufs is not None and lufs < _QUIET_LUFS:
        yield Advice(
            f"it is very quiet ({lufs:.0f} LUFS)",
            "Raise the microphone's level, or speak closer to it.",
        )
    if hertz < _NARROW_HZ:
        yield Advice(
            f"it holds nothing above {hertz / 1000:.1f} kHz, as on a telephone",
            "The result will be as muffled: use the original recording.",
        )


def _of_words(used: _Used, rate: float | None) -> Iterator[Advice]:
    if rate is not None and not _SLOW <= rate <= _FAST:
        few = "few" if rate < _SLOW else "many"
        yield Advice(
            f"its words are too {few} for its sound ({rate:.0f} letters a second of speech)",
            "Give exactly what is said in the recording.",
        )
