"""Puts load on an endpoint and says what it did: latencies, throughput, failures, cost.

    python -m tools.load --endpoint https://api.runpod.ai/v2/ID --jobs 200 --rate 5 --gpu-price 1.2
    python -m tools.load --local --jobs 50 --rate 0

`--endpoint` uses a real endpoint, which costs money: the API key is `--api-key` or the variable
RUNPOD_API_KEY, Ctrl-C cancels what was not finished. Results go where the endpoint stores them,
below `load/`. `--local` needs the whole checkout: it starts `standins.platform` and workers with
the demo model and temporary storage; jobs have few steps unless `--input` says otherwise. It shows
the plumbing, not what a GPU does. Exit code: 0 when every job succeeded, 1 when one failed, 2 when
nothing could be measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tools.load.client import Endpoint, Outcome, Refused
from tools.load.jobs import DEFAULT, LOCAL, arrivals, inputs
from tools.load.report import report, table


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the load of the command line; returns the exit code."""
    options = _options(arguments)
    try:
        with contextlib.ExitStack() as stack:
            if options.local:
                from tools.load.local import local_endpoint

                options.endpoint, options.api_key = stack.enter_context(
                    local_endpoint(options.workers)
                )
            outcomes, span_s = asyncio.run(_measure(options))
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; unfinished jobs were cancelled\n")
        return 2
    found = report(outcomes, span_s, options.workers, options.gpu_price)
    found = {"endpoint": options.endpoint, "rate": options.rate, "seed": options.seed, **found}
    sys.stdout.write(json.dumps(found) + "\n" if options.json else table(found))
    return 1 if found["failed"] else 0


async def _measure(options: argparse.Namespace) -> tuple[list[Outcome], float]:
    """The outcomes of the jobs that count, and the seconds from the first arrival to the last end.

    Raises:
        Refused: the endpoint or the key is wrong, or nobody answers.
    """
    count = options.jobs
    jobs = inputs(options.input, options.seed, options.warm_up + count)
    async with Endpoint(options.endpoint, options.api_key, options.timeout) as endpoint:
        warm_up = [endpoint.run(job, due_s=endpoint.now()) for job in jobs[: options.warm_up]]
        for outcome in await asyncio.gather(*warm_up):
            if outcome.error_code:
                sys.stderr.write(f"a warm-up job failed: {outcome.error_code}\n")
        start = endpoint.now()
        due = [start + after_s for after_s in arrivals(options.rate, options.seed, count)]
        tasks = [
            asyncio.create_task(endpoint.run(job, due_s=due_s))
            for job, due_s in zip(jobs[options.warm_up :], due, strict=True)
        ]
        try:
            outcomes = await _watched(tasks)
        finally:
            for task in tasks:
                task.cancel()
        return outcomes, max(outcome.ended_s for outcome in outcomes) - start


async def _watched(tasks: Sequence[asyncio.Task[Outcome]]) -> list[Outcome]:
    """What the tasks return, in their order; on a terminal a bar shows how many have ended."""
    failed = 0
    with tqdm(total=len(tasks), unit="job", disable=None) as bar:
        for task in asyncio.as_completed(tasks):
            failed += (await task).error_code is not None
            bar.set_postfix(failed=failed, refresh=False)
            bar.update()
    return [task.result() for task in tasks]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.load",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--endpoint", help="https://api.runpod.ai/v2/ID")
    where.add_argument("--local", action="store_true", help="a local platform and worker")
    # The one place outside worker/settings/load.py that reads the environment: this is a client.
    parser.add_argument(
        "--api-key", default=os.environ.get("RUNPOD_API_KEY", ""), help="or RUNPOD_API_KEY"
    )
    parser.add_argument("--jobs", type=_positive, default=50, help="how many count (50)")
    parser.add_argument(
        "--rate", type=_not_negative, default=0.0, help="jobs a second, Poisson; 0: all at once"
    )
    parser.add_argument("--warm-up", type=int, default=2, help="jobs before, not counted (2)")
    parser.add_argument("--seed", type=int, default=0, help="of texts and arrivals (0)")
    parser.add_argument(
        "--input",
        type=_template,
        help="JSON file with the fields every job has; without `text` or `segments` texts of "
        "mixed length are filled in",
    )
    parser.add_argument("--workers", type=_positive, default=1, help="busy workers (1)")
    parser.add_argument("--gpu-price", type=_not_negative, help="of one worker, $ an hour")
    parser.add_argument("--timeout", type=_not_negative, default=600.0, help="of a job, s (600)")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    options = parser.parse_args(arguments)
    if options.endpoint and not options.api_key:
        parser.error("no API key: set RUNPOD_API_KEY or pass --api-key")
    if options.input is None:
        options.input = LOCAL if options.local else DEFAULT
    return options


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1: {text}")
    return value


def _not_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number from 0 on: {text}")
    return value


def _template(name: str) -> dict[str, Any]:
    """A job file: `{"input": {...}}` or the input alone."""
    try:
        found = json.loads(Path(name).read_text())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"cannot read {name}: {error}") from None
    found = found.get("input", found) if isinstance(found, dict) else found
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f"{name} must hold a JSON object")
    return found


if __name__ == "__main__":
    sys.exit(main())
