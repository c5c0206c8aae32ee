"""The policies that a worker runs with, in virtual time with modelled pass times."""

from __future__ import annotations

import pytest

from bench.joining import GPU, LONGEST, SLOW, Course, arrivals_of, latency
from engine.budget import near_best


def run(load: float | None, frames: int) -> dict[str, float]:
    return latency(Course(GPU, arrivals_of(GPU, load), "step", frames))


@pytest.fixture(scope="module")
def chosen() -> int:
    return near_best(GPU.seconds, LONGEST)


def test_at_half_load_first_audio_comes_sooner_and_whole_jobs_no_later(chosen: int) -> None:
    longest, found = run(0.5, LONGEST), run(0.5, chosen)
    for name in ("first_audio_mean_s", "first_audio_p95_s"):
        assert found[name] <= longest[name] / 2
    assert found["job_mean_s"] <= longest["job_mean_s"]
    assert found["job_p95_s"] <= 1.1 * longest["job_p95_s"]


def test_a_gpu_does_no_less_in_short_passes(chosen: int) -> None:
    assert run(None, chosen)["all_done_s"] <= 1.05 * run(None, LONGEST)["all_done_s"]


def test_a_short_job_behind_a_long_text_waits_for_the_running_chunk_only() -> None:
    behind = Course(SLOW, [(0.0, [500] * 14), (10.5, [500])], "step", 1)
    assert behind.first[1] == pytest.approx(1.5 + 2.0)
    assert behind.whole[0] == pytest.approx(15 * 2.0)  # the text is held up by no more either
