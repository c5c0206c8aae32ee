"""What is heard where two chunks meet: `python -m tools.joins [--jobs 10] [--json]`.

Speaks texts of nine sentences with the demo checkpoint, joins the chunks of each by f5-tts's rule
and by the worker's own, and measures both on the same chunks: the pause from sound to sound, how
long both chunks sound at once, how loud neighbours are, steps from sample to sample, and the time
that joining takes. Sound is what is above -40 dB of the chunk's loudest 5 ms.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.chunk import Samples
from standins.spoken import SENTENCES
from tools.demo_speech import demo_speech
from worker.audio.joins import CrossFade, Joins, NaturalJoins, Piece, Placed, join_all
from worker.audio.loudness import loudness

PAUSE_S = 0.25  # after a sentence
_SENTENCES = 9
_WINDOW_S, _SOUND_DB = 0.005, -40.0
_TIMED_RUNS = 5  # the best of them counts: others may have the machine, too
_AROUND_S = 0.005  # of a join, in which steps are looked at

Rules = Mapping[str, tuple[Callable[[int], Joins], float]]
RULES: Rules = {
    "f5-tts": (lambda rate: CrossFade(rate, 0.15), 0.0),
    "worker": (NaturalJoins, PAUSE_S),
}


def measure(
    texts: Sequence[Sequence[Samples]], rate: int, rules: Rules = RULES
) -> list[dict[str, object]]:
    """One row of figures for each rule; `texts` holds the chunks of each text."""
    rows: list[dict[str, object]] = []
    for name, (rule, pause_s) in rules.items():
        figures: dict[str, list[float]] = {}
        spent = total = 0.0
        for chunks in texts:
            pieces = [Piece(chunk, pause_s if i else 0.0, "demo") for i, chunk in enumerate(chunks)]
            taken: list[float] = []
            for _ in range(_TIMED_RUNS):
                started = time.perf_counter()
                joined, placed = join_all(rule(rate), pieces)
                taken.append(time.perf_counter() - started)
            spent += min(taken)
            total += len(joined) / rate
            for key, value in _joins(joined, placed, rate):
                figures.setdefault(key, []).append(value)
        row: dict[str, object] = {"rule": name, "joins": len(figures.get("pause_s", []))}
        row |= {key: _spread(values) for key, values in figures.items()}
        row["overlapping"] = sum(value > 0 for value in figures.get("both_sound_s", []))
        row["ms_per_minute"] = round(60_000 * spent / total, 1)
        rows.append(row)
    return rows


def _joins(joined: Samples, placed: Sequence[Placed], rate: int) -> Iterator[tuple[str, float]]:
    steps = np.abs(np.diff(joined))
    usual = float(np.quantile(steps, 0.999))
    around = round(_AROUND_S * rate)
    for left, right in pairwise(placed):
        (_, end), (start, _) = sound(left.samples, rate), sound(right.samples, rate)
        silence = right.start + start - left.start - end
        yield "pause_s", max(0, silence) / rate
        yield "both_sound_s", max(0, -silence) / rate
        for place in (right.start, left.end):
            near = steps[max(0, place - around) : place + around]
            yield "step_over_usual", float(near.max(initial=0.0)) / usual
        levels = [loudness(piece.samples, rate) for piece in (left, right)]
        if levels[0] is not None and levels[1] is not None:
            yield "loudness_step_lu", abs(levels[0] - levels[1])
    if placed:
        last = placed[-1].samples
        yield "last_sample", float(np.abs(last[-1:]).max(initial=0.0))


def sound(samples: Samples, rate: int) -> tuple[int, int]:
    """The first sample of the first window with sound, and the first after the last one."""
    window = round(_WINDOW_S * rate)
    count = len(samples) // window
    level = np.sqrt(np.square(samples[: count * window].reshape(count, window)).mean(axis=1))
    heard = np.flatnonzero(level > level.max(initial=0.0) * 10 ** (_SOUND_DB / 20))
    if not len(heard):
        return 0, 0
    return int(heard[0]) * window, (int(heard[-1]) + 1) * window


def _spread(values: Sequence[float]) -> list[float]:
    """Least, median and greatest."""
    quantiles: NDArray[np.float64] = np.quantile(values, [0, 0.5, 1])
    return [round(float(value), 4) for value in quantiles]


def texts(jobs: int) -> list[str]:
    """As many texts of nine sentences, each in an order of its own."""
    random = np.random.default_rng(14)
    return [
        " ".join(SENTENCES[i] for i in random.permutation(len(SENTENCES))[:_SENTENCES])
        for _ in range(jobs)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tools.joins", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10, help="texts of nine sentences")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with demo_speech() as demo:
        rows = measure(demo.say(texts(options.jobs)), demo.sample_rate)
    for row in rows:
        lines = (
            [json.dumps(row)] if options.json else [f"{key}: {value}" for key, value in row.items()]
        )
        sys.stdout.write("\n".join([*lines, ""]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
