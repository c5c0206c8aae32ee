"""The examples of clients/, run as a user would, against a worker behind the local platform."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from standins.waiting import PATIENCE_S
from tests.clients.conftest import CLIENTS, Endpoint

Call = Callable[..., subprocess.CompletedProcess[str]]
THREE = "One. [pause:0.3] Two. [pause:0.3] Three."
LONG = "This sentence is said again and again. " * 40  # not over before it is cancelled


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


@pytest.fixture
def client(request: pytest.FixtureRequest, endpoint: Endpoint, tmp_path: Path) -> Call:
    """Runs the example of a language in an empty directory."""
    command = {
        "python": lambda: [sys.executable, str(CLIENTS / "example.py")],
        "node": lambda: [program("node"), str(CLIENTS / "example.mjs")],
        "sh": lambda: [program("curl") and program("sh"), str(CLIENTS / "example.sh")],
    }[request.param]()

    def call(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments],
            cwd=tmp_path,
            env={**endpoint.env, **env},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    return call


both = pytest.mark.parametrize("client", ["python", "node"], indirect=True)
curl = pytest.mark.parametrize("client", ["sh"], indirect=True)


@both
def test_sync_saves_the_audio(client: Call, tmp_path: Path) -> None:
    done = client("sync", "Good morning!", "morning.wav")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"morning\.wav: [\d.]+ s, seed \d+\n", done.stdout)
    assert (tmp_path / "morning.wav").read_bytes().startswith(b"RIFF")


@both
def test_run_ends_with_a_link_to_the_audio(client: Call) -> None:
    done = client("run", "Good morning!")
    assert done.returncode == 0, done.stderr
    url = re.search(r"^[\d.]+ s at (http\S+)$", done.stdout, re.MULTILINE)
    assert url
    with urllib.request.urlopen(url[1], timeout=PATIENCE_S) as answer:
        assert answer.read(4) == b"RIFF"


@both
def test_stream_prints_every_chunk_in_order(client: Call, endpoint: Endpoint) -> None:
    done = client("stream", THREE)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^chunk (\d): ", done.stdout, re.MULTILINE) == ["0", "1", "2"]


@both
def test_cancel_stops_the_job(client: Call, endpoint: Endpoint) -> None:
    done = client("cancel", LONG)
    assert (done.returncode, done.stdout) == (0, "CANCELLED\n"), done.stderr
    record = list(endpoint.platform.records.values())[-1]
    assert record.status == "CANCELLED"


@both
def test_a_failed_job_says_what_to_do(client: Call) -> None:
    done = client("run", "[voice:Nobody] Hello.")
    assert done.returncode == 1
    assert "VOICE_NOT_FOUND" in done.stderr
    assert "list_voices" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("client", ["node"], indirect=True)
def test_node_waits_when_the_platform_is_busy(client: Call, endpoint: Endpoint) -> None:
    endpoint.platform.faults.add("api", "answer", status=429, times=2)
    done = client("cancel", LONG)
    assert done.stdout == "CANCELLED\n", done.stderr


@pytest.mark.parametrize(
    ("client", "arguments"),
    [("node", ("cancel", "Hello.")), ("sh", ("health",))],
    indirect=["client"],
)
def test_a_wrong_key_is_told(client: Call, arguments: tuple[str, ...]) -> None:
    done = client(*arguments, RUNPOD_API_KEY="wrong")
    assert done.returncode != 0
    assert "401" in done.stderr


@curl
def test_curl_runs_asks_and_streams(client: Call, endpoint: Endpoint, tmp_path: Path) -> None:
    def answer(*arguments: str) -> dict[str, Any]:
        done = client(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    job = {"input": {"text": THREE, "quality": "draft", "stream": True}}
    (tmp_path / "job.json").write_text(json.dumps(job))
    result = answer("sync", "job.json")
    assert result["status"] == "COMPLETED"
    chunks = answer("stream", result["id"])["stream"]
    assert [chunk["output"]["index"] for chunk in chunks] == [0, 1, 2]
    assert answer("status", result["id"])["output"] == result["output"]
    (tmp_path / "job.json").write_text(json.dumps({"input": {"text": LONG}}))
    waiting = answer("run", "job.json")
    assert waiting["status"] == "IN_QUEUE"
    endpoint.platform.wait_until_held(waiting["id"])
    assert answer("cancel", waiting["id"])["status"] == "CANCELLED"
    assert answer("health")["jobs"]["completed"] >= 1


@curl
def test_curl_without_a_word_explains_itself(client: Call) -> None:
    done = client()
    assert done.returncode == 2
    assert "RUNPOD_ENDPOINT_ID" in done.stderr
