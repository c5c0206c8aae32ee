"""The load generator's arithmetic: its texts, its arrivals, its percentiles, its costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.load.client import Outcome
from tools.load.jobs import DEFAULT, arrivals, inputs, texts
from tools.load.report import report, table


@given(st.integers(), st.integers(0, 60))
def test_a_seed_gives_the_same_jobs_at_the_same_times(seed: int, count: int) -> None:
    assert inputs(DEFAULT, seed, count) == inputs(DEFAULT, seed, count)
    assert arrivals(3.0, seed, count) == arrivals(3.0, seed, count)
    assert len(texts(seed, count)) == len(arrivals(3.0, seed, count)) == count


def test_arrivals_are_a_poisson_process() -> None:
    gaps = np.diff(arrivals(4.0, 1, 5001))
    assert gaps.min() >= 0
    assert gaps.mean() == pytest.approx(1 / 4.0, rel=0.05)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.05)  # as of an exponential distribution
    assert arrivals(0, 1, 3) == [0.0, 0.0, 0.0]


def test_texts_are_short_and_long() -> None:
    lengths = sorted(len(text) for text in texts(0, 300))
    assert lengths[0] < 60
    assert lengths[-1] > 600
    assert lengths[150] < 200  # most are notices
    assert texts(0, 10) != texts(1, 10)


def test_a_template_that_says_what_to_do_is_used_as_it_is() -> None:
    doctor = {"endpoint": "doctor"}
    assert inputs(doctor, 0, 2) == [doctor, doctor]
    assert inputs({"text": "Always this."}, 0, 1) == [{"text": "Always this."}]
    spoken = inputs({"voice": "Dorota"}, 0, 1)[0]
    assert spoken["voice"] == "Dorota"
    assert spoken["text"]


def outcome(latency_s: float, audio_s: float = 2.0, error: str | None = None) -> Outcome:
    return Outcome(1.0, 1.0 + latency_s, error, 0.1, latency_s - 0.1, 0.0 if error else audio_s)


def test_the_report_adds_up() -> None:
    found = report(
        [outcome(1.0), outcome(3.0), outcome(0.2, error="VOICE_NOT_FOUND"), outcome(9, error="X")],
        span_s=10.0,
        workers=2,
        gpu_price=1.8,
    )
    assert (found["jobs"], found["completed"], found["failed"]) == (4, 2, 2)
    assert found["failures"] == {"VOICE_NOT_FOUND": 1, "X": 1}
    assert found["latency_s"] == {"p50": 2.0, "p90": 2.8, "p99": 2.98}  # of successes only
    assert found["jobs_per_s"] == 0.2
    assert found["audio_s_per_s"] == 0.4
    # Two workers for 10 s at $1.80 an hour are 1 cent; 4 s of audio are 1/900 of an hour.
    assert found["cost_per_audio_hour"] == pytest.approx(0.01 * 900)
    assert "VOICE_NOT_FOUND" in table(found)
    assert "$9.0000 an hour of audio" in table(found)


def test_nothing_succeeded() -> None:
    found = report([outcome(1.0, error="FAILED")], span_s=1.0, workers=1, gpu_price=1.0)
    assert found["latency_s"]["p50"] is None
    assert found["cost_per_audio_hour"] is None
    assert "0 of 1 jobs" in table(found)
