"""A finished file in the formats that only the HTTP face has: made of a 16-bit WAV."""

from __future__ import annotations

from io import BytesIO

import numpy as np

from worker.audio.running import Aac


def converted(data: bytes, wanted: str) -> bytes:
    """`data`, the file of a job, as `wanted`: for `pcm` and `aac` it is a 16-bit WAV."""
    if wanted not in ("pcm", "aac"):
        return data
    import soundfile  # loads libsndfile; the worker starts without it

    samples, rate = soundfile.read(BytesIO(data), dtype="int16")
    if wanted == "pcm":
        return samples.astype("<i2").tobytes()  # type: ignore[no-any-return]
    encoder = Aac(rate)
    return encoder.add(samples.astype(np.float32) / 32768) + encoder.end()
