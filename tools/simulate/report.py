"""What a run comes to: latency, workers, utilisation, money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tools.simulate.fleet import Outcome

# Flex price per second of a worker, from runpod/docs snippets/serverless-gpu-pricing-table.mdx
# at a900806 (2026-08-20). Prices change: see https://www.runpod.io/pricing.
PRICES: Mapping[str, float] = {
    "A4000": 0.00016,
    "L4": 0.00019,
    "4090": 0.00031,
    "A40": 0.00034,
    "L40S": 0.00053,
    "A100": 0.00076,
    "H100": 0.00116,
    "H200": 0.00155,
}


@dataclass(frozen=True)
class Report:
    """Figures of one run.

    Seconds: latency from a job's arrival to its result (`p50_s`, `p95_s`, `p99_s`), `wait_s` the
    mean time before a worker takes it. `workers` is the mean number billed, `peak` the most at
    once, `starts` all start-ups and `cold` those without FlashBoot. `utilisation` is the share of
    billed time a GPU works. Dollars: `per_million_chars`, `per_audio_hour`, `per_hour` of load.
    """

    jobs: int
    p50_s: float
    p95_s: float
    p99_s: float
    wait_s: float
    workers: float
    peak: int
    starts: int
    cold: int
    utilisation: float
    per_million_chars: float
    per_audio_hour: float
    per_hour: float


def report(outcome: Outcome, price: float) -> Report:
    """Figures of `outcome` at `price` dollars per second of a worker.

    Raises:
        ValueError: there was no job, so nothing can be said.
    """
    jobs = outcome.jobs
    if not len(jobs):
        raise ValueError("The load has no jobs: raise the rate or the duration.")
    latency = outcome.done - jobs.arrivals
    p50, p95, p99 = np.percentile(latency, [50, 95, 99])
    billed = outcome.billed_s
    dollars = billed * price
    return Report(
        jobs=len(jobs),
        p50_s=float(p50),
        p95_s=float(p95),
        p99_s=float(p99),
        wait_s=float((outcome.taken - jobs.arrivals).mean()),
        workers=billed / outcome.end,
        peak=peak(outcome),
        starts=outcome.cold + outcome.revived,
        cold=outcome.cold,
        utilisation=float(outcome.busy_s.sum()) / billed,
        per_million_chars=dollars / float(jobs.chars.sum()) * 1e6,
        per_audio_hour=dollars / float(jobs.audio_s.sum()) * 3600,
        per_hour=dollars / outcome.end * 3600,
    )


def peak(outcome: Outcome) -> int:
    """The most workers billed at one moment."""
    times = np.concatenate([outcome.started, outcome.stopped])
    steps = np.concatenate([np.ones(len(outcome.started)), -np.ones(len(outcome.stopped))])
    order = np.lexsort((steps, times))  # a stop before a start at the same moment
    return int(np.cumsum(steps[order]).max(initial=0))


COLUMNS: Mapping[str, tuple[str, str]] = {
    "jobs": ("jobs", "d"),
    "p50_s": ("p50 s", ".1f"),
    "p95_s": ("p95 s", ".1f"),
    "p99_s": ("p99 s", ".1f"),
    "workers": ("workers", ".2f"),
    "peak": ("peak", "d"),
    "starts": ("starts", "d"),
    "cold": ("cold", "d"),
    "utilisation": ("GPU busy", ".0%"),
    "per_million_chars": ("$/1M chars", ".2f"),
    "per_audio_hour": ("$/audio h", ".3f"),
}


def table(varied: str, rows: Sequence[tuple[str, Report]]) -> str:
    """A Markdown table with one row a run; `varied` heads its first column."""
    lines = [[varied, *(title for title, _ in COLUMNS.values())]]
    for value, figures in rows:
        cells = [format(getattr(figures, name), form) for name, (_, form) in COLUMNS.items()]
        lines.append([value, *cells])
    lines.insert(1, ["---"] + ["---:"] * len(COLUMNS))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
