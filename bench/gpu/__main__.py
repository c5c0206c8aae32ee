"""`make bench-gpu`: the engine on a GPU against f5-tts's `infer_process` in fp16, one command.

Published size, random weights, the same files and texts on both sides. Results go to
bench/results/DATE-gpu-NAME.json after every case, and what they mean to docs/bench-gpu.md. About
five minutes on an H100. Without a GPU every part is rehearsed on the CPU with a tiny model: that
shows that it runs; nothing of it is a figure, and the page stays as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from bench.full_size import CACHE
from bench.gpu import options, passes, precision, ready, speed
from bench.gpu.page import write_page
from bench.gpu.report import Report, add
from bench.gpu.setting import REHEARSAL, Scale, Setting, say
from standins.measured import RESULTS

PARTS: dict[str, tuple[str, Callable[[Setting], dict[str, object]]]] = {
    "against": ("jobs in flight and steps, against infer_process in fp16", speed.against),
    "shares": ("where a step's time goes, launches, host against device", passes.shares),
    "options": ("the engine's options on and off", options.options),
    "budgets": ("frames that one pass may hold", speed.budgets),
    "lengths": ("the first pass of a new length against the second", passes.lengths),
    "ready": ("a fresh process to the first speech", ready.starts),
    # Last: a model on the CPU changes how this process keeps its memory.
    "precision": ("mel error of fp16 and bf16 to fp32", precision.errors),
}


def main(argv: list[str] | None = None, cache: Path = CACHE) -> int:
    """Runs every part, or those named; returns the exit code: 1 when a part failed."""
    options = _parser().parse_args(argv)
    if options.add:
        for path in options.add:
            say(f"added to {add(path, options.out)}")
    if options.page or options.add:
        say(f"wrote {write_page(options.out)}")
        return 0
    on_gpu = torch.cuda.is_available() and not options.rehearse
    setting = Setting("cuda" if on_gpu else "cpu", Scale() if on_gpu else REHEARSAL, cache)
    if not on_gpu:
        say(
            "REHEARSAL on the CPU with a tiny model: it shows that the parts run. No figure counts."
        )
    report = Report.of(options.out, on_gpu=on_gpu, label=options.label)
    failed = [name for name in options.only or PARTS if not _measure(name, setting, report)]
    say(f"results: {report.path}")
    if on_gpu and options.out == RESULTS:
        say(f"wrote {write_page(options.out)}")
    return 1 if failed else 0


def _measure(name: str, setting: Setting, report: Report) -> bool:
    """One part, kept at once; whether it went through."""
    title, run = PARTS[name]
    say(f"{name}: {title}")
    started, found = time.perf_counter(), dict[str, object]()

    def keep(so_far: dict[str, object]) -> None:
        found.update(so_far)
        report.keep(name, found, time.perf_counter() - started)

    setting.keep = keep
    try:
        keep(run(setting))
    except Exception as exc:  # a part that fails must not cost the others
        keep({"error": f"{type(exc).__name__}: {exc}"})
        say(f"  FAILED, {found['error']}")
    say(f"  {name} took {time.perf_counter() - started:.0f} s")
    return "error" not in found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.gpu", description=str(__doc__).partition("\n")[0])
    parser.add_argument(
        "--only", nargs="+", choices=list(PARTS), metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    parser.add_argument(
        "--label", default="", help="goes into the file's name, to compare versions"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument(
        "--rehearse", action="store_true", help="on the CPU although there is a GPU"
    )
    parser.add_argument(
        "--add",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="results of another machine, or of parts",
    )
    parser.add_argument("--page", action="store_true", help="only write docs/bench-gpu.md again")
    return parser


if __name__ == "__main__":
    sys.exit(main())
