"""Samples to files, by libsndfile in memory."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from errors import InferenceFailed
from worker.audio.formats import AUDIO_FORMATS, AudioFormat
from worker.audio.ogg import with_fixed_serial
from worker.audio.resample import resample

_BLOCK = 1 << 14  # libsndfile's opus and vorbis encoders overflow the stack on one long write


def encode(samples: NDArray[np.floating], sample_rate: int, fmt: AudioFormat) -> bytes:
    """(n,) mono samples within -1..1 at `sample_rate` Hz to a file of `fmt`, as bytes.

    Louder samples are clipped, in `wav_f32` they are kept. 16-bit files hold what f5-tts's
    `soundfile.write` would write, without dither. Resampled when the codec lacks the rate
    (`Encoding.rate`). The same samples give the same bytes.

    Raises:
        InferenceFailed: NaN or infinite samples, or none at all.
    """
    import soundfile  # loads libsndfile; the worker starts without it

    if not len(samples):
        raise InferenceFailed("The model gave no audio.", "Run the job again.")
    if not np.isfinite(samples).all():
        raise InferenceFailed(
            "The model gave NaN or infinite samples.",
            "Run the job again; if it happens again, set F5_DTYPE=float32.",
        )
    encoding = AUDIO_FORMATS[fmt]
    rate = encoding.rate(sample_rate)
    if rate != sample_rate:
        samples = resample(samples.astype(np.float32), sample_rate, rate)
    buffer = BytesIO()
    with soundfile.SoundFile(
        buffer,
        "w",
        samplerate=rate,
        channels=1,
        format=encoding.container,
        subtype=encoding.subtype,
    ) as file:
        step = _BLOCK if encoding.rates else len(samples)
        for i in range(0, len(samples), step):
            file.write(samples[i : i + step])
    data = buffer.getvalue()
    return with_fixed_serial(data) if encoding.container == "OGG" else data
