"""What is heard of a voice, in figures: pitch, brightness and how long it speaks.

Pitch by YIN (de Cheveigne & Kawahara 2002): the lag at which a frame differs least from itself,
relative to the mean difference at shorter lags.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arch import MelConfig
from training import Samples

_RATE = MelConfig.sample_rate  # Hz
_LOWEST, _HIGHEST = 55.0, 500.0  # Hz, of a pitch
_WINDOW, _HOP = 960, 240  # samples: 40 ms and 10 ms
_APERIODIC = 0.15  # YIN's threshold: frames above at every lag have no pitch
_QUIET = 0.05  # of the loudest frame's RMS: frames below are pauses
_EDGE = 120  # samples (5 ms) in which the ends of speech are looked for
_EDGE_DB = -35.0  # of the loudest: what is quieter is not speech


@dataclass(frozen=True)
class Acoustics:
    """Of one utterance: median pitch in Hz (nan: nothing voiced), spectral centroid in Hz, and
    seconds from the first to the last sound."""

    pitch: float
    centroid: float
    seconds: float


def measure(samples: Samples) -> Acoustics:
    """All three of (samples,) at 24 kHz."""
    pitches = pitch_track(samples)
    voiced = pitches[np.isfinite(pitches)]
    pitch = float(np.median(voiced)) if voiced.size else float("nan")
    return Acoustics(pitch, spectral_centroid(samples), speech_seconds(samples))


def pitch_track(samples: Samples) -> NDArray[np.float64]:
    """Pitch in Hz every 10 ms, nan where there is none."""
    longest, shortest = int(_RATE / _LOWEST), int(_RATE / _HIGHEST)
    frames = _frames(samples, _WINDOW + longest)
    if not len(frames):
        return np.zeros(0)
    loudness = np.sqrt((frames[:, :_WINDOW] ** 2).mean(axis=1))
    difference = _difference(frames, longest)
    # Cumulative mean normalised difference, 1 at lag 0.
    sums = np.maximum(difference[:, 1:].cumsum(axis=1), 1e-12)
    relative = difference[:, 1:] * np.arange(1, longest + 1) / sums
    lags, depth = _first_dips(relative, shortest)
    pitched = (depth < _APERIODIC) & (loudness > _QUIET * loudness.max())
    return np.where(pitched, _RATE / lags, np.nan)


def spectral_centroid(samples: Samples) -> float:
    """Centre of the mean magnitude spectrum of the frames that are not pauses, Hz."""
    frames = _frames(samples, 1024)
    if not len(frames):
        return float("nan")
    loudness = np.sqrt((frames**2).mean(axis=1))
    loud = frames[loudness > _QUIET * loudness.max()]
    if not len(loud):
        return float("nan")
    spectrum = np.abs(np.fft.rfft(loud * np.hanning(1024), axis=1)).mean(axis=0)
    return float((spectrum * np.fft.rfftfreq(1024, 1 / _RATE)).sum() / max(spectrum.sum(), 1e-12))


def speech_seconds(samples: Samples) -> float:
    """From the first to the last 5 ms that are within 35 dB of the loudest."""
    whole = samples[: len(samples) // _EDGE * _EDGE].reshape(-1, _EDGE)
    levels = np.sqrt((whole**2).mean(axis=1)) if len(whole) else np.zeros(0)
    loud = np.flatnonzero(levels > levels.max(initial=0.0) * 10 ** (_EDGE_DB / 20))
    return float((loud[-1] + 1 - loud[0]) * _EDGE / _RATE) if loud.size else 0.0


def _frames(samples: Samples, size: int) -> NDArray[np.float64]:
    if len(samples) < size:
        return np.zeros((0, size))
    windows = np.lib.stride_tricks.sliding_window_view(samples, size)[::_HOP]
    return windows.astype(np.float64)


def _difference(frames: NDArray[np.float64], longest: int) -> NDArray[np.float64]:
    """YIN's d(lag) = sum over the window of (x[t] - x[t + lag])^2: (frames, longest + 1)."""
    size = 1 << (frames.shape[1] + _WINDOW - 1).bit_length()
    head = np.fft.rfft(frames[:, :_WINDOW], size)
    product = np.fft.irfft(head.conj() * np.fft.rfft(frames, size), size)[:, : longest + 1]
    powers = np.pad((frames**2).cumsum(axis=1), ((0, 0), (1, 0)))
    energy = powers[:, _WINDOW : _WINDOW + longest + 1] - powers[:, : longest + 1]
    return np.maximum(energy[:, :1] + energy - 2 * product, 0.0)


def _first_dips(
    relative: NDArray[np.float64], shortest: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each frame the first local minimum under the threshold, else the deepest.

    Args:
        relative: (frames, lags) YIN's normalised difference, from lag 1.

    Returns: (frames,) lag, refined between samples, and (frames,) depth.
    """
    rows = np.arange(len(relative))
    inner = relative[:, shortest - 1 : -1]
    dips = (inner <= relative[:, shortest - 2 : -2]) & (inner < relative[:, shortest:])
    good = dips & (inner < _APERIODIC)
    index = np.where(good.any(axis=1), good.argmax(axis=1), inner.argmin(axis=1)) + shortest - 1
    below, at, above = (relative[rows, index + shift] for shift in (-1, 0, 1))
    curve = below - 2 * at + above
    shift = np.where(np.abs(curve) > 1e-12, 0.5 * (below - above) / np.where(curve, curve, 1.0), 0)
    return index + 1 + np.clip(shift, -0.5, 0.5), at
