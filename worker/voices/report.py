"""A report on a voice: what was measured, whether it is good to clone from, what to do better.

What is measured is the part that is used: of a recording over 12 s the best stretch. `unusable`:
there is no speech in it; `doubtful`: a clone will be heard to suffer from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from errors import VoiceUnusable
from worker.audio.decode import Silent
from worker.audio.loudness import loudness
from worker.audio.recording import Recording
from worker.audio.stretches import Judged, judge
from worker.audio.traits import Traits
from worker.phrases import here
from worker.settings.groups import VoiceConfig
from worker.subtitles.words import spoken_letters
from worker.voices.advice import (
    NO_SPEECH,
    Advice,
    advice,
    doubted,
    doubted_sound,
    is_noisy,
    is_speechless,
    of_its_level,
    of_words,
)
from worker.voices.beside import disagreements
from worker.voices.choice import traits_of
from worker.voices.located import TranscriptFile
from worker.voices.part import Part, PartOf, Words, recorded, said_of
from worker.voices.record import HeardFacts
from worker.voices.reference import HeardWords
from worker.voices.wish import Wish

Verdict: TypeAlias = Literal["good", "doubtful", "unusable"]

_BAND_HZ = 250
_BAND_DB = -60.0  # below the strongest band: nothing is there
_MOST_WARNINGS, _MOST_LETTERS = 20, 600  # of a report: it goes into answers


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
        heard: the words that a recogniser heard in that part, `by` which and how sure it was
            (`confidence`, 0 to 1); None where none listened.
        advice: sentences on what is wrong and what helps.
        warnings: sentences on what was mended or guessed to read it and its words.
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
    heard: HeardWords | None = None

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
        return {**values, **rounded, "used": used, **said, "heard": self._as_heard()}

    def of_words(self, words: str, heard: HeardWords | None) -> VoiceReport:
        """With words that were not known when it was measured, and what a recogniser heard."""
        if self.words is not None or not words:
            return replace(self, heard=heard)
        rate = _rate(words, self, self.used[1] - self.used[0])
        return replace(self, heard=heard, words=len(words.split()), letters_per_s=rate)

    def saying(self, *more: str, first: Sequence[str] = ()) -> VoiceReport:
        """With warnings before and behind its own, as many as answers carry."""
        said = dict.fromkeys((*first, *self.warnings, *more))
        shown = (each[:_MOST_LETTERS] for each in list(said)[:_MOST_WARNINGS])
        return replace(self, warnings=tuple(shown))

    def _as_heard(self) -> dict[str, Any] | None:
        if self.heard is None:
            return None
        return {
            "words": self.heard.text[:_MOST_LETTERS],
            "by": self.heard.by,
            "confidence": self.heard.confidence,
        }

    def as_rows(self) -> list[tuple[str, str, str]]:
        """(mark, name, detail) for people; the marks are `doctor`'s."""
        lufs, rate = self.loudness_lufs, self.letters_per_s
        words = "" if rate is None else f"{self.words}, {rate:.1f} letters a second"
        facts = {
            "length": f"{self.seconds:.1f} s",
            "used": f"{self.used[0]:.1f} to {self.used[1]:.1f} s. {self.reason}".strip(),
            "level": "too short to measure" if lufs is None else f"{lufs:.1f} LUFS",
            "peak": f"{self.peak_db:.1f} dB, {self.clipped_share:.2%} of the samples clipped",
            "background": f"{self.noise_db:.0f} dB, {self.background_db:.0f} dB below the voice",
            "bandwidth": f"{self.bandwidth_hz / 1000:.1f} kHz",
            "speech": f"{self.speech_share:.0%}",
        }
        if self.heard:
            facts["heard"] = f"{self.heard.by}: “{self.heard.text[:_MOST_LETTERS]}”"
        facts |= {"words": words} if words else {}
        doubts = doubted(self.used[1] - self.used[0], lufs, self.bandwidth_hz, rate)
        doubts |= doubted_sound(self.background_db, self.clipped_share, self.speech_share)
        rows = [("warning" if n in doubts else "ok", n, text) for n, text in facts.items()]
        rows += [] if words else [("unknown", "words", _no_words())]
        mark = "FAILED" if self.verdict == "unusable" else "warning"
        rows += [("warning", "read", text) for text in self.warnings]
        return [*rows, *((mark, "advice", text) for text in self.advice)]


def to_report(data: bytes, words: Words, config: VoiceConfig, wish: Wish) -> Recording:
    """As `recorded`; the error for a silent file has a report."""
    try:
        return recorded(data, words, config, wish)
    except Silent as silent:
        report = _of_silence(silent).as_output()
        raise VoiceUnusable(silent.message, silent.hint, report=report) from silent


