"""The simulator loses nothing and follows RunPod's rules; its theory: test_theory."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tools.simulate.__main__ import main
from tools.simulate.fleet import FleetConfig, simulate
from tools.simulate.load import Jobs, Load, make_jobs
from tools.simulate.report import peak, report
from tools.simulate.service import ServiceModel, assumed, measured_overhead_s, read_model

ALONE = ServiceModel((1,), (1.0,), overhead_s=0.0, steps=32, source="test")


def at(*arrivals: float, audio_s: float = 1.0, seconds: float = 0.0) -> Jobs:
    """Jobs at these moments, each of `audio_s` seconds of speech."""
    count = len(arrivals)
    return Jobs(np.array(arrivals), np.full(count, 15.0), np.full(count, audio_s), seconds)


# What holds in every run.

FLEETS = st.builds(
    lambda least, more, **others: FleetConfig(
        min_workers=least, max_workers=least + more, **others
    ),
    least=st.integers(0, 2),
    more=st.integers(1, 4),
    concurrency=st.integers(1, 6),
    scaler=st.sampled_from(["queue_delay", "request_count"]),
    scaler_value=st.floats(0.5, 10),
    idle_timeout_s=st.floats(0, 30),
    cold_start_s=st.floats(0, 30),
    flashboot_s=st.floats(0, 5),
)
LOADS = st.builds(
    Load,
    per_minute=st.floats(1, 60),
    minutes=st.floats(1, 5),
    burst=st.sampled_from([1.0, 10.0]),
    chars_mean=st.floats(10, 600),
)


@settings(max_examples=examples(60), deadline=None)
@given(fleet=FLEETS, load=LOADS, seed=st.integers(0, 1000))
def test_no_job_is_lost_and_no_limit_broken(fleet: FleetConfig, load: Load, seed: int) -> None:
    jobs = make_jobs(load, np.random.default_rng(seed))
    service = assumed(overhead_s=0.02)
    outcome = simulate(jobs, fleet, service)
    assert np.isfinite(outcome.done).all()
    assert (outcome.taken >= jobs.arrivals).all()
    assert (np.diff(outcome.taken) >= 0).all(), "first come, first served"
    least = service.costs[-1] * jobs.audio_s + service.overhead_s
    assert (outcome.done - outcome.taken >= least - 1e-9).all()
    assert outcome.end >= outcome.done.max(initial=0)

    assert peak(outcome) <= fleet.max_workers
    assert (outcome.stopped >= outcome.started).all()
    assert (outcome.busy_s <= outcome.stopped - outcome.started + 1e-6).all()
    most, least_busy = service.costs[0], service.costs[-1]
    audio = jobs.audio_s.sum()
    assert least_busy * audio - 1e-6 <= outcome.busy_s.sum() <= most * audio + 1e-6
    assert outcome.billed_s >= outcome.busy_s.sum() - 1e-6
    assert len(outcome.started) == fleet.min_workers + outcome.cold + outcome.revived

    held = np.concatenate([np.ones(len(jobs)), -np.ones(len(jobs))])
    order = np.lexsort((held, np.concatenate([outcome.taken, outcome.done])))
    assert np.cumsum(held[order]).max(initial=0) <= fleet.max_workers * fleet.concurrency


@settings(max_examples=examples(20), deadline=None)
@given(fleet=FLEETS, load=LOADS, seed=st.integers(0, 1000))
def test_the_same_seed_gives_the_same_run(fleet: FleetConfig, load: Load, seed: int) -> None:
    runs = [
        simulate(make_jobs(load, np.random.default_rng(seed)), fleet, assumed(0.02))
        for _ in range(2)
    ]
    assert np.array_equal(runs[0].done, runs[1].done)
    assert runs[0].billed_s == runs[1].billed_s


# RunPod's rules, one job or two at a time.


def test_the_first_job_waits_for_the_cold_start_and_all_of_it_is_billed() -> None:
    fleet = FleetConfig(cold_start_s=10, idle_timeout_s=5)
    outcome = simulate(at(0.0, audio_s=2.5), fleet, ALONE)
    assert outcome.done[0] == 12.5
    assert outcome.billed_s == 18  # 10 + 2.5 + 5, up to whole seconds


def test_a_job_within_the_idle_timeout_finds_the_worker_warm() -> None:
    fleet = FleetConfig(cold_start_s=10, idle_timeout_s=5)
    outcome = simulate(at(0.0, 15.9), fleet, ALONE)
    assert outcome.done[1] == 16.9
    assert (outcome.cold, outcome.revived) == (1, 0)


def test_each_job_starts_the_idle_timeout_anew() -> None:
    fleet = FleetConfig(cold_start_s=10, idle_timeout_s=5)
    outcome = simulate(at(0.0, 14.0), fleet, ALONE)  # done at 11 and 15
    assert list(outcome.stopped) == [20.0]


@pytest.mark.parametrize(("window_s", "start_s"), [(60.0, 2.0), (3.0, 10.0)])
def test_flashboot_revives_a_worker_that_stopped_lately(window_s: float, start_s: float) -> None:
    fleet = FleetConfig(
        cold_start_s=10, flashboot_s=2, flashboot_window_s=window_s, idle_timeout_s=5
    )
    outcome = simulate(at(0.0, 20.0), fleet, ALONE)  # the worker stops at 16
    assert outcome.done[1] == 20 + start_s + 1


def test_queue_delay_adds_a_worker_when_a_job_has_waited_so_long() -> None:
    fleet = FleetConfig(min_workers=1, concurrency=1, scaler_value=4, cold_start_s=10)
    outcome = simulate(at(0.0, 1.0, audio_s=100), fleet, ALONE)
    assert sorted(outcome.started) == [0.0, 5.0]
    assert outcome.taken[1] == 15


def test_queue_delay_starts_enough_workers_for_the_late_jobs_and_not_one_each() -> None:
    fleet = FleetConfig(min_workers=1, max_workers=9, concurrency=2, cold_start_s=10)
    outcome = simulate(at(*[0.0] * 8, audio_s=100), fleet, ALONE)
    assert peak(outcome) == 4  # two jobs run, six are late, two a worker


def test_request_count_starts_ceil_of_pending_over_value() -> None:
    fleet = FleetConfig(
        max_workers=9, concurrency=1, scaler="request_count", scaler_value=3, cold_start_s=10
    )
    outcome = simulate(at(*[0.0] * 7, audio_s=100), fleet, ALONE)
    assert sorted(outcome.started) == [0.0, 0.0, 0.0]


def test_a_job_in_a_pass_delays_those_that_come_later_to_its_end() -> None:
    """As in `engine.batcher`: who comes during a pass shares the next."""
    half = ServiceModel((1, 2), (1.0, 0.5), 0.0, 32, "test")
    fleet = FleetConfig(min_workers=1, max_workers=1, concurrency=8)
    outcome = simulate(at(0.0, 1.0, 2.0, audio_s=10), fleet, half)
    assert list(outcome.done) == [10, 20, 20]


def test_active_workers_are_billed_while_the_load_lasts() -> None:
    fleet = FleetConfig(min_workers=2, max_workers=2)
    assert simulate(at(5.0, seconds=3600), fleet, ALONE).billed_s == 7200


# Load and figures.


@pytest.mark.parametrize("burst", [1.0, 5.0, 20.0])
def test_bursts_change_the_spread_of_arrivals_and_not_their_rate(burst: float) -> None:
    load = Load(per_minute=30, minutes=20_000, burst=burst)
    arrivals = make_jobs(load, np.random.default_rng(3)).arrivals
    assert (np.diff(arrivals) >= 0).all()
    assert len(arrivals) == pytest.approx(600_000, rel=0.02)
    counts = np.histogram(arrivals, bins=20_000)[0]
    dispersion = counts.var() / counts.mean()
    assert (dispersion > 5) if burst > 1 else (dispersion == pytest.approx(1, rel=0.05))


@pytest.mark.parametrize("cv", [0.3, 1.0])
def test_texts_have_the_mean_and_spread_asked_for(cv: float) -> None:
    jobs = make_jobs(Load(per_minute=600, minutes=200, chars_cv=cv), np.random.default_rng(5))
    assert jobs.chars.mean() == pytest.approx(300, rel=0.02)
    assert jobs.chars.std() / jobs.chars.mean() == pytest.approx(cv, rel=0.03)
    assert jobs.audio_s == pytest.approx(jobs.chars / 15)


def test_money_is_billed_seconds_times_the_price() -> None:
    fleet = FleetConfig(cold_start_s=10, idle_timeout_s=5)
    outcome = simulate(at(0.0, audio_s=2.5, seconds=3600), fleet, ALONE)
    figures = report(outcome, price=0.001)
    assert figures.per_hour == pytest.approx(0.018)
    assert figures.per_million_chars == pytest.approx(0.018 / 15 * 1e6)
    assert figures.per_audio_hour == pytest.approx(0.018 / 2.5 * 3600)
    assert figures.workers == pytest.approx(18 / 3600)
    assert figures.utilisation == pytest.approx(2.5 / 18)


# Service models.


def test_costs_are_exact_where_measured_and_between_elsewhere() -> None:
    model = assumed()
    for count, cost in zip(model.counts, model.costs, strict=True):
        assert model.cost(count) == pytest.approx(cost)
    halfway = ServiceModel((1, 4), (4.0, 1.0), 0.0, 32, "test")
    assert halfway.cost(2) == pytest.approx(2.5), "over log n"
    values = [model.cost(n) for n in range(1, 65)]
    assert all(a >= b for a, b in pairwise(values))
    assert values[31] == values[63], "beyond the last count the cost stays"


def test_half_the_steps_cost_half() -> None:
    assert assumed().at_steps(16).cost(4) == pytest.approx(assumed().cost(4) / 2)


def test_a_measured_model_is_read_and_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "h200.json"
    path.write_text(
        '{"seconds_per_audio_second": {"32": 0.002, "1": 0.02}, "overhead_s": 0.5, '
        '"steps": 32, "source": "measured on a test"}'
    )
    model = read_model(path)
    assert (model.counts, model.costs, model.overhead_s) == ((1, 32), (0.02, 0.002), 0.5)
    assert main(["--model", str(path), "--minutes", "5"]) == 0
    assert "measured on a test" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"seconds_per_audio_second": {"0": 1}}',
        '{"seconds_per_audio_second": {"1": -1}}',
        '{"seconds_per_audio_second": {"one": 1}}',
    ],
)
def test_a_wrong_model_file_is_refused_in_words(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.json"
    path.write_text(content)
    assert main(["--model", str(path)]) == 2
    assert capsys.readouterr().err.strip()


def test_the_overhead_is_the_newest_measured_one_to_ten_milliseconds(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01-cpu.json").write_text('{"overhead": {"overhead_ms": 50}}')
    (tmp_path / "2026-02-01-cpu.json").write_text('{"overhead": {"overhead_ms": 8}}')
    (tmp_path / "2026-03-01-gpu.json").write_text('{"throughput": {}}')
    assert measured_overhead_s(tmp_path) == 0.01
    assert measured_overhead_s(tmp_path / "none") is None


# The command.


def test_json_holds_every_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--minutes", "10", "--vary", "max-workers=1,2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [run["value"] for run in answer["runs"]] == ["1", "2"]
    assert answer["varied"] == "max-workers"
    assert "ASSUMED" in answer["source"]
    assert all(run["p50_s"] <= run["p95_s"] <= run["p99_s"] for run in answer["runs"])


@pytest.mark.parametrize(
    "arguments",
    [
        "--per-minute 0",
        "--concurrency 0",
        "--min-workers 4",
        "--vary seed",
        "--scaler-value 0",
        "--model /nonexistent.json",
        "--per-minute 0.0001 --minutes 0.1",
    ],
)
def test_senseless_settings_are_refused_in_words(
    arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == 2
    assert capsys.readouterr().err.strip()
