"""Simulates an endpoint under load: latency, workers and cost for a setting, or a row of settings.

    python -m tools.simulate --per-minute 60 --concurrency 32
    python -m tools.simulate --vary concurrency=1,8,32 --max-workers 3
    python -m tools.simulate --model measured.json --gpu H200 --json

Unless a --model with measured figures is given, the GPU's speed is ASSUMED, so the figures compare
settings and do not predict a bill; docs/scaling.md says what is assumed and how to measure.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np

from tools.simulate.fleet import FleetConfig, Scaler, simulate
from tools.simulate.load import Lengths, Load, make_jobs
from tools.simulate.report import PRICES, Report, report, table
from tools.simulate.service import ServiceModel, assumed, read_model
from worker.request.speech import QUALITY_STEPS

CHOICES = {"scaler": get_args(Scaler), "lengths": get_args(Lengths), "quality": (*QUALITY_STEPS,)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, or JSON; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        varied, values = _varied(options.vary)
        rows = [(value, _run(_with(parser, arguments, varied, value))) for value in values]
        source = _service(options).source
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if options.json:
        runs = [{"value": value, **asdict(figures)} for value, figures in rows]
        sys.stdout.write(json.dumps({"source": source, "varied": varied, "runs": runs}) + "\n")
    else:
        sys.stdout.write(f"{table(varied, rows)}\n\n{source}\n")
    return 0


def _run(options: argparse.Namespace) -> Report:
    load, fleet = _part(Load, options), _part(FleetConfig, options)
    _check(load, fleet)
    jobs = make_jobs(load, np.random.default_rng(options.seed))
    price = PRICES[options.gpu] if options.price is None else options.price
    return report(simulate(jobs, fleet, _service(options)), price)


def _service(options: argparse.Namespace) -> ServiceModel:
    model = read_model(options.model) if options.model else assumed()
    return model.at_steps(QUALITY_STEPS[options.quality])


def _check(load: Load, fleet: FleetConfig) -> None:
    if load.per_minute <= 0 or load.minutes <= 0 or load.chars_mean <= 0 or load.chars_per_s <= 0:
        raise ValueError("--per-minute, --minutes, --chars-mean, --chars-per-s must be above 0.")
    if fleet.concurrency < 1 or fleet.max_workers < max(1, fleet.min_workers):
        raise ValueError("--concurrency and --max-workers must be at least 1, and max >= min.")
    if fleet.scaler_value <= 0:
        raise ValueError("--scaler-value must be above 0.")


def _varied(text: str | None) -> tuple[str, list[str]]:
    """`name=a,b,c` to the option and its values; without it one run."""
    if text is None:
        return "run", ["1"]
    name, _, values = text.partition("=")
    if not values:
        raise ValueError("--vary needs NAME=VALUE,VALUE, for example concurrency=1,8,32.")
    return name, values.split(",")


def _with(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None, name: str, value: str
) -> argparse.Namespace:
    """The options with one of them set to another value, checked as if typed."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return parser.parse_args(given if name == "run" else [*given, f"--{name}", value])


def _part(kind: type[Any], options: argparse.Namespace) -> Any:
    return kind(**{item.name: getattr(options, item.name) for item in fields(kind)})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.simulate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for kind in (Load, FleetConfig):
        group = parser.add_argument_group(kind.__name__, (kind.__doc__ or "").split("\n")[0])
        hints = get_type_hints(kind)
        for item in fields(kind):
            _add(group, item.name, hints[item.name], item.default)
    run = parser.add_argument_group("run")
    run.add_argument("--quality", choices=CHOICES["quality"], default="best")
    run.add_argument("--gpu", choices=tuple(PRICES), default="4090", help="for its price only")
    run.add_argument("--price", type=float, help="dollars per second of a worker, instead of --gpu")
    run.add_argument("--model", type=Path, help="measured costs; see tools/simulate/service.py")
    run.add_argument("--vary", metavar="NAME=VALUES", help="one row for each value of an option")
    run.add_argument("--seed", type=int, default=1)
    run.add_argument("--json", action="store_true")
    return parser


def _add(group: Any, name: str, kind: Any, default: object) -> None:
    option = f"--{name.replace('_', '-')}"
    if name in CHOICES:
        group.add_argument(option, dest=name, choices=CHOICES[name], default=default)
    else:
        group.add_argument(option, dest=name, type=kind, default=default, help=f"({default})")


if __name__ == "__main__":
    sys.exit(main())
