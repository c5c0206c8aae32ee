"""How the sound of pieces meets: f5-tts's cross-fade, or pauses as a reader makes them.

Both rules take pieces one by one, in the order they are spoken, and say where each one starts on
the common time axis and what of it is heard. They never look ahead, so a stream may send a piece as
soon as it and all before it are spoken; `join_all` puts the same pieces into one sound.

All sound is fp32 mono, full scale 1; places are counted in samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from engine.chunk import Samples
from worker.audio.loudness import loudness

_WINDOW_S = 0.005  # in which sound and silence are told apart
# Silent is what lies less than 12 dB above a piece's background (its quietest 0.05 s), but never
# what lies above the second of these limits, in dB below its loudest window, and always what lies
# below the first: a weak "f" or "th" is still sound.
_ABOVE_NOISE_DB, _NOISE_WINDOWS = 12.0, 10
_SILENT_DB, _SOUND_DB = -50.0, -32.0
_NO_SOUND = 1e-4  # RMS of the loudest window of a piece without any sound
_LONGEST_FADE_S = 0.15  # f5-tts's default
_WITHIN_SENTENCE_S = 0.05  # of silence stay where a sentence goes on in the next piece
_FADE_IN_S, _FADE_OUT_S = 0.003, 0.008
_STEP_LU = 1.0  # neighbouring pieces of one voice differ by no more
_FULL_SCALE = 0.999


@dataclass(frozen=True, eq=False)
class Placed:
    """A piece on the time axis.

    Attributes:
        start: its first sample on the axis.
        overlap: how many of its first samples lie over the sound before.
        samples: the piece as it is to be heard.
        cross_fade: over how many of its first samples it is still to be faded in, and the sound
            before to be faded out, when both are laid together.
    """

    start: int
    overlap: int
    samples: Samples
    cross_fade: int = 0

    @property
    def end(self) -> int:
        """The first sample after it."""
        return self.start + len(self.samples)


class Piece(NamedTuple):
    """Sound to be joined; `pause_s`: seconds of pause before it."""

    samples: Samples
    pause_s: float = 0.0
    voice: str | None = None


class Joins(Protocol):
    """A rule by which pieces of one job meet; one object for each job."""

    def put(self, samples: Samples, pause_s: float = 0.0, voice: str | None = None) -> Placed:
        """The place of the next piece, `pause_s` seconds after the one before."""
        ...

    @property
    def settled(self) -> int:
        """How many samples of the axis no later piece changes."""
        ...


class CrossFade:
    """f5-tts `infer_batch_process`: neighbours overlap by a linear cross-fade.

    The fade is at most as long as either neighbour; where a pause is asked for there is none, and
    that much silence comes between the pieces, whatever they begin and end with.
    """

    def __init__(self, sample_rate: int, fade_s: float) -> None:
        self._rate = sample_rate
        self._fade = int(fade_s * sample_rate)
        self._empty = True
        self._end = 0

    def put(self, samples: Samples, pause_s: float = 0.0, voice: str | None = None) -> Placed:
        """The place of the next piece; its samples are as they came."""
        gap, length = int(pause_s * self._rate), len(samples)
        overlap = 0 if self._empty or gap else max(0, min(self._fade, self._end, length))
        start = self._end + gap - overlap
        self._empty = False
        self._end = start + length
        return Placed(start, overlap, samples, overlap)

    @property
    def settled(self) -> int:
        """All but what the next piece may be faded over."""
        return max(0, self._end - self._fade)


class NaturalJoins:
    """Pauses from sound to sound, no sound over another, no click, one level for each voice.

    - A pause counts the silence that the pieces end and begin with: silence is added where there
      is less; where there is more the pieces move together, silence over silence, and what a
      piece still begins with too much is cut off.
    - Without a pause a sentence goes on: pieces of one voice overlap by the silence they have
      beyond 0.05 s, at most by 0.15 s or what the job sets; pieces of two voices do not.
    - Every piece begins and ends in a few milliseconds of fade.
    - A piece is made louder or softer where it is more than 1 LU off the one before in its voice,
      never so loud that it clips. What cannot be measured keeps its level.
    """

    def __init__(self, sample_rate: int, fade_s: float = _LONGEST_FADE_S) -> None:
        """`fade_s`: the longest overlap of silence where a sentence goes on."""
        self._rate, self._fade_s = sample_rate, fade_s
        self._levels: dict[str | None, float] = {}
        self._voice: str | None = None
        self._start = 0  # of the last piece
        self._end = 0
        self._sound_end: int | None = None  # None: nothing has been heard
        self._waiting_s = 0.0  # pauses before pieces without sound

    def put(self, samples: Samples, pause_s: float = 0.0, voice: str | None = None) -> Placed:
        """The place of the next piece, and how it is heard."""
        self._waiting_s += pause_s
        sound = _sound(samples, self._rate)
        if sound is None:
            return self._add(self._end, samples)
        first, last = sound
        start, earliest = self._wanted_start(first, voice), self.settled
        cut = min(first, max(0, earliest - start))
        start = max(start, earliest)
        gain = self._gain(samples[first:last], voice)
        self._sound_end = start + last - cut
        self._voice, self._waiting_s = voice, 0.0
        return self._add(start, samples[cut:] * np.float32(gain))

    @property
    def settled(self) -> int:
        """Up to the end of the last sound: silence may lie under what comes next."""
        return self._start if self._sound_end is None else max(self._start, self._sound_end)

    def _add(self, start: int, samples: Samples) -> Placed:
        overlap = min(max(0, self._end - start), len(samples))
        self._start, self._end = start, max(self._end, start + len(samples))
        return Placed(start, overlap, softened(samples, self._rate))

    def _wanted_start(self, silence: int, voice: str | None) -> int:
        """Where a piece that begins with `silence` samples of silence should start."""
        wanted = round(self._waiting_s * self._rate)
        if self._sound_end is None:
            return max(self._end, wanted - silence) if wanted else self._end
        if wanted:
            return self._sound_end + wanted - silence
        if voice != self._voice:
            return self._end
        there = self._end - self._sound_end + silence
        spare = max(0, there - round(_WITHIN_SENTENCE_S * self._rate))
        return self._end - min(spare, round(self._fade_s * self._rate))

    def _gain(self, sound: Samples, voice: str | None) -> float:
        level = loudness(sound, self._rate)
        if level is None:
            return 1.0
        before = self._levels.get(voice, level)
        wanted = min(max(level, before - _STEP_LU), before + _STEP_LU)
        gain = float(10 ** ((wanted - level) / 20))
        if gain > 1:
            gain = max(1.0, min(gain, _FULL_SCALE / float(np.abs(sound).max())))
        self._levels[voice] = level + 20 * float(np.log10(gain))
        return gain


def join(placed: Sequence[Placed]) -> Samples:
    """Placed pieces as one sound, (n,) fp32; silence where no piece lies."""
    length = max((piece.end for piece in placed), default=0)
    if not any(piece.cross_fade for piece in placed):
        plain = np.zeros(length, dtype=np.float32)
        for piece in placed:
            plain[piece.start : piece.end] += piece.samples
        return plain
    joined = np.zeros(length, dtype=np.float64)  # as f5-tts adds
    for piece in placed:
        faded, fade = piece.samples.astype(np.float64), piece.cross_fade
        faded[:fade] *= np.linspace(0, 1, fade)
        joined[piece.start : piece.start + fade] *= np.linspace(1, 0, fade)
        joined[piece.start : piece.end] += faded
    return joined.astype(np.float32)


def join_all(joins: Joins, pieces: Iterable[Piece]) -> tuple[Samples, list[Placed]]:
    """All pieces as one sound, and their places: the same as of `put` one by one."""
    placed = [joins.put(*piece) for piece in pieces]
    return join(placed), placed


def spans(placed: Sequence[Placed]) -> list[tuple[int, int]]:
    """The samples [start, end) of the axis that are each piece's own.

    The silence that a piece shares with the next is the next one's; a cross-fade belongs to both.
    """
    ends = [piece.end for piece in placed]
    for i, following in enumerate(placed[1:]):
        if not following.cross_fade:
            ends[i] = min(ends[i], following.start)
    return [(piece.start, end) for piece, end in zip(placed, ends, strict=True)]


def _sound(samples: Samples, rate: int) -> tuple[int, int] | None:
    """The first sample that is heard and the first after the last; None in silence and NaN."""
    window = max(1, round(_WINDOW_S * rate))
    count = -(-len(samples) // window)
    if not count:
        return None
    padded = np.zeros(count * window, dtype=np.float32)
    padded[: len(samples)] = samples
    blocks = padded.reshape(count, window)
    power = np.einsum("ij,ij->i", blocks, blocks) / np.float32(window)
    loudest = float(power.max())
    if not _NO_SOUND**2 < loudest < np.inf:
        return None
    size = min(_NOISE_WINDOWS, count)
    noise = float(np.convolve(power, np.full(size, 1 / size), mode="valid").min())
    least, most = (loudest * 10 ** (db / 10) for db in (_SILENT_DB, _SOUND_DB))
    limit = min(max(noise * 10 ** (_ABOVE_NOISE_DB / 10), least), most)
    heard = np.flatnonzero(power > limit)
    return int(heard[0]) * window, min((int(heard[-1]) + 1) * window, len(samples))


def softened(samples: Samples, rate: int) -> Samples:
    """A copy that rises from zero and falls back to it; half of a short piece for each."""
    faded = samples.astype(np.float32, copy=True)
    half = (len(samples) + 1) // 2
    rise = min(round(_FADE_IN_S * rate), half)
    fall = min(round(_FADE_OUT_S * rate), half)
    faded[:rise] *= np.linspace(0, 1, rise, endpoint=False, dtype=np.float32)
    faded[len(faded) - fall :] *= np.linspace(1, 0, fall + 1, dtype=np.float32)[1:]
    return faded
