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
    # run_sync returns the output alone, also of a failed job: `error_code` tells them apart.
    output = endpoint.run_sync(
        {"text": text, "quality": "draft", "return_audio": True}, timeout=300
    )
    check(output)
    save(output, Path(file))
    print(f"{file}: {output['duration']} s, seed {output['seed']}")


def run(endpoint: runpod.Endpoint, text: str) -> None:
    """Submits, does something else, asks later. Results are kept for half an hour."""
    job = endpoint.run({"text": text, "quality": "draft"})
    print(f"job {job.job_id}")
    while job.status() in ("IN_QUEUE", "IN_PROGRESS"):
        time.sleep(1)
    output = job.output()
    check(output)
    print(f"{output['duration']} s at {output['audio_url']}")


def stream(endpoint: runpod.Endpoint, text: str) -> None:
    """Gets each chunk as soon as it is spoken; play each from its `start`."""
    job = endpoint.run({"text": text, "quality": "draft", "stream": True})
    for chunk in job.stream():
        where = f"{chunk['start']} to {chunk['end']} s at {chunk['audio_url']}"
        print(f"chunk {chunk['index']}: {where}")
    check(job.output())


def cancel(endpoint: runpod.Endpoint, text: str) -> None:
    """Stops a job that waits or runs; nothing more is charged for it."""
    job = endpoint.run({"text": text})
    print(job.cancel()["status"])


def check(output: dict[str, Any] | None) -> None:
    """A failed job's output has a stable `error_code` and a `hint` for what to do."""
    if output is None:
        sys.exit("the job failed without an output")
    if "error_code" in output:
        sys.exit(f"{output['error_code']}: {output['hint']}")


def save(output: dict[str, Any], path: Path) -> None:
    """The audio is inline while it fits an answer; else it is behind the URL."""
    if "audio_base64" in output:
        path.write_bytes(base64.b64decode(output["audio_base64"]))
    else:
        with urllib.request.urlopen(output["audio_url"], timeout=60) as answer:
            path.write_bytes(answer.read())


if __name__ == "__main__":
    ways = {"sync": sync, "run": run, "stream": stream, "cancel": cancel}
    if len(sys.argv) < 3 or sys.argv[1] not in ways:
        sys.exit(__doc__)
    ways[sys.argv[1]](
        runpod.Endpoint(os.environ["RUNPOD_ENDPOINT_ID"], api_key=os.environ["RUNPOD_API_KEY"]),
        *sys.argv[2:],
    )
