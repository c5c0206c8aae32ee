"""Four ways to use the endpoint with RunPod's own client (`pip install runpod`).

export RUNPOD_API_KEY=... RUNPOD_ENDPOINT_ID=...
python clients/example.py sync "Good morning!" good-morning.wav
python clients/example.py run "A text of any length."
python clients/example.py stream "One. [pause:0.3] Two. [pause:0.3] Three."
python clients/example.py cancel "Too long."
"""

import base64
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import runpod


def sync(endpoint: runpod.Endpoint, text: str, file: str = "speech.wav") -> None:
    """Waits for the result in one call: for short texts. The audio comes inside the answer."""
    # Not `run_sync`: it gives the output alone, and may lose why a job failed.
    job = {"input": {"text": text, "return_audio": True}}
    state = endpoint.rp_client.post(f"{endpoint.endpoint_id}/runsync", job, timeout=300)
    output = finished(endpoint, state)
    save(output, Path(file))
    print(f"{file}: {output['duration']} s, seed {output['seed']}")


def run(endpoint: runpod.Endpoint, text: str) -> None:
    """Submits, does something else, asks later. Results are kept for half an hour."""
    job = endpoint.run({"text": text})
    print(f"job {job.job_id}")
    output = finished(endpoint, status(endpoint, job.job_id))
    print(f"{output['duration']} s at {output['audio_url']}")


def stream(endpoint: runpod.Endpoint, text: str) -> None:
    """Gets each chunk as soon as it is spoken; play each from its `start`."""
    job = endpoint.run({"text": text, "stream": True})
    for chunk in job.stream():
        where = f"{chunk['start']} to {chunk['end']} s at {chunk['audio_url']}"
        print(f"chunk {chunk['index']}: {where}")
    finished(endpoint, status(endpoint, job.job_id))


def cancel(endpoint: runpod.Endpoint, text: str) -> None:
    """Stops a job that waits or runs; nothing more is charged for it."""
    job = endpoint.run({"text": text})
    print(job.cancel()["status"])


def status(endpoint: runpod.Endpoint, job_id: str) -> dict[str, Any]:
    """What RunPod knows of a job: `status`, and `output` or `error` once it has ended."""
    return dict(endpoint.rp_client.get(f"{endpoint.endpoint_id}/status/{job_id}"))


def finished(endpoint: runpod.Endpoint, state: dict[str, Any]) -> dict[str, Any]:
    """The output of a job once it has ended. A failed one ends this program: it has an `error` that
    says what to do, and in its output, where there is one, a stable `error_code`."""
    while state["status"] in ("IN_QUEUE", "IN_PROGRESS"):
        time.sleep(1)
        state = status(endpoint, state["id"])
    if state["status"] == "COMPLETED":
        return dict(state["output"])
    code = (state.get("output") or {}).get("error_code", state["status"])
    sys.exit(f"{code}: {state.get('error', 'no reason given')}")


def save(output: dict[str, Any], path: Path) -> None:
    """The audio is inline while it fits an answer; else it is behind the URL."""
    if "audio_base64" in output:
        path.write_bytes(base64.b64decode(output["audio_base64"]))
    else:
        with urllib.request.urlopen(output["audio_url"], timeout=60) as answer:
            path.write_bytes(answer.read())


def main(arguments: list[str]) -> None:
    """Runs one of the ways, or says in a line why it does not."""
    ways = {"sync": sync, "run": run, "stream": stream, "cancel": cancel}
    if len(arguments) < 2 or arguments[0] not in ways:
        sys.exit(__doc__)
    missing = [
        name for name in ("RUNPOD_API_KEY", "RUNPOD_ENDPOINT_ID") if not os.environ.get(name)
    ]
    if missing:
        sys.exit(f"{' and '.join(missing)} must be set.\n\n{__doc__}")
    endpoint = runpod.Endpoint(os.environ["RUNPOD_ENDPOINT_ID"], os.environ["RUNPOD_API_KEY"])
    try:
        ways[arguments[0]](endpoint, *arguments[1:])
    except (RuntimeError, OSError) as error:  # a wrong key; `requests` raises OSErrors
        sys.exit(f"{arguments[0]}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
