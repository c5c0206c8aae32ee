"""Finished speech to files: silence removed if asked for, resampled, encoded, timed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.chunk import Samples
from errors import InferenceFailed
from worker.audio.encode import encode
from worker.audio.formats import AUDIO_FORMATS, AudioFormat
from worker.audio.level import CEILING_DB, TOLERANCE_LU
from worker.audio.loud_file import loud_file
from worker.audio.resample import resample
from worker.audio.silence import moved, remove_silence
from worker.jobs.chunks import Segment, Spoken
from worker.phrases import here
from worker.quality.signals import INAUDIBLE
from worker.request.speech import SpeechInput
from worker.subtitles.align import Aligner, time_words
from worker.subtitles.words import Word, sentences
from worker.subtitles.write import TimingFormat
from worker.subtitles.write import render as render_timing

_AT_LEAST = 0.9  # of the planned length is spoken


@dataclass(frozen=True)
class Rendered:
    """A job's files: encoded audio with its rate in Hz and length in seconds, times of segments and
    words, and timing texts by format."""

    data: bytes
    sha256: str
    sample_rate: int
    seconds: float
    segments: Sequence[Segment]
    words: Sequence[Word]
    timings: Mapping[TimingFormat, str]
    warnings: Sequence[str]


def least_bytes(seconds: float, chunks: int, request: SpeechInput) -> int:
    """What the audio of a job will have at least, before it is spoken.

    Args:
        seconds: the planned length of all `chunks` together.
    """
    if request.remove_silence:
        return 1
    encoding = AUDIO_FORMATS[request.output_format]
    spoken_s = seconds - request.cross_fade_duration * chunks
    rate = encoding.rate(request.sample_rate)
    return max(1, encoding.least_bytes(spoken_s * _AT_LEAST, rate))


def render(spoken: Spoken, request: SpeechInput, aligner: Aligner | None = None) -> Rendered:
    """Makes the files that a job asks for; `aligner` finds the times of words.

    Raises:
        InferenceFailed: silence, or NaN or infinite samples.
    """
    samples, segments = spoken.samples, spoken.segments
    peak = np.abs(samples).max(initial=0.0)
    if not INAUDIBLE <= peak < np.inf:
        raise InferenceFailed(
            f"The model gave {'no sound' if peak < INAUDIBLE else 'NaN or infinite samples'}.",
            "Send the job again; if it recurs, set F5_DTYPE=float32.",
        )
    if request.remove_silence:
        samples, kept = remove_silence(samples, spoken.sample_rate)
        segments = [
            replace(segment, start=moved(segment.start, kept), end=moved(segment.end, kept))
            for segment in segments
        ]
    seconds = len(samples) / spoken.sample_rate
    chosen = aligner if request.timings else None
    languages = [segment.language for segment in segments]
    timed = time_words(segments, samples, spoken.sample_rate, chosen, languages)
    if request.timings:
        segments = [
            replace(segment, word_times=method)
            for segment, method in zip(segments, timed.methods, strict=True)
        ]
    words = timed.words
    per_word = request.return_word_timings is True
    timings: dict[TimingFormat, str] = {
        fmt: render_timing(fmt, sentences(words), words, per_word=per_word)
        for fmt in request.timings
    }
    rate = AUDIO_FORMATS[request.output_format].rate(request.sample_rate)
    data, said = _file(resample(samples, spoken.sample_rate, rate), rate, request)
    sha256 = hashlib.sha256(data).hexdigest()
    warnings = [*timed.warnings, *said]
    return Rendered(data, sha256, rate, seconds, segments, words, timings, warnings)


def _file(samples: Samples, rate: int, request: SpeechInput) -> tuple[bytes, list[str]]:
    """The audio file, and what there is to say of its loudness."""
    wanted, fmt = request.loudness, request.output_format
    if wanted is None:
        return encode(samples, rate, fmt), _cut_off(samples, fmt)
    made = loud_file(samples, rate, fmt, wanted)
    if made.lufs is None:
        said = (
            "`loudness` was not kept: under 0.4 s of sound cannot be measured. Give a longer text."
        )
        return made.data, [said]
    if abs(made.lufs - wanted) <= TOLERANCE_LU:
        return made.data, []
    said = (
        f"The result has {made.lufs:.1f} LUFS, not the {wanted:g} of `loudness`: peaks under "
        f"{CEILING_DB:g} dBTP allow no more. For an exact level ask for {math.floor(made.lufs)}."
    )
    return made.data, [said]


def _cut_off(samples: Samples, fmt: AudioFormat) -> list[str]:
    """What there is to say of samples that are louder than a file of `fmt` can hold."""
    count = int(np.count_nonzero(np.abs(samples) > 1.0))
    if not count or AUDIO_FORMATS[fmt].subtype == "FLOAT":
        return []
    return [
        f"{count} of {len(samples)} samples were louder than the file can hold and are clipped. "
        f"{here('Give `loudness`, -20 say,')} which keeps peaks below that, or a softer voice."
    ]
