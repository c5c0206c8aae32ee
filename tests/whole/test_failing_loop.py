"""A loop of the SDK fails beside running jobs: they end as after SIGTERM, the process with 1."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3_utils import open_storage
from standins.platform import Platform, worker
from standins.waiting import PATIENCE_S, until
from tests.whole.held_jobs import HeldJobs
from tests.whole.long_jobs import LONG, LONG_CHUNKS, ONE_BY_ONE, keys, long_job
from worker.settings.load import Settings

PROGRAM = "tests/whole/failing_loop.py"


@pytest.fixture
def held(tmp_path: Path) -> HeldJobs:
    """Of the job "running" two chunks are taken, and no more."""
    jobs = HeldJobs(tmp_path / "held")
    jobs.after("running", chunks=2)
    return jobs


@pytest.fixture
def env(s3_env: dict[str, str], tiny_model: Path, tmp_path: Path, held: HeldJobs) -> dict[str, str]:
    more = {"F5_MODEL": str(tiny_model), "FAILS_AT": str(tmp_path / "fail"), **ONE_BY_ONE}
    return {**s3_env, **more, **held.env}


@pytest.mark.parametrize("loop", ["run_jobs", "get_jobs"])
def test_running_jobs_finish_within_the_grace_and_are_answered(
    platform: Platform, env: dict[str, str], tmp_path: Path, held: HeldJobs, loop: str
) -> None:
    log = tmp_path / "log"
    with worker(platform, {**env, "FAILING_LOOP": loop}, log, PROGRAM) as process:
        platform.submit("running", long_job(8))
        platform.wait_for(lambda: platform.progress.get("running"), "progress")
        (tmp_path / "fail").touch()
        until(lambda: b"ending; 1 jobs have" in log.read_bytes())
        held.go_on("running")
        output = platform.result("running")["output"]
        assert process.wait(PATIENCE_S) == 1
    assert output["metrics"]["chunks"] == 8
    assert b"KeyError" in log.read_bytes()


@pytest.mark.slow  # test_interruption.py has it for a signal
@pytest.mark.parametrize("loop", ["run_jobs", "get_jobs"])
def test_what_does_not_fit_the_grace_is_stored_and_goes_on_elsewhere(
    platform: Platform, env: dict[str, str], tmp_path: Path, loop: str
) -> None:
    storage = open_storage(Settings.load(env).storage)
    failing = {**env, "FAILING_LOOP": loop, "DRAIN_GRACE_S": "0"}
    with worker(platform, failing, tmp_path / "first.log", PROGRAM) as process:
        platform.submit("running", LONG)
        platform.wait_for(lambda: platform.progress.get("running"), "progress")
        (tmp_path / "fail").touch()
        assert process.wait(PATIENCE_S) == 1
    assert "running" not in platform.results
    assert keys(storage, "parts/running/")
    platform.redeliver("running")
    with worker(platform, env, tmp_path / "second.log"):
        output = platform.result("running")["output"]
    assert 1 <= output["metrics"]["resumed_chunks"] < LONG_CHUNKS
    assert keys(storage, "parts/") == []
