"""What is wrong with a spoken chunk, told from its sound alone; quick, and always done.

Each check is a row of `LIMITS`: a measure and what it may be at most. Most come from a review in
which none of 180 good chunks was flagged, repetition from good chunks that repeat a word;
`python -m tools.checks` measures catch and false alarms. A finding is a warning, never a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples

_WINDOW_S = 0.01
_EDGE_S = 0.005
_FEW_S = 0.3  # seconds of silence that any line may have, however short it is
_SILENT_DB = -40.0  # below the loudest window: what is silence within speech
INAUDIBLE = 1e-5  # peak, of full scale, below which nobody hears anything
_FULL_SCALE = 0.999

# Repetition: cepstra of frames, compared with what was said a lag ago, over a stretch.
_FRAME_S, _HOP_S = 0.032, 0.016
_BANDS, _CEPSTRA = 24, 12
STRETCH_S = 0.38
LAGS_S = (0.35, 2.0)


@dataclass(frozen=True)
class Limit:
    """`most` of a measure is still good; `finding` names what more of it is."""

    finding: str
    measure: str
    most: float


REPETITION = "repetition"
LIMITS = (
    Limit("abrupt start", "start_db", -20.0),
    Limit("abrupt end", "end_db", -20.0),
    Limit("long pause", "pause_s", 0.6),
    Limit("much silence", "silence_share", 0.4),
    Limit("silence at an edge", "edge_silence_s", 0.3),
    Limit(REPETITION, "repetition", 0.9),
    Limit("clipping", "clipped_share", 0.001),
)
SILENT, BROKEN = "no sound", "NaN or infinite samples"


@dataclass(frozen=True)
class Checked:
    """What was measured of a chunk, and what of it is beyond its limit."""

    measures: Mapping[str, float]
    findings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Sound:
    """What measures look at: (n,) mono, and which of its windows are silent."""

    samples: Samples
    rate: int
    silent: NDArray[np.bool_]


def check(samples: Samples, sample_rate: int) -> Checked:
    """Measures a chunk.

    Args:
        samples: (n,) mono, full scale 1, at `sample_rate` Hz.
    """
    if not np.isfinite(samples).all():
        return Checked({}, (BROKEN,))
    if np.abs(samples).max(initial=0.0) < INAUDIBLE:
        return Checked({}, (SILENT,))
    sound = _Sound(samples, sample_rate, _silent_windows(samples, sample_rate))
    measures = {name: measure(sound) for name, measure in MEASURES.items()}
    found = tuple(limit.finding for limit in LIMITS if measures[limit.measure] > limit.most)
    return Checked({name: round(value, 3) for name, value in measures.items()}, found)


def _db(level: float, against: float) -> float:
    return 20 * float(np.log10(max(level, 1e-9) / max(against, 1e-9)))


def _rms(samples: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def start_db(sound: _Sound) -> float:
    """Level of the first 5 ms against the chunk's own."""
    return _db(_rms(sound.samples[: max(1, int(_EDGE_S * sound.rate))]), _rms(sound.samples))


def end_db(sound: _Sound) -> float:
    """Level of the last 5 ms against the chunk's own."""
    return _db(_rms(sound.samples[-max(1, int(_EDGE_S * sound.rate)) :]), _rms(sound.samples))


def _silent_windows(samples: Samples, rate: int) -> NDArray[np.bool_]:
    window = max(1, int(_WINDOW_S * rate))
    count = max(1, len(samples) // window)
    blocks = np.resize(samples, count * window).reshape(count, window)
    level = np.sqrt(np.mean(np.square(blocks, dtype=np.float64), axis=1))
    silent: NDArray[np.bool_] = level < level.max() * 10 ** (_SILENT_DB / 20)
    return silent


def _inner_runs(silent: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Windows of silence before the sound, after it, and of the longest pause within it."""
    sound = np.flatnonzero(~silent)
    if not len(sound):
        return len(silent), 0, 0
    gaps = np.diff(sound) - 1
    return int(sound[0]), int(len(silent) - 1 - sound[-1]), int(gaps.max(initial=0))


def pause_s(sound: _Sound) -> float:
    """The longest silence within the sound, seconds."""
    return _inner_runs(sound.silent)[2] * _WINDOW_S


def edge_silence_s(sound: _Sound) -> float:
    """The longer of the silences before and after the sound, seconds."""
    return max(_inner_runs(sound.silent)[:2]) * _WINDOW_S


def silence_share(sound: _Sound) -> float:
    """How much of the chunk is silence, 0 to 1; 0 where it is no more than any line may have.

    Of 24 lines of one or two words ("Yes.", "Come in."), all good, 8 are more than 0.4 silent.
    """
    silent = sound.silent
    return 0.0 if silent.sum() * _WINDOW_S <= _FEW_S else float(silent.mean())


def clipped_share(sound: _Sound) -> float:
    """How many of the samples are at full scale, 0 to 1."""
    return float(np.mean(np.abs(sound.samples) >= _FULL_SCALE))


def repetition(sound: _Sound) -> float:
    """How alike the most alike two stretches of sound are, up to 1: looped speech nears it."""
    cepstra = _cepstra(sound.samples, sound.rate)
    stretch = int(STRETCH_S / _HOP_S)
    shortest, longest = (int(lag / _HOP_S) for lag in LAGS_S)
    best = 0.0
    for lag in range(shortest, min(longest, len(cepstra) - stretch) + 1):
        alike = np.sum(cepstra[lag:] * cepstra[:-lag], axis=1)
        if len(alike) >= stretch:
            sums = np.convolve(alike, np.ones(stretch), "valid") / stretch
            best = max(best, float(sums.max()))
    return best


def _cepstra(samples: Samples, rate: int) -> NDArray[np.float64]:
    """(frames, 12) of unit length, zero where there is silence."""
    size, hop = int(_FRAME_S * rate), int(_HOP_S * rate)
    if len(samples) < size:
        return np.zeros((0, _CEPSTRA))
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), size)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    bands = np.log(power @ _filters(power.shape[1], rate) + 1e-10)
    level = bands.max(axis=1)
    index = np.arange(1, _CEPSTRA + 1)[:, None] * (np.arange(_BANDS) + 0.5) * np.pi / _BANDS
    cepstra = bands @ np.cos(index).T
    cepstra -= cepstra.mean(axis=0)
    cepstra[level < level.max() - 9.2] = 0.0  # 40 dB
    length = np.linalg.norm(cepstra, axis=1, keepdims=True)
    unit: NDArray[np.float64] = cepstra / np.maximum(length, 1e-9)
    return unit


def _filters(bins: int, rate: int) -> NDArray[np.float64]:
    """(bins, 24) triangles, evenly spaced on the mel scale from 100 Hz to 6 kHz."""
    mel = np.linspace(1127 * np.log1p(100 / 700), 1127 * np.log1p(6000 / 700), _BANDS + 2)
    edges = 700 * np.expm1(mel / 1127)
    hertz = np.linspace(0, rate / 2, bins)[:, None]
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    triangles: NDArray[np.float64] = np.clip(np.minimum(rising, falling), 0, None)
    return triangles


MEASURES: Mapping[str, Callable[[_Sound], float]] = {
    "start_db": start_db,
    "end_db": end_db,
    "pause_s": pause_s,
    "silence_share": silence_share,
    "edge_silence_s": edge_silence_s,
    "repetition": repetition,
    "clipped_share": clipped_share,
}
