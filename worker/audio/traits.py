"""What a recording is like, frame by frame, measured while it passes once in blocks.

Of ten minutes this keeps half a megabyte. A clip is chosen by it and a voice judged, with numpy
alone: level, what of it is clipped, how much of its tone stays the same (music does, speech does
not), and the average spectrum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples

FRAME_S = 0.02
SILENT_DB = -100.0  # level of digital silence

_LAG = 6  # frames: a tone that is still there after 0.12 s is held
_TONE_HZ = (150.0, 3500.0)
_SMOOTH_HZ = 200.0  # width of what counts as the spectrum's envelope
_CREST = 4  # samples in a row that are the same, and loud, are a clipped crest
_SAME = 1e-5  # of full scale
_LOUD = 0.5  # of the peak

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Traits:
    """A recording's frames of `FRAME_S` seconds.

    Attributes:
        level_db: (n,) RMS against full scale, `SILENT_DB` at least.
        clipped: (n,) share of the samples that lie on clipped crests, 0 to 1.
        held: (n,) how alike the tone is to that of 0.12 s before, -1 to 1.
        power: (bins,) average power by frequency, evenly spaced from 0 to half the rate.
        rate: Hz.
    """

    level_db: Floats
    clipped: Floats
    held: Floats
    power: Floats
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.level_db) * FRAME_S

    def between(self, start: float, end: float) -> Traits:
        """The frames from `start` to `end`, seconds; the spectrum stays that of the whole."""
        part = slice(frame_of(start), max(frame_of(start) + 1, frame_of(end)))
        return Traits(
            self.level_db[part], self.clipped[part], self.held[part], self.power, self.rate
        )


def frame_of(seconds: float) -> int:
    """The frame at an instant."""
    return max(0, round(seconds / FRAME_S))


def measure(blocks: Iterable[Samples], rate: int, peak: float) -> Traits:
    """Measures a recording.

    Args:
        blocks: its mono samples, in order, full scale 1, at `rate` Hz.
        peak: of all of them, 0 to 1.
    """
    meter = _Meter(rate, peak)
    for block in blocks:
        meter.add(block)
    return meter.traits()


class _Meter:
    def __init__(self, rate: int, peak: float) -> None:
        self._rate, self._hop = rate, max(1, round(FRAME_S * rate))
        self._loud = max(peak, 1e-4) * _LOUD
        self._window = np.hanning(2 * self._hop).astype(np.float32)
        self._rest: Samples = np.zeros(0, dtype=np.float32)
        hertz = np.arange(self._hop + 1) * (rate / 2 / self._hop)
        self._tones = (hertz >= _TONE_HZ[0]) & (hertz <= _TONE_HZ[1])
        self._before: NDArray[np.float32] = np.zeros((0, int(self._tones.sum())), np.float32)
        self._smooth = max(3, round(_SMOOTH_HZ / (rate / 2 / self._hop)))
        self._power = np.zeros(self._hop + 1)
        self._frames: list[tuple[Floats, Floats, Floats]] = []

    def add(self, block: Samples) -> None:
        samples = np.concatenate((self._rest, block))
        count = len(samples) // self._hop - 1  # a window spans two hops
        if count < 1:
            self._rest = samples
            return
        self._take(samples, count)
        self._rest = samples[count * self._hop :]

    def traits(self) -> Traits:
        """Of all blocks so far; the last part of a frame is filled up with silence."""
        if len(self._rest):
            missing = np.zeros(-len(self._rest) % self._hop + self._hop, dtype=np.float32)
            self.add(missing)
        parts = list(zip(*self._frames, strict=True)) or [(np.zeros(0),)] * 3
        level, clipped, held = (np.concatenate(part) for part in parts)
        power = self._power / max(1, len(level))
        return Traits(level, clipped, held, power, self._rate)

    def _take(self, samples: Samples, count: int) -> None:
        """The next `count` frames, each with the one after it in `samples`."""
        hop = self._hop
        frames = samples[: count * hop].reshape(count, hop)
        rms = np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1))
        level = np.maximum(20 * np.log10(np.maximum(rms, 1e-9)), SILENT_DB)
        windows = np.lib.stride_tricks.sliding_window_view(samples, 2 * hop)[: count * hop : hop]
        power = np.abs(np.fft.rfft(windows * self._window, axis=1)) ** 2 / hop**2
        self._power += power.sum(axis=0)
        self._frames.append((level, self._clipped(frames), self._held(power)))

    def _clipped(self, frames: NDArray[np.float32]) -> Floats:
        """A crest that goes on into the next frame counts in each with what lies there."""
        runs = np.abs(frames[:, 1:]) >= self._loud
        runs &= np.abs(np.diff(frames, axis=1)) < _SAME
        for _ in range(_CREST - 2):
            runs = runs[:, 1:] & runs[:, :-1]
        return runs.mean(axis=1) if runs.shape[1] else np.zeros(len(frames))

    def _held(self, power: NDArray[np.floating]) -> Floats:
        fine = np.log(power[:, self._tones] + 1e-12).astype(np.float32)
        sums = np.cumsum(np.pad(fine, ((0, 0), (1, 0))), axis=1)
        edge = np.arange(fine.shape[1])
        first = np.maximum(edge - self._smooth // 2, 0)
        last = np.minimum(edge + self._smooth // 2 + 1, fine.shape[1])
        fine -= (sums[:, last] - sums[:, first]) / (last - first)
        fine /= np.maximum(np.linalg.norm(fine, axis=1, keepdims=True), 1.0)
        known = np.concatenate((self._before, fine))
        held = np.zeros(len(fine))
        alike = np.sum(known[_LAG:] * known[:-_LAG], axis=1) if len(known) > _LAG else held[:0]
        held[len(fine) - len(alike) :] = alike[-len(fine) :]
        self._before = known[-_LAG:]
        return held
