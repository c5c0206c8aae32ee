"""The examples of clients/, run as a user would, against a worker behind the local platform."""

from __future__ import annotations

import base64
import functools
import importlib.util
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

from standins import forked
from standins.receiver import Receiver
from standins.waiting import PATIENCE_S
from tests.clients.conftest import CLIENTS, Endpoint
from worker.callbacks.signing import signed_headers

Call = Callable[..., subprocess.CompletedProcess[str]]
THREE = "One. [pause:0.3] Two. [pause:0.3] Three."
LONG = "This sentence is said again and again. " * 400  # not over before it is cancelled


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


@pytest.fixture
def client(request: pytest.FixtureRequest, endpoint: Endpoint, tmp_path: Path) -> Call:
    """Runs the example of a language in an empty directory.

    Of Python's one begins with the interpreter, the others with what they import.
    """
    command = {
        "python": lambda: [sys.executable, str(CLIENTS / "example.py")],
        "node": lambda: [program("node"), str(CLIENTS / "example.mjs")],
        "sh": lambda: [program("curl") and program("sh"), str(CLIENTS / "example.sh")],
    }[request.param]()

    def call(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        if request.param == "python" and arguments[0] != "sync":
            program = [command[1], *arguments]
            return forked.run(program, {**endpoint.env, **env}, cwd=tmp_path)
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


def test_a_batch_of_lines_becomes_a_list_of_results(endpoint: Endpoint, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("Good morning!\n\n[voice:Nobody] Hello.\n")
    done = subprocess.run(
        [sys.executable, str(CLIENTS / "batch.py"), "lines.txt", "results.jsonl", "0.1"],
        cwd=tmp_path,
        env=endpoint.env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert "2 of 2" in done.stderr
    good, bad = map(json.loads, (tmp_path / "results.jsonl").read_text().splitlines())
    assert good["output"]["audio_url"]
    assert bad["status"] == "FAILED"
    assert "Nobody" in bad["error"]


@curl
@pytest.mark.parametrize("name", ["policy", "webhook", "callback"])
def test_the_example_jobs_are_done(
    client: Call, endpoint: Endpoint, tmp_path: Path, name: str
) -> None:
    """With addresses of the test in place of example.com."""
    receiver = Receiver()
    text = (CLIENTS / "jobs" / f"{name}.json").read_text()
    text = text.replace("https://example.com/runpod", receiver.url.partition("?")[0])
    text = text.replace("https://example.com/f5", receiver.url)
    (tmp_path / "job.json").write_text(text)
    done = client("run", "job.json")
    assert done.returncode == 0, done.stderr
    record = endpoint.platform.records[json.loads(done.stdout)["id"]]
    endpoint.platform.wait_for(lambda: record.status == "COMPLETED", name)
    if name != "policy":
        (post,) = receiver.wait_for(1)
        told = post.json["data" if name == "callback" else "output"]
        assert told["audio_url"] == record.output["audio_url"]
    receiver.close()


def test_a_failure_without_an_output_is_told() -> None:
    """So it is where jobs are tried on one machine, with `--rp_serve_api`."""
    failed = {"id": "1", "status": "FAILED", "error": "There is no voice 'Nobody'."}
    with pytest.raises(SystemExit, match="FAILED: There is no voice 'Nobody'"):
        loaded("example").finished(None, failed)


@pytest.mark.parametrize("name", ["example", "batch"])
def test_an_unset_variable_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", "key")
    monkeypatch.delenv("RUNPOD_ENDPOINT_ID", raising=False)
    with pytest.raises(SystemExit, match=r"RUNPOD_ENDPOINT_ID must be set.[\s\S]*export RUNPOD_"):
        loaded(name).main(["sync", "Good morning!"])


def test_what_the_sdk_raises_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise RuntimeError("401 Unauthorized")

    monkeypatch.setenv("RUNPOD_API_KEY", "wrong")
    monkeypatch.setenv("RUNPOD_ENDPOINT_ID", "endpoint")
    example = loaded("example")
    monkeypatch.setattr(example, "cancel", refused)
    with pytest.raises(SystemExit, match="cancel: 401 Unauthorized"):
        example.main(["cancel", "Good morning!"])


def loaded(name: str) -> Any:
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(name, CLIENTS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_receiver_takes_signed_callbacks_once(tmp_path: Path) -> None:
    module = loaded("receiver")
    secret, other = (base64.b64encode(each * 24).decode() for each in (b"a", b"b"))
    key, body = base64.b64decode(secret), b'{"type": "speech.completed"}'
    headers = signed_headers([key], "msg_1", 1_000_000, body)
    genuine = functools.partial(module.is_genuine, body=body, secrets=f"whsec_{other} {secret}")
    assert genuine(headers, now=1_000_010)
    assert not genuine(headers, now=1_001_000)
    assert not genuine({**headers, "webhook-id": "msg_2"}, now=1_000_010)
    assert not module.is_genuine(headers, body, f"whsec_{other}", 1_000_010)
    assert not genuine({}, now=1_000_010)
