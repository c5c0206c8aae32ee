"""`python handler.py --rp_serve_api`: the SDK's local API, for trying a worker over HTTP."""

from __future__ import annotations

import json
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from standins.forked import Process, start
from standins.local_worker import FAST
from standins.platform import environment
from standins.waiting import PATIENCE_S


@pytest.fixture(scope="module")
def api(
    tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = tmp_path_factory.mktemp("api")
    process = start(
        ["handler.py", "--rp_serve_api", "--rp_api_port", str(port), "--rp_api_host", "127.0.0.1"],
        environment({"F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": str(data)}),
        cwd=data,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            urllib.request.urlopen(f"{url}/docs", timeout=PATIENCE_S).close()
            break
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline, "the API did not start"
            time.sleep(0.1)
    yield url, process
    process.kill()
    process.wait()


def runsync(url: str, job_input: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps({"input": job_input}).encode()
    request = urllib.request.Request(f"{url}/runsync", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def test_good_and_bad_jobs_at_once(api: tuple[str, Process]) -> None:
    url, _ = api
    jobs = [{"text": f"Job number {i}.", **FAST} for i in range(6)]
    jobs[2:2] = [{"text": "Hi.", "speed": 99}]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda job: runsync(url, job), jobs))
    for job, answer in zip(jobs, answers, strict=True):
        if "speed" in job:
            assert answer["status"] == "FAILED"
            assert "speed must be at most 2" in str(answer)
        else:
            assert answer["status"] == "COMPLETED"
            assert answer["output"]["text"] == job["text"]
            path = answer["output"]["audio_url"].removeprefix("file://")
            assert Path(path).stat().st_size == answer["output"]["bytes"]
    assert "Traceback" not in str(answers)


def test_a_stream_comes_whole_and_says_so(api: tuple[str, Process]) -> None:
    url, _ = api
    output = runsync(url, {"text": "One. Two.", "stream": True, **FAST})["output"]
    assert any("comes whole" in warning for warning in output["warnings"])


def test_sigterm_ends_it(api: tuple[str, Process]) -> None:
    _, process = api
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) in (0, -signal.SIGTERM)
