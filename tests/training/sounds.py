"""Made-up speech: pulse trains through moving resonances, so that nothing needs espeak-ng."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 24_000


def tone(pitch: float, seconds: float = 0.6, harmonics: int = 12) -> NDArray[np.float32]:
    """Harmonics of `pitch` Hz, each half as strong as the one before it at most; (samples,)."""
    t = np.arange(int(RATE * seconds)) / RATE
    parts = [np.sin(2 * np.pi * pitch * n * t) / n for n in range(1, harmonics + 1)]
    return (0.1 * np.sum(parts, axis=0)).astype(np.float32)


def vowels(seed: int, pitch: float = 110.0, seconds: float = 1.0) -> NDArray[np.float32]:
    """A seeded row of "vowels": pulses through two resonances that change every 80 ms."""
    rng = np.random.default_rng(seed)
    count = int(RATE * seconds)
    t = np.arange(count) / RATE
    pieces = rng.uniform((300, 900), (800, 2400), (int(seconds / 0.08) + 1, 2))
    formants = pieces[(t / 0.08).astype(int)]
    wave = np.zeros(count)
    for n in range(1, int(4000 / pitch)):
        frequency = n * pitch
        gain = sum(np.exp(-(((frequency - formants[:, i]) / 150) ** 2)) for i in range(2))
        wave += gain * np.sin(2 * np.pi * frequency * t)
    return (0.1 * wave / max(1e-6, wave.std())).astype(np.float32)


def speech_mel(seed: int, frames: int) -> NDArray[np.float32]:
    """(frames, 100) log-mel with bumps that move every 8 frames, as sounds of speech do."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.uniform(5, 90, (frames // 8 + 1, 3)), 8, axis=0)[:frames]
    bands = np.arange(100)
    bumps = np.exp(-(((bands - centres[..., None]) / 9) ** 2)).sum(axis=1)
    return (-9 + 7 * bumps).astype(np.float32)
