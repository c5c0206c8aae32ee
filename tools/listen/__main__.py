"""The tables: `python -m tools.listen [--limit N] [--nfe N] [--write FILE] [--sounds FOLDER]`.

Needs the recogniser of requirements/listen.txt. The demo gets words wrong by itself, and so does
the recogniser: figures count beside each other only.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tools.listen.cases import cases
from tools.listen.measure import WAYS, Score, measure
from worker.quality.recogniser import Moonshine


def main() -> None:
    """Speaks, listens and prints."""
    parser = argparse.ArgumentParser(prog="python -m tools.listen", description=__doc__)
    parser.add_argument("--limit", type=int, help="cases of each group; all if left out")
    parser.add_argument("--nfe", type=int, default=16, help="function evaluations")
    parser.add_argument("--write", type=Path, help="a JSON file for what was heard of each case")
    parser.add_argument("--sounds", type=Path, help="a folder for the sounds, named in that file")
    options = parser.parse_args()
    recogniser = Moonshine()

    def listen(samples: np.ndarray) -> str:
        return " ".join(word.text for word in recogniser.recognise(samples))

    chosen = list(cases(options.limit))
    found: dict[str, dict[str, Score]] = {}
    heard: dict[str, object] = {}
    for way, fields in WAYS.items():
        keep = options.sounds / way if options.sounds else None
        found[way], heard[way] = measure(listen, chosen, fields, options.nfe, keep)
    sys.stdout.write(table(found))
    if options.write:
        options.write.write_text(json.dumps(heard, indent=1, ensure_ascii=False) + "\n")


def table(found: Mapping[str, Mapping[str, Score]]) -> str:
    """The scores as Markdown."""
    lines = [
        "| what is said | way | cases | all right | words wrong | first lost | last lost | s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    groups = list(next(iter(found.values())))
    for group in groups:
        for way, scores in found.items():
            score = scores[group]
            lines.append(
                f"| {group} | {way} | {score.cases} | {score.nothing_wrong} | "
                f"{score.error_rate:.0%} | {score.first_lost} | {score.last_lost} | "
                f"{score.seconds:.1f} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
