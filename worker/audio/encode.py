"""Samples to files: wav (16-bit or float), flac, mp3, ogg (opus), by libsndfile in memory."""

from __future__ import annotations

from io import BytesIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from errors import InferenceFailed
from worker.audio.resample import resample

AudioFormat = Literal["wav", "wav_f32", "flac", "mp3", "ogg"]

EXTENSION: dict[AudioFormat, str] = {
    "wav": "wav",
    "wav_f32": "wav",
    "flac": "flac",
    "mp3": "mp3",
    "ogg": "ogg",
}
CONTENT_TYPE: dict[AudioFormat, str] = {
    "wav": "audio/wav",
    "wav_f32": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
}
_CONTAINER: dict[AudioFormat, tuple[str, str]] = {
    "wav": ("WAV", "PCM_16"),
    "wav_f32": ("WAV", "FLOAT"),
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "ogg": ("OGG", "OPUS"),
}
# The only rates these codecs know, Hz.
_RATES: dict[AudioFormat, tuple[int, ...]] = {
    "mp3": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    "ogg": (8000, 12000, 16000, 24000, 48000),
}
_BLOCK = 1 << 14  # libsndfile's opus and vorbis encoders overflow the stack on one long write


def encoded_rate(sample_rate: int, fmt: AudioFormat) -> int:
    """The rate a file of `fmt` gets, Hz: `sample_rate`, or the next one above its codec knows."""
    rates = _RATES.get(fmt)
    if not rates:
        return sample_rate
    return next((rate for rate in rates if rate >= sample_rate), rates[-1])


def seconds(samples: NDArray[np.floating], sample_rate: int) -> float:
    """Duration of (n,) samples in seconds."""
    return len(samples) / sample_rate


def encode(samples: NDArray[np.floating], sample_rate: int, fmt: AudioFormat) -> bytes:
    """(n,) mono samples within -1..1 at `sample_rate` Hz to a file of `fmt`, as bytes.

    Louder samples are clipped, in `wav_f32` they are kept. 16-bit files hold what f5-tts's
    `soundfile.write` would write, without dither. Resampled when the codec lacks the rate
    (`encoded_rate`).

    Raises:
        InferenceFailed: samples that are no numbers, or none at all.
    """
    import soundfile  # loads libsndfile; the worker starts without it

    if not len(samples):
        raise InferenceFailed("The model gave no audio.", "Run the job again.")
    if not np.isfinite(samples).all():
        raise InferenceFailed(
            "The model gave samples that are not numbers (NaN or infinity).",
            "Run the job again; if it stays so, set F5_DTYPE=float32.",
        )
    rate = encoded_rate(sample_rate, fmt)
    if rate != sample_rate:
        samples = resample(samples.astype(np.float32), sample_rate, rate)
    container, subtype = _CONTAINER[fmt]
    buffer = BytesIO()
    with soundfile.SoundFile(
        buffer, "w", samplerate=rate, channels=1, format=container, subtype=subtype
    ) as file:
        step = _BLOCK if fmt in _RATES else len(samples)
        for i in range(0, len(samples), step):
            file.write(samples[i : i + step])
    return buffer.getvalue()