def _of_silence(silent: Silent) -> VoiceReport:
    level = _decibels(silent.peak)
    return VoiceReport(
        verdict="unusable",
        seconds=silent.seconds,
        used=(0.0, silent.seconds),
        reason="",
        loudness_lufs=None,
        peak_db=level,
        clipped_share=0.0,
        noise_db=level,
        background_db=0.0,
        bandwidth_hz=0,
        speech_share=0.0,
        words=None,
        letters_per_s=None,
        advice=(f"{silent.message} {silent.hint}",),
    )


def _decibels(peak: float) -> float:
    return 20 * float(np.log10(max(peak, 1e-9)))


def measured(
    recording: Recording,
    words: Words,
    name: str = "",
    stem: str = "",
    *,
    best: bool = True,
    heard: HeardFacts | None = None,
    beside: Sequence[TranscriptFile] = (),
) -> tuple[VoiceReport, Part]:
    """The report on a decoded voice, with its words, if they are known; and the part it is on.

    Args:
        words: as `PartOf` takes them; `name`, `stem`, `best` and `heard` too.
        beside: transcripts that given words are compared with.

    Raises:
        VoiceUnusable: it holds no sound.
        TranscriptMissing: its transcript is malformed.
    """
    traits = traits_of(recording)
    part = PartOf(recording, name, stem, lambda: traits, best, heard).find(words)
    unlike = disagreements(name, part.words, words, beside, whole=not part.reason)
    used = part.span
    # With its pauses, as it was chosen: speech without one would pass for noise.
    start, end = part.chosen or used
    found = judge(traits.between(start, end))
    lufs = loudness(part.clip.samples, recording.sample_rate)
    rate = _rate(part.words, found, end - start)
    hertz = bandwidth(traits)
    problems = [
        *of_its_level(used[1] - used[0], lufs, hertz),
        *advice(found),
        *of_words(rate),
    ]
    report = VoiceReport(
        verdict=_verdict(found, problems),
        seconds=recording.seconds,
        used=used,
        reason=part.reason,
        loudness_lufs=lufs,
        peak_db=_decibels(recording.peak),
        clipped_share=found.clipped_share,
        noise_db=found.speech_db - found.background_db,
        background_db=found.background_db,
        bandwidth_hz=hertz,
        speech_share=found.speech_share,
        words=len(part.words.split()) if part.words else None,
        letters_per_s=rate,
        advice=tuple(map(str, problems)),
    )
    return report.saying(*said_of(recording, name), *part.warnings, *unlike), part


def _rate(words: str, found: Judged | VoiceReport, seconds: float) -> float | None:
    """Letters a second of the speech in so many seconds, None without words. Where it is noisy, all
    counts as speech."""
    share = 1.0 if is_noisy(found.background_db) else found.speech_share
    return spoken_letters(words) / max(0.1, share * seconds) if words else None


def _verdict(found: Judged, problems: Sequence[Advice]) -> Verdict:
    if is_speechless(found):
        return "unusable"
    return "doubtful" if problems else "good"


def refuse(report: VoiceReport, *, strict: bool) -> None:
    """Raises VoiceUnusable, with the report: the voice is unusable, or doubtful and `strict`."""
    if report.verdict == "unusable":
        start, end = report.used
        part = f"The part of the voice file that is used, {start:.1f} to {end:.1f} s,"
        what = part if report.reason else "The voice file"
        raise VoiceUnusable(
            f"{what} holds {NO_SPEECH}.",
            "Record 5 to 12 s of speech.",
            report=report.as_output(),
        )
    if strict and report.verdict == "doubtful":
        raise VoiceUnusable(
            f"The voice is doubtful: {' '.join(report.advice)}",
            "Without `strict` it is taken as it is.",
            report=report.as_output(),
        )


def bandwidth(traits: Traits) -> int:
    """The frequency above which a recording holds nothing, Hz, in steps of 250."""
    width = traits.rate / 2 / (len(traits.power) - 1)
    per_band = max(1, round(_BAND_HZ / width))
    count = len(traits.power) // per_band
    bands = traits.power[: count * per_band].reshape(count, per_band).mean(axis=1)
    there = np.flatnonzero(bands > bands.max(initial=0.0) * 10 ** (_BAND_DB / 10))
    highest = (int(there[-1]) + 1) * per_band * width if len(there) else 0.0
    return min(round(highest / _BAND_HZ) * _BAND_HZ, traits.rate // 2)


def _no_words() -> str:
    return f"not known, and needed: put me.txt beside me.wav, or give {here('`ref_text`')}"
