"""Speech-like test signals: tone bursts with pauses of given lengths, made of seeded noise."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import soundfile
from numpy.typing import NDArray


def bursts(
    plan: list[tuple[float, float]], rate: int, *, channels: int = 1, seed: int = 0
) -> NDArray[np.float64]:
    """(frames, channels) of stretches (seconds, level within 0..1) one after another."""
    random = np.random.default_rng(seed)
    parts = []
    for seconds, level in plan:
        frames = round(seconds * rate)
        t = np.arange(frames) / rate
        tone = (
            np.sin(2 * np.pi * 180 * t)[:, None] * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))[:, None]
        )
        noise = random.uniform(-1, 1, (frames, channels))
        parts.append(level * (0.7 * tone + 0.3 * noise))
    return np.concatenate(parts)


def as_file(
    samples: NDArray[np.floating], rate: int, fmt: str = "WAV", subtype: str = "PCM_16"
) -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, samples, rate, format=fmt, subtype=subtype)
    return buffer.getvalue()
