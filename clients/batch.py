"""Many texts in one batch of RunPod's Batch API: a line each, results as JSON lines.

export RUNPOD_API_KEY=... RUNPOD_ENDPOINT_ID=...
python clients/batch.py lines.txt results.jsonl

RunPod runs a batch on workers of its own, within hours and in no order. It may lose a request that
waits; what was spoken is in the bucket all the same, under the request's id.
"""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BASE = os.environ.get("RUNPOD_ENDPOINT_BASE_URL", "https://api.runpod.ai/v2")
NEEDED = ("RUNPOD_API_KEY", "RUNPOD_ENDPOINT_ID")
MOST = 500  # requests a call: RunPod takes 10 MiB at once, and 5,000 requests a batch


def call(method: str, path: str, body: object = None) -> Any:
    """The answer of the endpoint's batch API."""
    endpoint, key = os.environ["RUNPOD_ENDPOINT_ID"], os.environ["RUNPOD_API_KEY"]
    request = urllib.request.Request(
        f"{BASE}/{endpoint}/batch{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def submit(lines: list[str]) -> str:
    """Sends the lines as one batch; returns its id."""
    batch = call("POST", "", [])["id"]
    requests = [{"input": {"text": line}} for line in lines]
    for first in range(0, len(requests), MOST):
        call("POST", f"/{batch}/requests", {"requests": requests[first : first + MOST]})
    call("POST", f"/{batch}/finalize")
    return str(batch)


def wait(batch: str, pause_s: float = 10.0) -> None:
    """Until every request has ended. There is no state for that: the counts say it."""
    while True:
        told = call("GET", f"/{batch}")
        ended = told["requestCompleted"] + told["requestFailed"]
        print(f"{ended} of {told['requestTotal']}", file=sys.stderr)
        if ended == told["requestTotal"] or told["status"] in ("FAILED", "CANCELLED"):
            return
        time.sleep(pause_s)


def results(batch: str) -> Iterator[dict[str, Any]]:
    """Every request with its output, page by page."""
    offset, more = 0, True
    while more:
        page = call("GET", f"/{batch}/requests?offset={offset}&limit=100")
        yield from page["requests"]
        offset, more = offset + len(page["requests"]), page["hasMore"] and page["requests"]


def main(arguments: list[str]) -> None:
    """Sends the lines of a file and writes what comes of them."""
    if len(arguments) not in (2, 3):
        sys.exit(__doc__)
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        sys.exit(f"{' and '.join(missing)} must be set.\n\n{__doc__}")
    texts = [line for line in Path(arguments[0]).read_text("utf-8").splitlines() if line.strip()]
    name = submit(texts)
    wait(name, *map(float, arguments[2:]))
    with Path(arguments[1]).open("w", encoding="utf-8") as file:
        for result in results(name):
            file.write(json.dumps(result, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (OSError, ValueError) as error:  # no such file; RunPod refuses or cannot be reached
        sys.exit(str(error))
