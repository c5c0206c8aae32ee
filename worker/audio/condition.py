"""What keeps a person's recording from being a voice though a listener hears one, and the cure.

Channels that cancel when they are mixed or of which one alone has sound, a constant offset, float
samples beyond full scale, and a level so low that f5-tts's rules find only silence. All else is
left as f5-tts takes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.audio.levels import Levels
from worker.audio.pcm import Pcm

_LEAST_KEPT = 0.2  # of the loudest channel's power in the mean; one of two channels gives 0.25
_MOST_PEAK = 1.001  # of full scale, in a file of floats
_MOST_OFFSET = 0.0075  # of full scale: at -42 dB f5-tts takes nothing for silence any more
_WINDOW_MS = 10
_WINDOWS = 30  # 0.3 s of sound are the least a voice needs
_QUIET = 0.01  # of full scale, -40 dB: where f5-tts would hear next to nothing
_RAISED = 0.1  # what its loud windows are raised to, -20 dB
_MOST_GAIN = 100.0
_LIVELY = 2.5  # loud windows over quiet ones: speech is, hiss is not
_FLOOR_PERCENTILE = 10


@dataclass(frozen=True)
class Cure:
    """How samples are to be changed while they are read; as it stands, not at all.

    `channel` to take alone; `offsets` to take from each channel, of full scale; `warnings` say so.
    """

    channel: int | None = None
    offsets: tuple[float, ...] = ()
    gain: float = 1.0
    warnings: tuple[str, ...] = ()

    def channels(self, channels: int) -> int:
        """How many are left."""
        return channels if self.channel is None else 1

    def applied(self, block: NDArray[Any]) -> NDArray[Any]:
        """(frames, channels) as soundfile reads them, of the same type afterwards."""
        if self.channel is not None:
            block = block[:, self.channel : self.channel + 1]
        if not self.offsets and self.gain == 1.0:
            return block
        integer = np.issubdtype(block.dtype, np.integer)
        full_scale = float(1 << (8 * block.dtype.itemsize - 1)) if integer else 1.0
        values = block.astype(np.float64)
        if self.offsets:
            values -= np.array(self.offsets) * full_scale
        values *= self.gain
        if integer:
            values = np.clip(np.rint(values), -full_scale, full_scale - 1)
        cured: NDArray[Any] = values.astype(block.dtype)
        return cured


AS_IT_IS = Cure()


class Balance:
    """Sees the blocks of a recording once and compares its channels. `width` in bytes."""

    def __init__(self, width: int, channels: int) -> None:
        self._full_scale = float(1 << (8 * width - 1))
        self._frames = 0
        self._sums, self._squares = np.zeros(channels), np.zeros(channels)
        self._mean_squares = 0.0
        self._peak = 0.0

    def measure(self, floats: NDArray[np.floating[Any]]) -> None:
        """The next frames of a file that holds floats, before they are clipped to integers."""
        self._peak = max(self._peak, float(np.abs(floats).max(initial=0.0)))

    def add(self, block: Pcm) -> None:
        """The next frames, integers of `width` bytes."""
        values = block.astype(np.float64)
        self._frames += len(values)
        self._sums += values.sum(axis=0)
        self._squares += np.einsum("ij,ij->j", values, values)
        mean = values.mean(axis=1)
        self._mean_squares += float(mean @ mean)

    def cure(self) -> Cure:
        """What the channels need."""
        frames, channels = max(1, self._frames), len(self._sums)
        means = self._sums / frames
        powers = np.maximum(self._squares / frames - means**2, 0.0)
        mixed = max(self._mean_squares / frames - float(means.mean()) ** 2, 0.0)
        cure, loudest = AS_IT_IS, int(np.argmax(powers))
        if mixed < _LEAST_KEPT * powers[loudest]:
            cure = replace(
                cure,
                channel=loudest,
                warnings=(
                    f"Mixed, its {channels} channels lose most of their sound (they cancel, or one "
                    f"alone has any): channel {loudest + 1} was used by itself. Export it in mono "
                    "to choose another.",
                ),
            )
        return self._softer(self._centred(cure, means / self._full_scale))

    def _softer(self, cure: Cure) -> Cure:
        if self._peak <= _MOST_PEAK:
            return cure
        said = (
            f"Its samples go up to {self._peak:,.2f} times full scale; it was made softer by "
            f"{20 * log10(self._peak):.1f} dB, so that they are not clipped. Export it at a lower "
            "level."
        )
        return replace(cure, gain=1 / self._peak, warnings=(*cure.warnings, said))

    def _centred(self, cure: Cure, offsets: NDArray[np.float64]) -> Cure:
        if cure.channel is not None:
            offsets = offsets[cure.channel : cure.channel + 1]
        worst = float(np.abs(offsets).max())
        if worst < _MOST_OFFSET:
            return cure
        said = (
            f"Its samples lie {worst:.1%} of full scale beside zero (a DC offset), which was taken "
            "out. If it sounds dull or clipped, record it with another device."
        )
        return replace(cure, offsets=tuple(offsets.tolist()), warnings=(*cure.warnings, said))


def louder(levels: Levels, cure: Cure) -> Cure:
    """`cure`, with a gain if the recording it gave is speech too quiet for f5-tts's rules."""
    starts = np.arange(0, levels.ms - _WINDOW_MS + 1, _WINDOW_MS, dtype=np.int64)
    if len(starts) < _WINDOWS:
        return cure
    heard = np.sort(levels.rms(starts, starts + _WINDOW_MS)) / levels.full_scale
    if cure.gain < 1.0:
        return cure
    loud, floor = float(heard[-_WINDOWS]), float(np.percentile(heard, _FLOOR_PERCENTILE))
    if not 0 < loud < _QUIET or loud < _LIVELY * floor:
        return cure
    gain = min(_MOST_GAIN, _RAISED / loud)
    said = (
        f"It is very quiet and was raised by {20 * log10(gain):.0f} dB. Record it closer to the "
        "microphone: the noise was raised with it."
    )
    return replace(cure, gain=gain, warnings=(*cure.warnings, said))
