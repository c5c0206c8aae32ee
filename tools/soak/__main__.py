"""Puts two workers through what production does to them, and checks every job and every byte.

    python -m tools.soak                          2,000 jobs, a tiny random model
    python -m tools.soak --jobs 200 --model demo

Real `handler.py` processes with RunPod's own loop take mixed jobs (good, bad, cancelled, handed out
twice, long, all formats) from the local platform, and store into the strict S3 server. Meanwhile S3
fails now and then, the platform loses answers and says nonsense, one worker is killed (kill -9) or
stopped (SIGTERM) in the midst of its jobs and replaced; the other one lives throughout, so that its
memory and descriptors can be watched. Counts go to bench/results/DATE-soak-MODEL.json.

Exit code: 0 when everything held, 1 for any violation; 2 when the soak could not be run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standins.measured import RESULTS, machine
from tools.soak.checks import violations
from tools.soak.run import Outcome, soak
from tools.soak.workers import Sample

_SHOWN = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the soak of the command line; returns the exit code."""
    options = _options(arguments)
    say = sys.stderr.write if sys.stderr.isatty() else lambda _: None
    strikes = options.jobs // 100 if options.strikes is None else options.strikes
    try:
        outcome = soak(
            options.jobs,
            options.seed,
            model=options.model,
            strikes=strikes,
            feed_s=60 * options.minutes,
            say=say,
        )
    except TimeoutError as stuck:
        sys.stderr.write(f"\nviolation: {stuck}\n")
        return 1
    except RuntimeError as error:
        sys.stderr.write(f"\n{error}\n")
        return 2
    broken = outcome.faults + violations(outcome.after)
    found = figures(outcome, options.model, options.seed, broken)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    for line in broken[:_SHOWN]:
        sys.stderr.write(f"violation: {line}\n")
    if options.logs:
        options.logs.mkdir(parents=True, exist_ok=True)
        for pod, text in outcome.after.logs.items():
            (options.logs / f"{pod}.log").write_text(text)
    if options.keep:
        path = RESULTS / f"{found['date']}-soak-{options.model}.json"
        path.write_text(json.dumps(found, indent=2) + "\n")
    return 1 if broken else 0


def figures(outcome: Outcome, model: str, seed: int, broken: Sequence[str]) -> dict[str, Any]:
    """What was done and found, for people and for bench/results."""
    samples = outcome.after.samples
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "model": model,
        "seed": seed,
        "seconds": round(outcome.seconds, 1),
        **outcome.counts,
        **dict(sorted(outcome.after.counts.items())),
        "violations": list(broken[:_SHOWN]),
        "worker that lived throughout": [_shown(samples[i]) for i in _spread(len(samples))],
    }


def _shown(sample: Sample) -> dict[str, int]:
    return {
        "jobs": sample.jobs,
        "rss_mib": sample.rss_bytes >> 20,
        "descriptors": sample.descriptors,
        "threads": sample.threads,
    }


def _spread(count: int, most: int = 9) -> list[int]:
    """Up to `most` positions of `count`, evenly, the last one included."""
    return sorted({(count - 1) * i // (most - 1) for i in range(most)}) if count else []


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--jobs", type=int, default=2000, help="how many (2000)")
    parser.add_argument("--seed", type=int, default=0, help="of jobs and faults (0)")
    parser.add_argument(
        "--model", default="tiny", help="tiny: a random checkpoint, fast (default); demo; a path"
    )
    parser.add_argument(
        "--strikes", type=int, help="how often a worker is killed or stopped (one in 100 jobs)"
    )
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="no job is begun after so long (60)"
    )
    parser.add_argument("--logs", type=Path, help="folder for the workers' logs")
    parser.add_argument(
        "--no-results", dest="keep", action="store_false", help="write no file to bench/results"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
