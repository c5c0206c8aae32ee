"""`python -m tools.load`: against the local platform, with workers of its own or a quick stand-in.

The stand-in answers jobs at once, in this process: what is tested there is the client's side, with
more jobs and faults than a worker on a CPU could serve in a test.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from standins.platform import ROOT, Platform, environment
from standins.waiting import PATIENCE_S, until
from tools.load import client
from tools.load.__main__ import main
from tools.load.client import Endpoint, Outcome
from tools.load.jobs import DEFAULT, inputs

FAST = {"nfe_step": 4, "cfg_strength": 0.0}


def template(directory: Path, fields: dict[str, Any]) -> str:
    path = directory / "job.json"
    path.write_text(json.dumps({"input": fields}))
    return str(path)


@pytest.mark.slow
def test_local_runs_a_real_worker(tmp_path: Path) -> None:
    job = template(tmp_path, {"text": "Hello there.", **FAST})
    command = [sys.executable, "-m", "tools.load", "--local", "--jobs", "6", "--rate", "20"]
    done = subprocess.run(
        [*command, "--gpu-price", "2", "--json", "--input", job],
        cwd=ROOT,
        env=environment({"TMPDIR": str(tmp_path)}),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no bar where nobody looks
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert (found["completed"], found["failures"]) == (6, {})
    assert found["latency_s"]["p50"] >= found["execution_s"]["p50"] > 0
    assert found["audio_s"] > 6 * 0.3
    assert found["cost_per_audio_hour"] == pytest.approx(
        2 * found["span_s"] / found["audio_s"], rel=0.01
    )
    assert [path.name for path in tmp_path.iterdir()] == ["job.json"]


@pytest.fixture
def served(platform: Platform) -> Iterator[Platform]:
    """A platform whose jobs are answered: texts with 'bad' fail, 2 s of audio for the others."""
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            for job in platform.take("stand-in", 8, lambda: True, wait_s=0.05):
                good = {"output": {"duration": 2.0}}
                bad = {"output": {"error_code": "INVALID_INPUT"}, "error": "bad"}
                answer = bad if "bad" in job["input"]["text"] else good
                platform.done(job["id"], answer, is_stream=False)

    thread = threading.Thread(target=serve)
    thread.start()
    yield platform
    ended.set()
    thread.join()


def load(platform: Platform, *arguments: str, key: str = "client-key") -> int:
    url = f"{platform.api}/{platform.endpoint_id}"
    return main(["--endpoint", url, "--api-key", key, "--json", *arguments])


def test_the_warm_up_does_not_count(served: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(served, "--jobs", "30", "--warm-up", "5") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["completed"] == 30
    assert found["audio_s"] == 60.0
    given = [record.job_input for record in served.records.values()]
    assert sorted(given, key=str) == sorted(inputs(DEFAULT, 0, 35), key=str)  # each job once


def test_delays_are_the_platform_s(served: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(served, "--jobs", "40", "--warm-up", "0") == 0
    found = json.loads(capsys.readouterr().out)
    for name, begin, end in (
        ("queue_delay_s", "queued_at", "taken_at"),
        ("execution_s", "taken_at", "done_at"),
    ):
        records = served.records.values()
        seconds = [getattr(record, end) - getattr(record, begin) for record in records]
        for percent in (50, 90, 99):
            wanted = np.percentile(seconds, percent)
            assert found[name][f"p{percent}"] == pytest.approx(wanted, abs=1.5e-3)  # milliseconds


def test_latency_does_not_depend_on_how_often_is_asked(
    served: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for the first time two seconds after it was accepted, long after it was done."""
    monkeypatch.setattr(client, "_POLLS_PER_S", 0.5)

    async def run(job: Mapping[str, Any]) -> Outcome:
        url = f"{served.api}/{served.endpoint_id}"
        async with Endpoint(url, served.api_key, timeout_s=PATIENCE_S) as endpoint:
            return await endpoint.run(job, due_s=endpoint.now())

    outcome = asyncio.run(run({"text": "Hello."}))
    (record,) = served.records.values()
    assert record.taken_at is not None and record.done_at is not None
    took_s = record.done_at - record.queued_at
    # The platform runs in this process: its clock is the client's. On a machine of any speed a
    # latency of the platform's times ends in these bounds; one of the first poll's, 2 s - took_s
    # behind them.
    assert record.done_at - 2e-3 <= outcome.ended_s <= record.asked_at[0] - 2.0 + took_s + 2e-3


def test_a_busy_platform_is_asked_again(
    served: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    served.faults.add("api", "answer", status=429, times=3)
    assert load(served, "--jobs", "5", "--warm-up", "0") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["throttled_requests"] == 3
    assert found["latency_s"]["p99"] > 0.25  # waiting to be let in is part of it
    assert len(served.records) == 5


def test_failures_are_counted_by_code(
    served: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = template(tmp_path, {"text": "a bad one"})
    assert load(served, "--jobs", "4", "--warm-up", "0", "--input", job) == 1
    assert json.loads(capsys.readouterr().out)["failures"] == {"INVALID_INPUT": 4}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_many_ended_and_failed(
    served: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    job = template(tmp_path, {"text": "a bad one"})
    assert load(served, "--jobs", "2", "--warm-up", "0", "--input", job) == 1
    assert "2/2" in terminal.getvalue() and "failed=2" in terminal.getvalue()


def test_a_lost_answer_submits_no_job_twice(
    served: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    served.faults.add("api", "lose_answer")
    assert load(served, "--jobs", "3", "--warm-up", "0") == 1
    assert len(served.records) == 3
    assert json.loads(capsys.readouterr().out)["completed"] == 2


def test_a_job_that_takes_too_long_is_cancelled(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    for seconds in ("0.5", "10", "100"):  # a busy machine may not even accept them in so little
        assert load(platform, "--jobs", "2", "--warm-up", "0", "--timeout", seconds) == 1
        assert json.loads(capsys.readouterr().out)["failures"] == {"CLIENT_TIMEOUT": 2}
        if [record.status for record in platform.records.values()] == ["CANCELLED"] * 2:
            return
        platform.records.clear()
    pytest.fail("not cancelled")


def test_ctrl_c_cancels_what_runs(platform: Platform) -> None:
    """Nobody pays for jobs whose results are not wanted any more."""
    url = f"{platform.api}/{platform.endpoint_id}"
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.load", "--endpoint", url, "--jobs", "4", "--warm-up", "0"],
        cwd=ROOT,
        env={**os.environ, "RUNPOD_API_KEY": platform.api_key},
        stderr=subprocess.PIPE,
        text=True,
    )
    records = platform.records
    until(lambda: len(records) == 4 and all(record.asked_at for record in list(records.values())))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert "cancelled" in errors
    assert "Traceback" not in errors
    assert [record.status for record in platform.records.values()] == ["CANCELLED"] * 4


def test_a_wrong_key_or_endpoint_is_told(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(platform, key="wrong") == 2
    assert "API key" in capsys.readouterr().err
    elsewhere = f"{platform.api}/endpoint-2"
    assert main(["--endpoint", elsewhere, "--api-key", platform.api_key]) == 2
    assert "not an endpoint" in capsys.readouterr().err
    assert main(["--endpoint", "http://127.0.0.1:9/v2/x", "--api-key", "k"]) == 2
    assert "nobody answers" in capsys.readouterr().err


def test_without_a_key_nothing_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RUNPOD_API_KEY", raising=False)
    with pytest.raises(SystemExit):
        main(["--endpoint", "https://api.runpod.ai/v2/x"])
    assert "RUNPOD_API_KEY" in capsys.readouterr().err
