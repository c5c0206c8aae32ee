"""A recording as a picture: its waveform, its mel spectrogram, and the part that is used.

Above the waveform, below the mel from 0 Hz up to half the rate, at the bottom seconds. The part
that is used lies on a lighter ground between two lines, so that no one has to tell colours apart.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples
from worker.audio.png import png
from worker.audio.recording import Recording

WIDTH = 1000
_WAVE, _MEL, _AXIS = 160, 192, 16  # rows of pixels
_BANDS = 64
_FRAME_S = 0.04
_RANGE_DB = 80.0

_SHADES = 240  # of the mel, the first places of the palette
_GROUND, _USED, _WAVE_INK, _LINE = range(_SHADES, _SHADES + 4)
_DIGITS = {  # 3 by 5 pixels each: a figure a row, a bit a pixel
    "0": "75557",
    "1": "26227",
    "2": "71747",
    "3": "71717",
    "4": "55711",
    "5": "74717",
    "6": "74757",
    "7": "71111",
    "8": "75757",
    "9": "75717",
}

Pixels = NDArray[np.uint8]


def picture(recording: Recording, used: tuple[float, float]) -> bytes:
    """The picture as PNG, 1000 by 368 pixels.

    Args:
        used: from where to where it is used, seconds.
    """
    hop = max(1, recording.frames // WIDTH)
    frame = max(16, round(_FRAME_S * recording.sample_rate / 2) * 2)
    ranges: list[NDArray[np.float32]] = []
    powers: list[NDArray[np.float32]] = []
    weights = _filters(recording.sample_rate, frame)
    window = np.hanning(frame).astype(np.float32)
    for block in _regular(recording.mono(), max(hop, frame) * 64):
        whole = block[: len(block) // hop * hop].reshape(-1, hop)
        if len(whole):
            ranges.append(np.stack((whole.min(axis=1), whole.max(axis=1)), axis=1))
        pieces = block[: len(block) // frame * frame].reshape(-1, frame)
        if len(pieces):
            spectrum = np.abs(np.fft.rfft(pieces * window, axis=1)) ** 2
            powers.append((spectrum @ weights).astype(np.float32))
    left, right = (round(WIDTH * at / recording.seconds) for at in used)
    canvas = np.full((_WAVE + _MEL + _AXIS, WIDTH), _GROUND, dtype=np.uint8)
    canvas[:_WAVE, left:right] = _USED
    _draw_wave(canvas[:_WAVE], ranges)
    _draw_mel(canvas[_WAVE : _WAVE + _MEL], powers)
    _draw_axis(canvas[_WAVE + _MEL :], recording.seconds)
    for at in (left, right):
        canvas[: _WAVE + _MEL, min(max(at, 0), WIDTH - 1)] = _LINE
    return png(canvas, _palette())


def _regular(blocks: Iterator[Samples], size: int) -> Iterator[Samples]:
    """The same samples in blocks of `size`, the last one shorter."""
    rest = np.zeros(0, dtype=np.float32)
    for block in blocks:
        rest = np.concatenate((rest, block))
        while len(rest) >= size:
            yield rest[:size]
            rest = rest[size:]
    yield rest


def _draw_wave(canvas: Pixels, ranges: list[NDArray[np.float32]]) -> None:
    if not ranges:
        return
    found = np.concatenate(ranges)
    edges = np.arange(WIDTH) * len(found) // WIDTH
    low, high = np.minimum.reduceat(found[:, 0], edges), np.maximum.reduceat(found[:, 1], edges)
    most = max(float(np.abs(found).max()), 1e-6)
    half = len(canvas) // 2
    for column in range(WIDTH):
        top = half - round((half - 1) * float(high[column]) / most)
        bottom = half - round((half - 1) * float(low[column]) / most)
        canvas[top : bottom + 1, column] = _WAVE_INK


def _draw_mel(canvas: Pixels, powers: list[NDArray[np.float32]]) -> None:
    if not powers:
        return
    found = np.concatenate(powers)
    edges = np.arange(WIDTH) * len(found) // WIDTH
    count = np.maximum(np.diff(np.append(edges, len(found))), 1)
    level = 10 * np.log10(np.add.reduceat(found, edges, axis=0) / count[:, None] + 1e-12)
    share = np.clip((level - level.max()) / _RANGE_DB + 1, 0, 1)
    shades = np.rint(share * (_SHADES - 1)).astype(np.uint8)
    canvas[:] = np.repeat(shades.T[::-1], _MEL // _BANDS, axis=0)


def _draw_axis(canvas: Pixels, seconds: float) -> None:
    step = next((each for each in (1, 2, 5, 10, 30, 60) if seconds / each <= 20), 120)
    for at in range(0, int(seconds) + 1, step):
        column = round(WIDTH * at / seconds)
        if column + 4 * len(str(at)) > WIDTH - 2:
            break
        canvas[:5, column] = _LINE
        for place, digit in enumerate(str(at)):
            _draw_digit(canvas[7:, column + 4 * place :], digit)


def _draw_digit(canvas: Pixels, digit: str) -> None:
    for row, bits in enumerate(_DIGITS[digit]):
        for column in range(3):
            if int(bits) >> (2 - column) & 1:
                canvas[row, column] = _LINE


def _filters(rate: int, frame: int) -> NDArray[np.float32]:
    """(bins, 64) triangles evenly spaced in mel; a low band under a bin takes the nearest."""
    hertz = np.arange(frame // 2 + 1) * (rate / frame)
    most = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, most, _BANDS + 2) / 2595) - 1)
    rising = (hertz[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - hertz[:, None]) / np.diff(edges)[1:]
    weights = np.maximum(0, np.minimum(rising, falling))
    for band in np.flatnonzero(weights.sum(axis=0) == 0):
        weights[np.abs(hertz - edges[band + 1]).argmin(), band] = 1
    even: NDArray[np.float32] = (weights / weights.sum(axis=0)).astype(np.float32)
    return even


def _palette() -> NDArray[np.uint8]:
    """Dark to light for the mel, its lightness even in steps; then ground, used, ink, line."""
    stops = np.array([[0, 0, 20], [50, 20, 110], [150, 40, 110], [240, 110, 50], [255, 250, 180]])
    at = np.linspace(0, len(stops) - 1, _SHADES)
    shades = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
    others = [[225, 225, 225], [255, 255, 255], [20, 70, 130], [0, 0, 0]]
    return np.concatenate((np.stack(shades, axis=1), others)).astype(np.uint8)
