"""The jobs of a simulated endpoint: when they come and how much they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Lengths = Literal["fixed", "exponential", "lognormal"]


@dataclass(frozen=True)
class Load:
    """A stream of jobs.

    `per_minute` is the mean rate; with `burst` above 1 the rate switches between a calm and a busy
    state, `burst` times the calm rate, busy a fifth of the time and `burst_s` seconds on average
    each time (a Markov-modulated Poisson process). `chars_mean` and `chars_cv` (standard deviation
    over mean, of the lognormal) describe the texts; `chars_per_s` is the speed of speech.
    """

    per_minute: float = 30.0
    minutes: float = 60.0
    burst: float = 1.0
    burst_s: float = 60.0
    lengths: Lengths = "lognormal"
    chars_mean: float = 300.0
    chars_cv: float = 1.0
    chars_max: float = 20_000.0
    chars_per_s: float = 15.0


@dataclass(frozen=True)
class Jobs:
    """Arrival times (seconds, rising), characters and seconds of audio, one entry a job.

    `seconds` is how long the load lasts.
    """

    arrivals: Floats
    chars: Floats
    audio_s: Floats
    seconds: float

    def __len__(self) -> int:
        return len(self.arrivals)


BUSY_SHARE = 0.2


def make_jobs(load: Load, rng: np.random.Generator) -> Jobs:
    """The jobs of one run; the same generator state gives the same jobs.

    Texts are drawn before arrivals, from a stream of their own, so that runs which differ only in
    the rate speak the same texts.
    """
    texts, clock = rng.spawn(2)
    arrivals = _arrivals(load, clock)
    chars = _chars(load, texts, len(arrivals))
    return Jobs(arrivals, chars, chars / load.chars_per_s, load.minutes * 60)


def _arrivals(load: Load, rng: np.random.Generator) -> Floats:
    seconds, rate = load.minutes * 60, load.per_minute / 60
    if load.burst <= 1:
        return _poisson(rate, 0.0, seconds, rng)
    calm = rate / (1 - BUSY_SHARE + BUSY_SHARE * load.burst)
    calm_s = load.burst_s * (1 - BUSY_SHARE) / BUSY_SHARE
    parts: list[Floats] = []
    now, busy = 0.0, bool(rng.random() < BUSY_SHARE)
    while now < seconds:
        end = min(seconds, now + rng.exponential(load.burst_s if busy else calm_s))
        parts.append(_poisson(calm * load.burst if busy else calm, now, end, rng))
        now, busy = end, not busy
    return np.concatenate(parts)


def _poisson(rate: float, start: float, end: float, rng: np.random.Generator) -> Floats:
    count = rng.poisson(rate * (end - start))
    return np.sort(rng.uniform(start, end, count))


def _chars(load: Load, rng: np.random.Generator, count: int) -> Floats:
    if load.lengths == "fixed":
        return np.full(count, load.chars_mean)
    if load.lengths == "exponential":
        return rng.exponential(load.chars_mean, count)
    sigma = np.sqrt(np.log1p(load.chars_cv**2))
    drawn = rng.lognormal(np.log(load.chars_mean) - sigma**2 / 2, sigma, count)
    return np.clip(np.round(drawn), 1, load.chars_max)
