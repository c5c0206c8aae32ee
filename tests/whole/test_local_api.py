"""`python handler.py --rp_serve_api`: the SDK's local API, for trying a worker over HTTP."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from standins.forked import start
from standins.local_worker import FAST
from standins.platform import environment
from standins.servers.real import free_port
from standins.waiting import PATIENCE_S, until


@pytest.fixture(scope="module")
def api(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address. SIGTERM ends it."""
    data = tmp_path_factory.mktemp("api")
    env = environment({"F5_MODEL": str(tiny_model), "LOCAL_STORAGE_DIR": str(data)})
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    where = ["--rp_api_port", str(port), "--rp_api_host", "127.0.0.1"]
    process = start(["handler.py", "--rp_serve_api", *where], env, cwd=data)
    until(lambda: process.poll() is not None or answers(url))
    yield url
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(PATIENCE_S) in (0, -signal.SIGTERM)
    finally:
        process.kill()


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/docs", timeout=PATIENCE_S).close()
        return True
    except (urllib.error.URLError, ConnectionError):
        return False


def runsync(url: str, job_input: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps({"input": job_input}).encode()
    request = urllib.request.Request(f"{url}/runsync", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def test_good_and_bad_jobs_at_once(api: str) -> None:
    jobs = [{"text": f"Job number {i}.", **FAST} for i in range(6)]
    jobs[2:2] = [{"text": "Hi.", "speed": 99}]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda job: runsync(api, job), jobs))
    for job, answer in zip(jobs, found, strict=True):
        if "speed" in job:
            assert answer["status"] == "FAILED"
            assert "speed must be at most 2" in str(answer)
        else:
            assert answer["status"] == "COMPLETED"
            assert answer["output"]["text"] == job["text"]
            path = answer["output"]["audio_url"].removeprefix("file://")
            assert Path(path).stat().st_size == answer["output"]["bytes"]
    assert "Traceback" not in str(found)


def test_a_stream_comes_whole_and_says_so(api: str) -> None:
    output = runsync(api, {"text": "One. Two.", "stream": True, **FAST})["output"]
    assert any("comes whole" in warning for warning in output["warnings"])
