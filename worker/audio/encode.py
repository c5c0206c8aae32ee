"""Samples to files, by libsndfile in memory."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from worker.audio.formats import AUDIO_FORMATS, AudioFormat
from worker.audio.ogg import with_fixed_serial

_BLOCK = 1 << 14  # libsndfile's opus and vorbis encoders overflow the stack on one long write


def encode(samples: NDArray[np.floating], sample_rate: int, fmt: AudioFormat) -> bytes:
    """(n,) mono samples within -1..1, finite, to a file of `fmt`, as bytes.

    Louder samples are clipped, in `wav_f32` they are kept. 16-bit files hold what f5-tts's
    `soundfile.write` would write, without dither. The same samples give the same bytes.
    `sample_rate`: Hz; one that the codec knows (`Encoding.rate`).
    """
    import soundfile  # loads libsndfile; the worker starts without it

    kind, buffer = AUDIO_FORMATS[fmt], BytesIO()
    with soundfile.SoundFile(
        buffer, "w", sample_rate, 1, format=kind.container, subtype=kind.subtype
    ) as file:
        for i in range(0, len(samples), _BLOCK):
            file.write(samples[i : i + _BLOCK])
    data = buffer.getvalue()
    if kind.container == "OGG":
        return with_fixed_serial(data)
    return _without_clock(data) if kind.subtype == "FLOAT" else data


def _without_clock(wav: bytes) -> bytes:
    """`wav` with 0 for the time of writing in its PEAK chunk, which libsndfile adds to floats."""
    found = wav.find(b"PEAK", 0, wav.find(b"data"))
    time_at = found + 12  # behind the chunk's name, size and version
    return wav if found < 0 else wav[:time_at] + bytes(4) + wav[time_at + 4 :]
