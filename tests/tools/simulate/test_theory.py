"""The simulator agrees with queueing theory.

Times are exact in the model, so only the draw of the load differs from the formulas.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from tools.simulate.fleet import FleetConfig, Outcome, simulate
from tools.simulate.load import Load, make_jobs
from tools.simulate.service import ServiceModel

ALONE = ServiceModel((1,), (1.0,), overhead_s=0.0, steps=32, source="test")


def steady(load: Load, workers: int, service: ServiceModel, concurrency: int = 1) -> Outcome:
    """A run with so many workers, always on."""
    fleet = FleetConfig(min_workers=workers, max_workers=workers, concurrency=concurrency)
    return simulate(make_jobs(load, np.random.default_rng(7)), fleet, service)


def erlang_c(servers: int, load: float) -> float:
    """The chance that a job waits in M/M/c at `load` erlangs (Erlang, 1917)."""
    waits = load**servers / math.factorial(servers) * servers / (servers - load)
    served = sum(load**k / math.factorial(k) for k in range(servers))
    return waits / (served + waits)


@pytest.mark.parametrize(
    ("servers", "busy"),
    [
        pytest.param(1, 0.6, marks=pytest.mark.slow),
        (3, 0.8),
        pytest.param(8, 0.85, marks=pytest.mark.slow),
    ],
)
def test_waits_and_use_are_those_of_erlang_c(servers: int, busy: float) -> None:
    rate = servers * busy  # jobs a second of one second each
    load = Load(rate * 60, 90_000 / rate / 60, lengths="exponential", chars_mean=1, chars_per_s=1)
    outcome = steady(load, servers, ALONE)
    waits = outcome.taken - outcome.jobs.arrivals
    chance = erlang_c(servers, rate)
    assert (waits > 0).mean() == pytest.approx(chance, rel=0.04)
    assert waits.mean() == pytest.approx(chance / (servers - rate), rel=0.08)
    assert outcome.busy_s.sum() / outcome.billed_s == pytest.approx(busy, rel=0.02)


@pytest.mark.parametrize(
    ("lengths", "cv"), [pytest.param("fixed", 0.0, marks=pytest.mark.slow), ("lognormal", 1.5)]
)
def test_waits_are_those_of_pollaczek_and_khinchine(lengths: str, cv: float) -> None:
    """M/G/1: mean wait = rho * s * (1 + cv^2) / (2 * (1 - rho)), service s = 30 seconds."""
    load = Load(1.2, 100_000, lengths=lengths, chars_mean=300, chars_cv=cv, chars_per_s=10)
    outcome = steady(load, 1, ALONE)
    wait = (outcome.taken - outcome.jobs.arrivals).mean()
    assert wait == pytest.approx(0.6 * 30 * (1 + cv**2) / (2 * 0.4), rel=0.06)


def test_shared_passes_are_those_of_the_bulk_queue() -> None:
    """Passes of constant length D that take everyone: M/D/1 with unlimited bulk service.

    After a pass nobody waits with chance exp(-rate * D), so exp(rate * D) passes follow each
    other on average, between idle times of 1 / rate. A job that comes during a pass waits half of
    it on average (Poisson arrivals see time averages), then is in one.
    """
    counts = tuple(range(1, 60))
    shared = ServiceModel(counts, tuple(1 / n for n in counts), 0.0, 32, "test")
    rate, pass_s = 1.5, 1.0
    load = Load(rate * 60, 1000, lengths="fixed", chars_mean=1, chars_per_s=1)
    outcome = steady(load, 1, shared, concurrency=10_000)
    run = math.exp(rate * pass_s)
    busy = run * pass_s / (run * pass_s + 1 / rate)
    latency = (outcome.done - outcome.jobs.arrivals).mean()
    assert outcome.busy_s.sum() / outcome.billed_s == pytest.approx(busy, rel=0.01)
    assert latency == pytest.approx(pass_s + busy * pass_s / 2, rel=0.01)
